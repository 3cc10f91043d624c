"""Escalation: one answer where the first is sure, two where they agree, else the whole mode."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from fusion_magics.backends import scripted
from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.fusion import fuse
from fusion_magics.modes.cascade import confidence
from fusion_magics.types import (
    Candidate,
    Delta,
    FinishReason,
    Fusion,
    Prompt,
    SamplingParams,
    Timing,
    TokenLogprob,
    Usage,
)


@dataclass(frozen=True)
class Confident(ScriptedModel):
    """A scripted model that gives every word this probability, if it is asked for one."""

    probability: float = 1.0

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        async for delta in super().stream(prompt, params):
            if delta.text and params.logprobs:
                token = TokenLogprob("four", math.log(self.probability))
                delta = Delta(delta.state, delta.text, (token,), delta.finish)
            yield delta


@pytest.fixture(autouse=True)
def _models(scripts: dict[str, Script], monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"sure": 0.98, "unsure": 0.7, "echoing": 0.7, "silent": 0.99}
    replies = {"sure": "So.\nAnswer: 1", "unsure": "Answer: 1", "echoing": "Then: 1\nAnswer: 1"}
    for name in names:
        scripts[name] = Script(replies.get(name, "Answer:"))
    scripts["other"] = Script("Answer: 2")
    plain = scripted.open

    def open_confident(model: str, settings: dict[str, str]) -> ScriptedModel:
        if model in names:
            return Confident(f"scripted:{model}", scripts[model], names[model])
        return plain(model, settings)

    monkeypatch.setattr(scripted, "open", open_confident)


async def ask(pool: str, mode: str = "vote", **options: object) -> Fusion:
    names = ",".join(f"scripted:{name}" for name in pool.split())
    fusion = await fuse("q", pool=names, judge="scripted:echo", mode=mode, escalate=True, **options)  # type: ignore[call-overload]
    assert isinstance(fusion, Fusion)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return fusion


async def test_a_sure_first_member_is_the_only_one_asked() -> None:
    fusion = await ask("sure other other", mode="best-of")
    assert fusion.text == "So.\nAnswer: 1"
    assert len(fusion.calls) == 1
    assert fusion.saved_calls == 5, "two members and three verdicts"
    assert fusion.notes == ("scripted:sure was sure (0.98): 5 calls saved.",)
    assert fusion.pool == ("scripted:sure", "scripted:other#1", "scripted:other#2")


async def test_an_unsure_one_with_whom_the_second_agrees_is_enough() -> None:
    fusion = await ask("unsure echoing other", mode="best-of")
    assert len(fusion.calls) == 2
    assert fusion.saved_calls == 4
    assert fusion.judgment is not None
    assert (fusion.judgment.protocol, fusion.judgment.agreement) == ("vote", 1.0)
    assert "scripted:unsure and scripted:echoing agreed: 4 calls saved." in fusion.notes


async def test_where_two_disagree_the_others_are_asked_and_nobody_twice() -> None:
    fusion = await ask("unsure other other")
    assert fusion.text == "Answer: 2"
    assert [c.label for c in fusion.calls] == list(fusion.pool)
    assert fusion.saved_calls == 0


@pytest.mark.parametrize("first", ["yes", "sure@max_tokens=1", "silent", "broken"])
async def test_who_gives_no_probability_or_no_whole_answer_is_not_sure(first: str) -> None:
    fusion = await ask(f"{first} other other")
    assert len(fusion.calls) == 3
    assert fusion.text == "Answer: 2"


async def test_the_reader_decides_what_agrees(scripts: dict[str, Script]) -> None:
    scripts["long"] = Script("It may be 1, or so")
    assert len((await ask("unsure long other", read="number")).calls) == 2
    assert len((await ask("unsure long other")).calls) == 3


async def test_one_member_alone_is_asked_once() -> None:
    assert len((await ask("unsure")).calls) == 1


async def test_a_late_first_member_is_not_waited_for_again(scripts: dict[str, Script]) -> None:
    scripts["late"] = Script("Answer: 3", delay=0.3)
    fusion = await ask("late other other", deadline=0.1)
    assert fusion.text == "Answer: 2"
    assert [f.kind for f in fusion.failures] == ["late"]
    assert len(fusion.calls) == 3


async def test_it_goes_on_with_any_mode() -> None:
    for mode in ("vote", "debate", "merge", "best-of"):
        assert len((await ask("unsure other other", mode=mode)).calls) > 2


def test_confidence_is_the_same_for_any_vocabulary() -> None:
    def wrote(*tokens: TokenLogprob, reason: FinishReason = "stop") -> Candidate:
        return Candidate("m", "four", Usage(), reason, Timing(0.0), tokens)

    one = wrote(TokenLogprob("four", math.log(0.6)))
    four = wrote(*(TokenLogprob(letter, math.log(0.6) / 4) for letter in "four"))
    assert confidence(one) == pytest.approx(0.6)
    assert confidence(four) == pytest.approx(0.6)
    assert confidence(wrote()) is None
    assert confidence(wrote(TokenLogprob("x", -math.inf))) == 0.0
