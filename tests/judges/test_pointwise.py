"""The pointwise judge: blind, fenced, validated, asked once more, never guessed."""

from __future__ import annotations

import asyncio
import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import Asking, fence, fence_for, fenced
from fusion_magics.asking.reply import read, schema_of
from fusion_magics.backends import open_model
from fusion_magics.backends.scripted import Script
from fusion_magics.errors import ModelError
from fusion_magics.judges.pointwise import Pointwise, Reply, pointwise_prompt, rank
from fusion_magics.pool import Recorder
from fusion_magics.types import (
    Candidate,
    Judgment,
    Message,
    Prompt,
    SamplingParams,
    Timing,
    Usage,
    Verdict,
    Wording,
)


def candidate(text: str, member: str = "m") -> Candidate:
    return Candidate(member, text, Usage(), "stop", Timing(0.0))


def reply(score: object, **more: object) -> str:
    return json.dumps({"check": "c", "rationale": "r", "score": score, **more})


async def judge(
    scripts: dict[str, Script], script: Script, *texts: str, seed: int = 0
) -> tuple[Judgment, Recorder]:
    scripts["judge"] = script
    recorder = Recorder()
    judging = Pointwise(Asking(open_model("scripted", "judge"), recorder.ask, seed))
    members = [candidate(t, f"secret-name-{i}") for i, t in enumerate(texts)]
    return await judging(Prompt.of("question?"), members), recorder


async def test_scores_rank_and_ties(scripts: dict[str, Script]) -> None:
    def score(prompt: Prompt, params: SamplingParams) -> str:
        return reply(9 if "good" in prompt.text else 2)

    judgment, _ = await judge(scripts, Script(score), "good 1", "bad", "good 2")
    assert [v.score for v in judgment.verdicts] == [9, 2, 9]
    assert [v.rank for v in judgment.verdicts] == [1, 3, 1]
    assert judgment.ties == (0, 2)
    assert judgment.judge == "scripted:judge"
    assert judgment.verdicts[0].rationale == "r"
    assert judgment.verdicts[0].working == "c"


async def test_the_judge_never_learns_who_wrote_what(scripts: dict[str, Script]) -> None:
    seen: list[Prompt] = []

    def look(prompt: Prompt, params: SamplingParams) -> str:
        seen.append(prompt)
        return reply(5)

    await judge(scripts, Script(look), "a", "b", "c")
    assert len(seen) == 3
    assert not any("secret-name" in m.content for p in seen for m in p.messages)


async def test_the_order_is_shuffled_by_the_seed_and_recorded(scripts: dict[str, Script]) -> None:
    orders = set()
    for seed in range(8):
        met: list[str] = []

        def note(prompt: Prompt, params: SamplingParams, met: list[str] = met) -> str:
            met.append(re.findall(r"text-(\d)", prompt.text)[0])
            return reply(5)

        judgment, _ = await judge(scripts, Script(note), "text-0", "text-1", "text-2", seed=seed)
        assert tuple(map(int, met)) == judgment.order
        orders.add(judgment.order)
    assert len(orders) > 1


async def test_an_unreadable_reply_is_asked_for_once_more_with_the_error(
    scripts: dict[str, Script],
) -> None:
    prompts: list[Prompt] = []

    def second_time(prompt: Prompt, params: SamplingParams) -> str:
        prompts.append(prompt)
        return reply(8) if len(prompts) == 2 else reply(11)

    judgment, recorder = await judge(scripts, Script(second_time), "a")
    assert judgment.verdicts[0].score == 8
    assert len(recorder.calls) == 2
    assert prompts[1].messages[-2] == Message("assistant", reply(11))
    assert "score" in prompts[1].messages[-1].content


async def test_a_twice_unreadable_reply_is_reported_not_guessed(scripts: dict[str, Script]) -> None:
    judgment, recorder = await judge(scripts, Script("I give it 9 of 10."), "a", "b")
    assert len(recorder.calls) == 4
    for verdict in judgment.verdicts:
        assert verdict.score is None
        assert "twice" in verdict.error


async def test_an_unreadable_reply_is_not_forgotten_where_asking_again_fails(
    scripts: dict[str, Script],
) -> None:
    def once(prompt: Prompt, params: SamplingParams) -> str:
        if len(prompt.messages) > 1:
            raise ModelError("The context is full.", "Ask less.")
        return "I give it a 9."

    judgment, _ = await judge(scripts, Script(once), "a")
    assert "could not be read" in judgment.verdicts[0].error
    assert "context is full" in judgment.verdicts[0].error


async def test_a_judge_that_fails_is_reported(scripts: dict[str, Script]) -> None:
    judgment, _ = await judge(scripts, Script("one two", fail_after=1), "a")
    assert judgment.verdicts[0].score is None
    assert "broke off" in judgment.verdicts[0].error


