"""fuse() from end to end on scripted models; the real ones are in tests/tiny and tests/kernel."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import pytest

from fusion_magics.backends.scripted import Script
from fusion_magics.errors import NoAnswerError, UsageError
from fusion_magics.fusion import fuse
from fusion_magics.types import Fusion, Message, Prompt, SamplingParams


def scoring(prompt: Prompt, params: SamplingParams) -> str:
    score = 9 if "Answer: yes" in prompt.text else 1
    return json.dumps({"check": "", "rationale": f"worth {score}", "score": score})


@pytest.fixture(autouse=True)
def _judge(scripts: dict[str, Script]) -> None:
    scripts["judge"] = Script(scoring)


async def ask(
    prompt: str = "q?", pool: str = "scripted:no,scripted:yes", **options: object
) -> Fusion:
    return await fuse(prompt, pool=pool, judge="scripted:judge", **options)  # type: ignore[arg-type]


async def test_best_of_over_a_pool_with_a_failure() -> None:
    fusion = await ask(pool="scripted:no,scripted:broken,scripted:yes")
    assert fusion.text == str(fusion) == "Yes.\nAnswer: yes"
    assert fusion.pool == ("scripted:no", "scripted:broken", "scripted:yes")
    assert [c.member for c in fusion.candidates] == ["scripted:no", "scripted:yes"]
    assert [f.member for f in fusion.failures] == ["scripted:broken"]
    assert fusion.judgment is not None
    assert fusion.judgment.best == 1
    assert len(fusion.calls) == 5
    assert fusion.usage.completion_tokens == sum(c.usage.completion_tokens for c in fusion.timeline)


async def test_the_result_does_not_depend_on_pool_order() -> None:
    pools = ["scripted:no,scripted:yes,scripted:echo", "scripted:echo,scripted:yes,scripted:no"]
    for mode in ("best-of", "vote"):
        texts = {(await ask(pool=pool, mode=mode)).text for pool in pools}
        assert len(texts) == 1


async def test_json_gives_the_same_fusion_back() -> None:
    fusion = await ask(system="be kind", seed=3)
    assert Fusion.from_json(fusion.to_json()) == fusion
    with pytest.raises(UsageError, match=r"to_json\(\) writes one"):
        Fusion.from_json('{"text": 1}')


async def test_half_a_character_is_replaced_and_saved() -> None:
    fusion = await ask("half \ud83d?")
    assert fusion.prompt.text == "half ??"
    assert Fusion.from_json(fusion.to_json()) == fusion


async def test_a_fusion_cannot_be_changed() -> None:
    fusion = await ask()
    with pytest.raises(dataclasses.FrozenInstanceError):
        fusion.text = "other"  # type: ignore[misc]


async def test_the_frame_has_one_row_per_member() -> None:
    frame = (await ask(pool="scripted:no,scripted:broken,scripted:yes")).to_frame()
    assert list(frame["member"]) == ["scripted:no", "scripted:yes", "scripted:broken"]
    assert list(frame["score"][:2]) == [1, 9]
    assert "3 words" in frame["failure"][2]


async def test_no_answer_at_all_says_why_for_each() -> None:
    with pytest.raises(NoAnswerError) as error:
        await ask(pool="scripted:broken*2")
    assert str(error.value).count("broke off after 3 words") == 2
    assert len(error.value.failures) == 2


async def test_cut_answers_are_noted() -> None:
    fusion = await ask(pool="scripted:yes@max_tokens=1,scripted:no")
    assert fusion.notes == ("Cut at the token limit: scripted:yes.",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "  \n"}, ["empty"]),
        (
            {"prompt": Prompt((Message("tool", "4"), Message("user", "hi")))},
            ["no role 'tool'", "assistant"],
        ),
        ({"mode": "best"}, ["mode 'best'", "Did you mean best-of?"]),
        ({"protocol": "pointwize"}, ["Did you mean pointwise?"]),
        ({"temperature": -1.0}, ["temperature is -1.0"]),
        ({"max_tokens": 0}, ["max_tokens is 0"]),
        ({"seed": -1}, ["seed is -1"]),
        ({"pool": "openia:gpt"}, ["openia"]),
    ],
)
async def test_bad_input_is_named_with_its_cure(
    options: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(UsageError) as error:
        await ask(**options)  # type: ignore[arg-type]
    for word in words:
        assert word in str(error.value)


async def test_sampling_options_reach_every_member(scripts: dict[str, Script]) -> None:
    scripts["params"] = Script(lambda _, p: f"{p.temperature} {p.top_p} {p.max_tokens} {p.seed}")
    fusion = await ask(pool="scripted:params", temperature=0.5, top_p=0.9, max_tokens=77, seed=5)
    assert fusion.text == "0.5 0.9 77 5"


async def test_stopping_keeps_what_has_arrived(scripts: dict[str, Script]) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)
    task = asyncio.create_task(ask(pool="scripted:yes,scripted:endless"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stop:
        await task
    fusion = stop.value.fusion  # type: ignore[attr-defined]
    assert fusion.text == ""
    assert [c.text for c in fusion.candidates] == ["Yes.\nAnswer: yes"]
    (failure,) = fusion.failures
    assert (failure.member, failure.kind) == ("scripted:endless", "cancelled")
    assert failure.partial.startswith("word word")
    assert fusion.judgment is None
