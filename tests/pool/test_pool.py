"""A pool asks all at once; failures are data; cancelling stops everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from fusion_magics.backends.scripted import Script
from fusion_magics.members import open_pool
from fusion_magics.pool import Member, Pool, Recorder
from fusion_magics.seams import Ask
from fusion_magics.types import FREE, Answers, Delta, Prompt, SamplingParams, Usage


async def ask_all(members: Sequence[Member], prompt: Prompt, ask: Ask) -> Answers:
    return await Pool(members, ask).each({member.label: prompt for member in members})


async def ask(pool: str, recorder: Recorder | None = None) -> Answers:
    members = open_pool(pool, SamplingParams())
    return await ask_all(members, Prompt.of("q"), (recorder or Recorder()).ask)


async def test_members_answer_at_the_same_time(scripts: dict[str, Script]) -> None:
    scripts["late"] = Script("one two three", delay=0.3)
    recorder = Recorder()
    answers = await ask("scripted:late*5", recorder)
    assert len(answers.candidates) == 5
    times = [call.timing for call in recorder.calls]
    assert max(t.queued for t in times) < min(t.ended or 0.0 for t in times)


async def test_candidates_and_failures_keep_pool_order(scripts: dict[str, Script]) -> None:
    scripts["late"] = Script("late", delay=0.1)
    answers = await ask("scripted:late,scripted:broken,scripted:yes")
    assert [c.member for c in answers.candidates] == ["scripted:late", "scripted:yes"]
    (failure,) = answers.failures
    assert (failure.member, failure.partial) == ("scripted:broken", "It begins well")
    assert "3 words" in failure.message


async def test_the_timeline_says_when_each_call_did_what(scripts: dict[str, Script]) -> None:
    scripts["late"] = Script("a b c d", delay=0.1, gap=0.02)
    recorder = Recorder()
    (candidate,) = (await ask("scripted:late", recorder)).candidates
    (call,) = recorder.calls
    timing = call.timing
    assert call.state == "done"
    assert timing == candidate.timing
    assert timing.reading is not None
    assert timing.writing is not None
    assert timing.ended is not None
    assert timing.queued <= timing.reading <= timing.writing <= timing.ended
    assert timing.first_token is not None
    assert timing.first_token >= 0.1
    assert timing.seconds >= 0.16
    assert candidate.tokens_per_second == pytest.approx(4 / (timing.ended - timing.writing))


async def test_the_watch_hears_states_and_text_in_order() -> None:
    heard: list[Delta] = []
    await ask("scripted:yes", Recorder(lambda label, purpose, delta: heard.append(delta)))
    states = [d.state for d in heard if d.state]
    assert states == ["reading", "writing", "done"]
    assert "".join(d.text for d in heard) == "Yes.\nAnswer: yes"


async def test_cancelling_stops_every_member(scripts: dict[str, Script]) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)
    recorder = Recorder()
    task = asyncio.create_task(ask("scripted:endless*3", recorder))
    await asyncio.sleep(0.1)
    task.cancel()
    began = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.perf_counter() - began < 5  # they would write for 10 s
    assert [c.state for c in recorder.calls] == ["cancelled"] * 3
    assert asyncio.all_tasks() == {asyncio.current_task()}


class Buggy:
    """A model with a programmer's error."""

    name = "buggy"
    wording = "full"
    price = FREE
    most_tokens: int | None = None
    template_tokens = 0

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        yield Delta(text="x")
        raise ZeroDivisionError("a bug")


class Silent(Buggy):
    """A model whose stream ends without a finish."""

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        yield Delta(text="x")


async def test_a_bug_passes_through_as_itself_and_stops_the_others(
    scripts: dict[str, Script],
) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)
    (other,) = open_pool("scripted:endless", SamplingParams())
    recorder = Recorder()
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await ask_all(
            [Member("buggy", Buggy(), SamplingParams()), other],  # type: ignore[arg-type]
            Prompt.of("q"),
            recorder.ask,
        )
    assert {c.state for c in recorder.calls} == {"cancelled"}


class Cancelling(Buggy):
    """A model whose own cancellation of something inside it gets out."""

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        yield Delta(text="x")
        raise asyncio.CancelledError


async def test_a_model_that_cancels_itself_is_a_failure_and_stops_nobody() -> None:
    (other,) = open_pool("scripted:yes", SamplingParams())
    member = Member("odd", Cancelling(), SamplingParams())  # type: ignore[arg-type]
    recorder = Recorder()
    answers = await ask_all([member, other], Prompt.of("q"), recorder.ask)
    assert [c.member for c in answers.candidates] == ["scripted:yes"]
    assert [(f.member, f.kind, f.partial) for f in answers.failures] == [("odd", "cancelled", "x")]
    assert [c.state for c in recorder.calls] == ["failed", "done"]


async def test_what_had_failed_before_a_stop_keeps_its_cause(scripts: dict[str, Script]) -> None:
    recorder = Recorder()
    task = asyncio.create_task(ask("scripted:broken,scripted:slow,scripted:yes", recorder))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    arrived = recorder.arrived(["scripted:broken", "scripted:slow", "scripted:yes"])
    (broken,) = (await ask("scripted:broken,scripted:yes")).failures
    assert arrived.failures[0] == broken
    assert arrived.failures[1].kind == "cancelled"
    assert [c.member for c in arrived.candidates] == ["scripted:yes"]


async def test_half_a_character_of_a_model_is_replaced(scripts: dict[str, Script]) -> None:
    scripts["half"] = Script("half \ud83d here")
    scripts["breaks"] = Script("half \ud83d here", fail_after=2)
    answers = await ask("scripted:half,scripted:breaks")
    assert answers.candidates[0].text == "half ? here"
    assert answers.failures[0].partial == "half ?"


async def test_a_stream_without_an_end_is_a_failure() -> None:
    member = Member("silent", Silent(), SamplingParams())  # type: ignore[arg-type]
    answers = await ask_all([member], Prompt.of("q"), Recorder().ask)
    assert answers.failures[0].partial == "x"


async def test_a_members_own_system_message_replaces_the_pools(scripts: dict[str, Script]) -> None:
    scripts["system"] = Script(lambda prompt, _: str([m.content for m in prompt.messages]))
    members = open_pool(
        'scripted:system@system="own",scripted:system,scripted:system@system=""', SamplingParams()
    )
    answers = await ask_all(members, Prompt.of("q", "of the pool"), Recorder().ask)
    texts = [c.text for c in answers.candidates]
    assert texts == ["['own', 'q']", "['of the pool', 'q']", "['q']"]


def test_usage_adds_up_and_an_unknown_cost_stays_unknown() -> None:
    known, unknown = Usage(1, 2, 3, 0.5), Usage(1, 2, 3)
    assert known + known == Usage(2, 4, 6, 1.0)
    assert (known + unknown).cost is None


def test_finish_reason_length_is_kept() -> None:
    answers = asyncio.run(ask("scripted:slow@max_tokens=1"))
    assert answers.candidates[0].finish_reason == "length"