async def test_no_call_goes_on_after_a_bug_in_another(scripts: dict[str, Script]) -> None:
    def bug(prompt: Prompt, params: SamplingParams) -> str:
        if "first" in prompt.text:
            raise ZeroDivisionError
        return "word " * 100

    scripts["judge"] = Script(bug, gap=0.01)
    recorder = Recorder()
    judging = Pointwise(Asking(open_model("scripted", "judge"), recorder.ask))
    with pytest.raises(ZeroDivisionError):
        await judging(Prompt.of("q"), [candidate("first"), candidate("second")])
    assert {call.state for call in recorder.calls} == {"cancelled"}
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_judge_is_greedy_and_held_to_the_schema(scripts: dict[str, Script]) -> None:
    seen: list[SamplingParams] = []

    def look(prompt: Prompt, params: SamplingParams) -> str:
        seen.append(params)
        return reply(5)

    await judge(scripts, Script(look), "a", seed=4)
    assert (seen[0].temperature, seen[0].seed, seen[0].schema) == (0.0, 4, schema_of(Reply))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "[]",
        reply(11),
        reply(-1),
        reply(7.5),
        reply("7"),
        '{"score": 7}',
        reply(7) + reply(8),
        "Sure! " + reply(7),
        reply(7)[:-3],
        reply(2)[:-1] + ', "score": 9}',
        reply(2)[:-1] + ', "more": ' + "[" * 5000,
    ],
)
def test_replies_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the texts are those of msgspec)
        read(text, Reply)


@pytest.mark.parametrize("form", ["{}", "  {}\n", "```json\n{}\n```", "```\n{}\n```"])
def test_replies_in_a_code_fence_are_read(form: str) -> None:
    assert read(form.replace("{}", reply(7)), Reply) == Reply("c", "r", 7)


def test_the_schema_asks_for_the_reply_in_its_order() -> None:
    fields = [f.name for f in msgspec.structs.fields(Reply)]
    assert list(schema_of(Reply)["properties"]) == schema_of(Reply)["required"] == fields


@given(st.text(), st.text(), st.integers(0, 2**32))
def test_no_text_can_contain_its_own_fence(question: str, answer: str, seed: int) -> None:
    mark = fence_for(question, answer, seed=seed)
    assert re.fullmatch("[0-9a-f]{8}", mark)
    assert mark not in question
    assert mark not in answer
    assert mark == fence_for(question, answer, seed=seed)


def test_a_mark_that_occurs_in_the_text_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    first = fence_for("a")
    digests = iter([first, first, "0123456789"])
    real = fence.hashlib.blake2b

    class Digest:
        """A hash that is broken: it gives what the text already contains."""

        def __init__(self, *args: bytes) -> None:
            self.real = real(*args)
            self.update, self.digest = self.real.update, self.real.digest

        def hexdigest(self) -> str:
            return next(digests)

    monkeypatch.setattr(fence.hashlib, "blake2b", Digest)
    assert fence_for(f"it says {first}") == "01234567"


@pytest.mark.parametrize("wording", ["full", "short"])
@given(answer=st.text())
def test_the_answer_stands_verbatim_between_its_marks_alone(wording: Wording, answer: str) -> None:
    asked = pointwise_prompt(Prompt.of("q"), answer, wording).text
    mark = fence_for(*(["q"] if wording == "full" else []), answer)
    assert fenced(answer, mark) in asked
    assert asked.count(f"</{mark}>") == (2 if wording == "full" else 1)


def test_the_short_wording_is_the_one_the_tiny_judge_learned() -> None:
    asked = pointwise_prompt(Prompt.of("How many?", "Be brief."), "Answer: 3", "short").text
    mark = fence_for("Answer: 3")
    assert asked == f"Check the answer.\nQuestion: How many?\n<{mark}>\nAnswer: 3\n</{mark}>"


def test_the_full_wording_shows_the_whole_conversation() -> None:
    talk = Prompt((Message("system", "S"), Message("user", "U1"), Message("assistant", "A1")))
    asked = pointwise_prompt(talk, "answer", "full").text
    assert "system: S\n\nuser: U1\n\nassistant: A1" in asked


@given(st.lists(st.none() | st.integers(0, 10), min_size=1, max_size=8))
def test_ranks_count_the_better_ones(scores: list[int | None]) -> None:
    ranked = rank([Verdict(i, 0, None if s is None else float(s)) for i, s in enumerate(scores)])
    values = [-1 if s is None else s for s in scores]
    assert [v.rank for v in ranked] == [1 + sum(o > mine for o in values) for mine in values]


def test_model_errors_keep_their_kind() -> None:
    assert ModelError("x", kind="timeout").failure_kind == "timeout"
