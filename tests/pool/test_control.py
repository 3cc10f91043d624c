"""A member, or everything, cancelled while a fusion runs; real engines: tests/local."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from fusion_magics.backends.scripted import Script
from fusion_magics.errors import NoAnswerError, UsageError, kept
from fusion_magics.fusion import fuse
from fusion_magics.pool import Control
from fusion_magics.types import Delta, Failure, Fusion, Prompt, Purpose, SamplingParams

AT_ONCE = 0.5
LONG = "scripted:endless"
YES = "scripted:yes"


def scoring(prompt: Prompt, params: SamplingParams) -> str:
    return json.dumps({"check": "", "rationale": "Right.", "score": 9})


@pytest.fixture(autouse=True)
def _members(scripts: dict[str, Script]) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)
    scripts["reader"] = Script("never", delay=60)
    scripts["judge"] = Script(scoring, wording="short")


class Run:
    """A fusion that runs, and its control."""

    def __init__(self, pool: str = f"{LONG},{YES}", **options: Any) -> None:
        self.control = Control()
        self._more = asyncio.Event()
        self.heard: list[tuple[str, Purpose, Delta]] = []
        options = {"judge": "scripted:judge", "mode": "vote", "control": self.control} | options
        self.task = asyncio.create_task(fuse("q?", pool=pool, watch=self._watch, **options))

    def _watch(self, label: str, purpose: Purpose, delta: Delta) -> None:
        self.heard.append((label, purpose, delta))
        self._more.set()

    async def until(self, seen: Callable[[str, Purpose, Delta], bool]) -> None:
        async with asyncio.timeout(30):
            while not any(seen(*each) for each in self.heard):
                self._more.clear()
                await self._more.wait()

    async def until_writing(self, label: str = LONG) -> None:
        await self.until(lambda who, _, delta: who == label and bool(delta.text))

    async def at_once(self) -> Fusion:
        """What comes of it; nothing outlives it."""
        began = time.perf_counter()
        try:
            return await self.task
        finally:
            assert time.perf_counter() - began < AT_ONCE
            assert asyncio.all_tasks() == {asyncio.current_task()}


def failure(fusion: Fusion, member: str) -> Failure:
    return next(f for f in fusion.failures if f.member == member)


# ── one member ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["vote", "best-of", "merge", "debate"])
async def test_one_that_writes_stops_and_the_others_go_on(mode: str) -> None:
    run = Run(mode=mode)
    await run.until_writing()
    assert run.control.members == (LONG, YES)
    assert run.control.running == (LONG,)
    assert run.control.cancel(LONG)
    fusion = await run.at_once()
    assert fusion.text == "Yes.\nAnswer: yes"
    cancelled = failure(fusion, LONG)
    assert (cancelled.kind, cancelled.retryable) == ("cancelled", True)
    assert cancelled.message == "Cancelled while it was writing."
    assert cancelled.partial.startswith("word")
    assert [c.state for c in fusion.calls if c.label == LONG] == ["cancelled"]
    assert (LONG, "member", Delta(state="cancelled")) in run.heard
    assert not run.control.cancel(LONG)
    assert not run.control.cancel()


async def test_one_that_reads() -> None:
    run = Run(f"scripted:reader,{YES}")
    await run.until(lambda who, _, delta: who == YES and delta.finish is not None)
    assert run.control.cancel("scripted:reader")
    fusion = await run.at_once()
    assert (
        failure(fusion, "scripted:reader").message == "Cancelled while it was reading the prompt."
    )


async def test_one_that_waits_for_budget_gives_its_place_back(scripts: dict[str, Script]) -> None:
    # The prompt reserves 18 tokens and the answer 100: only one call fits at a time.
    run = Run(f"{LONG}*3", budget="200tok", max_tokens=100)
    first, second, third = (f"{LONG}#{i}" for i in (1, 2, 3))
    await run.until_writing(first)
    assert run.control.cancel(second)
    fusion = await run.task
    assert failure(fusion, second).message == "Cancelled while it waited."
    assert failure(fusion, second).partial == ""
    assert {call.label: call.usage.cost for call in fusion.calls}[second] == 0.0
    assert third not in [f.member for f in fusion.failures if f.kind == "cancelled"]


async def test_one_that_was_not_asked_yet_is_never_asked(scripts: dict[str, Script]) -> None:
    each = iter(range(100))
    scripts["wavers"] = Script(lambda *_: f"Answer: {next(each)}", gap=0.1)
    run = Run("scripted:wavers*6", early_stop=True)
    await run.until(lambda who, _, delta: bool(delta.text))
    asked = {who for who, _, _ in run.heard}
    others = set(run.control.members) - asked
    assert len(asked) == 2
    assert all(run.control.cancel(label) for label in others)
    fusion = await run.task
    assert {call.label for call in fusion.calls} == asked
    assert {f.member for f in fusion.failures} == others
    assert {f.message for f in fusion.failures} == {"Cancelled before it was asked."}


async def test_in_a_debate_it_is_not_asked_again(scripts: dict[str, Script]) -> None:
    def reply(prompt: Prompt, params: SamplingParams) -> str:
        return "Answer: 1" if len(prompt.messages) == 1 else "I think " * 500

    scripts["thinks"] = Script(reply, gap=0.01)
    rounds = iter(range(100))
    scripts["wavers"] = Script(lambda *_: f"Answer: {next(rounds)}", delay=0.05)
    run = Run("scripted:thinks,scripted:wavers", mode="debate", rounds=3)
    await run.until(lambda who, _, delta: who == "scripted:thinks" and "think" in delta.text)
    assert run.control.cancel("scripted:thinks")
    fusion = await run.at_once()
    assert len(fusion.rounds) == 4
    states = [call.state for call in fusion.calls if call.label == "scripted:thinks"]
    assert states == ["done", "cancelled"]
    assert [c.member for c in fusion.candidates] == ["scripted:thinks", "scripted:wavers"]
    (in_round_1,), (in_round_2,) = (r.failures for r in fusion.rounds[1:3])
    assert in_round_1.message == "Cancelled while it was writing."
    assert in_round_2.message == "Cancelled before it was asked."


async def test_with_escalate_the_next_is_asked() -> None:
    run = Run(f"{LONG},{YES}", escalate=True)
    await run.until_writing()
    assert run.control.cancel(LONG)
    fusion = await run.at_once()
    assert fusion.text == "Yes.\nAnswer: yes"
    assert [call.label for call in fusion.calls] == [LONG, YES]
    assert failure(fusion, LONG).kind == "cancelled"


async def test_one_that_is_late(scripts: dict[str, Script]) -> None:
    scripts["judge"] = Script(scoring, delay=1.0, wording="short")
    run = Run(f"{LONG},{YES},scripted:no", mode="best-of", deadline=0.2)
    await run.until(lambda _, purpose, delta: purpose == "judge")
    assert run.control.running == (LONG,)
    assert run.control.cancel(LONG)
    await asyncio.sleep(0.1)
    count = sum(who == LONG for who, _, _ in run.heard)
    fusion = await run.task
    assert sum(who == LONG for who, _, _ in run.heard) == count
    assert failure(fusion, LONG).message == "Cancelled while it was writing."
    assert failure(fusion, LONG).partial.startswith("word")


async def test_the_last_one_without_any_answer_is_no_answer() -> None:
    run = Run(f"{LONG},scripted:broken")
    await run.until_writing()
    assert run.control.cancel(LONG)
    with pytest.raises(NoAnswerError) as error:
        await run.at_once()
    assert [f.kind for f in error.value.failures] == ["cancelled", "failed"]
    assert error.value.failures[0].partial.startswith("word")


async def test_nothing_to_cancel_is_a_no_op() -> None:
    run = Run()
    assert not run.control.cancel(LONG), "it has not begun"
    await run.until_writing()
    await run.until(lambda who, _, delta: who == YES and delta.state == "done")
    assert not run.control.cancel(YES)
    assert not run.control.cancel("scripted:nobody")
    assert run.control.cancel(LONG)
    assert not run.control.cancel(LONG)
    fusion = await run.at_once()
    assert [c.member for c in fusion.candidates] == [YES]


async def test_cancelled_at_its_very_end_it_stays_cancelled(scripts: dict[str, Script]) -> None:
    control = Control()

    def watch(label: str, purpose: Purpose, delta: Delta) -> None:
        if label == "scripted:no" and delta.finish:
            assert control.cancel(label)

    fusion = await fuse(
        "q", pool="scripted:no,scripted:yes", judge=YES, mode="vote", control=control, watch=watch
    )
    assert [c.member for c in fusion.candidates] == [YES]
    assert failure(fusion, "scripted:no").kind == "cancelled"


@pytest.mark.parametrize("first", ["member", "task"])
async def test_a_cancelled_task_wins_over_a_cancelled_member(first: str) -> None:
    run = Run()
    await run.until_writing()
    stops = [lambda: run.control.cancel(LONG), run.task.cancel]
    for stop in stops if first == "member" else reversed(stops):
        stop()
    with pytest.raises(asyncio.CancelledError) as stopped:
        await run.at_once()
    assert kept(stopped.value) is not None


async def test_a_control_is_for_one_fusion() -> None:
    control = Control()
    options: dict[str, Any] = {"pool": YES, "judge": YES, "mode": "vote", "control": control}
    await fuse("q", **options)
    with pytest.raises(UsageError, match="belongs to another fusion"):
        await fuse("q", **options)


# ── everything ───────────────────────────────────────────────────────────────────────────────


def check_partial(fusion: Fusion) -> None:
    assert fusion.text == ""
    assert fusion.notes[0] == "Stopped before it was decided; what had arrived is kept."
    assert Fusion.from_json(fusion.to_json()) == fusion


@pytest.mark.parametrize("mode", ["vote", "best-of", "merge", "debate"])
async def test_all_while_members_write_gives_what_has_arrived(mode: str) -> None:
    run = Run(mode=mode)
    await run.until_writing()
    await run.until(lambda who, _, delta: who == YES and delta.state == "done")
    assert run.control.cancel()
    assert not run.control.cancel()
    fusion = await run.at_once()
    check_partial(fusion)
    assert [c.member for c in fusion.candidates] == [YES]
    assert failure(fusion, LONG).kind == "cancelled"
    assert failure(fusion, LONG).partial.startswith("word")
    assert fusion.judgment is None
    assert run.control.running == ()
    assert not run.task.cancelling()


async def test_all_while_the_judge_works_keeps_its_verdicts(scripts: dict[str, Script]) -> None:
    def judge(prompt: Prompt, params: SamplingParams) -> str:
        slow = "No." in prompt.text
        return json.dumps({"check": "x " * 1000 * slow, "rationale": "Right.", "score": 9})

    scripts["judge"] = Script(judge, gap=0.01, wording="short")
    run = Run("scripted:no,scripted:yes", mode="best-of")
    await run.until(lambda _, purpose, delta: purpose == "judge" and delta.state == "done")
    await asyncio.sleep(0.05)
    assert run.control.cancel()
    fusion = await run.at_once()
    check_partial(fusion)
    assert fusion.judgment is not None
    assert not fusion.judgment.decided
    assert [v.score for v in fusion.judgment.verdicts] == [None, 9]


async def test_all_while_a_debate_goes_on_keeps_its_rounds(scripts: dict[str, Script]) -> None:
    rounds = iter(range(100))
    scripts["wavers"] = Script(lambda *_: f"Answer: {next(rounds)}", delay=0.1)
    run = Run("scripted:wavers*2", mode="debate", rounds=10)
    await run.until(lambda *_: len({id(d) for _, _, d in run.heard if d.finish}) > 3)
    assert run.control.cancel()
    fusion = await run.at_once()
    check_partial(fusion)
    assert 1 < len(fusion.rounds) < 10
    assert len(fusion.candidates) == 2


async def test_all_while_one_is_late() -> None:
    run = Run(f"{LONG},{YES},scripted:no", mode="best-of", deadline=0.1, judge="scripted:reader")
    await run.until(lambda _, purpose, delta: purpose == "judge")
    assert run.control.cancel()
    fusion = await run.at_once()
    check_partial(fusion)
    assert [c.member for c in fusion.candidates] == [YES, "scripted:no"]
    assert failure(fusion, LONG).kind == "cancelled"


async def test_all_before_anything_began_asks_nobody() -> None:
    run = Run()
    assert run.control.cancel()
    fusion = await run.at_once()
    check_partial(fusion)
    assert (fusion.calls, fusion.candidates, fusion.failures) == ((), (), ())
    assert run.heard == []


async def test_a_cancelled_task_wins_over_a_cancelled_fusion() -> None:
    for stops in (("control", "task"), ("task", "control")):
        run = Run()
        await run.until_writing()
        for stop in stops:
            run.control.cancel() if stop == "control" else run.task.cancel()
        with pytest.raises(asyncio.CancelledError) as stopped:
            await run.at_once()
        assert kept(stopped.value) is not None


async def test_an_outer_time_limit_still_works() -> None:
    with pytest.raises(TimeoutError) as late:
        async with asyncio.timeout(0.1):
            await fuse("q", pool=LONG, judge=YES, mode="vote", control=Control())
    assert kept(late.value.__cause__) is not None  # type: ignore[arg-type]
