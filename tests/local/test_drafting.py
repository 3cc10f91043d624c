"""Drafts looked up in the prompt: found where there are some, and never seen in the text."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from asking import STORIES, ask, llama
from hypothesis import given
from hypothesis import strategies as st
from random_models import Shape, write_folder, write_gguf

from fusion_magics import fuse
from fusion_magics.local import LocalModel, Spec
from fusion_magics.local.drafting import MOST, NEEDLE, Lookup
from fusion_magics.local.engines import CancelFlag, Cancelled, Engine, Slot, llamacpp, mlx
from fusion_magics.members import open_pool
from fusion_magics.types import Delta, Prompt, SamplingParams


def test_what_stands_behind_the_same_tokens_is_the_draft() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert lookup.draft() == []
    lookup.add(3)
    assert lookup.draft() == []  # 9, 3 stands nowhere
    lookup.add(4)
    assert lookup.draft() == [5]
    for token in (5, 6):
        lookup.add(token)
    assert lookup.draft() == [7, 8, 9]  # the longer the copy, the longer the draft
    assert lookup.draft(most=1) == [7]
    assert lookup.draft(most=0) == []


def test_the_longest_agreement_wins() -> None:
    lookup = Lookup([7, 1, 2, 3, 0, 9, 1, 2, 4, 0, 8, 1, 2, 5, 0])
    for token in (9, 1, 2):
        lookup.add(token)
    assert lookup.draft() == [4, 0, 8]


@given(st.lists(st.integers(0, 3), max_size=80))
def test_a_draft_stood_behind_the_same_tokens_before(tokens: list[int]) -> None:
    draft = Lookup(tokens).draft()
    assert len(draft) <= MOST
    if draft:
        end = tokens[-NEEDLE:]
        spots = range(len(tokens) - NEEDLE)
        assert any(
            tokens[at : at + NEEDLE] == end
            and tokens[at + NEEDLE : at + NEEDLE + len(draft)] == draft
            for at in spots
        )


def _engine(tmp_path: Path, kind: str) -> Engine:
    if kind == "stories":
        return llamacpp.load(llama(STORIES).spec, CancelFlag())
    shape = Shape(width=128, inner=256, context=2048, ends=False)
    if kind == "mlx":
        return mlx.load(Spec("mlx", str(write_folder(tmp_path / "m", shape))), CancelFlag())
    return llamacpp.load(llama(write_gguf(tmp_path / "m.gguf", shape)).spec, CancelFlag())


def _text(
    engine: Engine, prompt: Sequence[int], most: int, dice: random.Random | None
) -> list[int]:
    """What is written behind ``prompt``; with ``dice`` drafts are made, half of them wrong."""
    slot = engine.begin(prompt, SamplingParams(), most)
    assert slot is not None
    while not engine.read(slot):
        pass
    written = [_pick(engine, slot)]
    plain = _text(engine, prompt, most, None) if dice else []
    while len(written) < most:
        if dice:
            known = plain[len(written) : len(written) + dice.randrange(1, 8)]
            slot.draft = [t if dice.random() < 0.9 else 5 for t in known][: most - len(written) - 1]
        engine.step([slot])
        written.append(_pick(engine, slot))
        while len(written) < most and engine.follow(slot):
            written.append(_pick(engine, slot))
    engine.end(slot)
    return written


def _pick(engine: Engine, slot: Slot) -> int:
    token = engine.pick(slot)
    assert token is not None
    return token.id


@pytest.mark.parametrize("kind", ["stories", "llamacpp", "mlx"])
def test_a_text_is_the_same_with_drafts_that_are_right_or_wrong(tmp_path: Path, kind: str) -> None:
    engine, dice = _engine(tmp_path, kind), random.Random(0)
    assert engine.drafts
    for number in range(4 if kind == "mlx" else 12):
        prompt = [dice.randrange(32, 127) for _ in range(20 + 9 * number)]
        assert _text(engine, prompt, 60, dice) == _text(engine, prompt, 60, None)


def test_a_step_with_a_draft_can_be_cancelled_and_made_again(tmp_path: Path) -> None:
    flag = CancelFlag()
    engine = llamacpp.load(llama(STORIES).spec, flag)
    prompt = list(range(300, 340))
    plain = _text(engine, prompt, 8, None)
    slot = engine.begin(prompt, SamplingParams(), 8)
    assert slot is not None
    while not engine.read(slot):
        pass
    assert _pick(engine, slot) == plain[0]
    slot.draft = plain[1:4]
    flag.set()
    with pytest.raises(Cancelled):
        engine.step([slot])
    flag.clear()
    engine.step([slot])
    written = [_pick(engine, slot)]
    while engine.follow(slot):
        written.append(_pick(engine, slot))
    assert written == plain[1:5]


@pytest.mark.parametrize("engine", ["llamacpp", "mlx"])
async def test_a_tiny_model_that_copies_writes_the_same_with_drafts(engine: str) -> None:
    (member,) = open_pool(f"tiny:judge@engine={engine}", SamplingParams())
    asked = (
        "Check the answer.\nQuestion: What is 348 + 267?\n<0123abcd>\n600 + 15\n615\n</0123abcd>"
    )
    plain, drafted = [
        (await ask(member.model, asked, max_tokens=200, lookup=lookup)).text  # type: ignore[arg-type]
        for lookup in (False, True)
    ]
    assert drafted == plain != ""


async def test_merge_and_debate_ask_for_drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The aggregator, and members that revise; neither members at first, nor who only scores."""
    seen: list[tuple[str, bool]] = []
    stream = LocalModel.stream

    async def noted(
        model: LocalModel, prompt: Prompt, params: SamplingParams
    ) -> AsyncIterator[Delta]:
        seen.append((model.name, params.lookup))
        async for delta in stream(model, prompt, params):
            yield delta

    monkeypatch.setattr(LocalModel, "stream", noted)
    question = "Two things: What is 348 + 267? And how many r's are in strawberry?"
    for mode in ("merge", "debate"):
        await fuse(question, pool="tiny:sums,tiny:words", mode=mode, rounds=1, max_tokens=60)
    judge = [lookup for name, lookup in seen if name == "tiny:judge"]
    members = [lookup for name, lookup in seen if name != "tiny:judge"]
    assert judge[:2] == [True, True]
    assert not any(judge[2:])
    assert members == [False] * 4 + [True] * 2
