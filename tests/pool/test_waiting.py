"""Deadline, quorum, and those who come late."""

from __future__ import annotations

import asyncio
import time

import pytest

from fusion_magics.backends.scripted import Script
from fusion_magics.errors import NoAnswerError
from fusion_magics.members import open_pool
from fusion_magics.pool import Patience, Pool, Recorder, once, waiting
from fusion_magics.types import Answers, Prompt, SamplingParams

Q = Prompt.of("q")


@pytest.fixture(autouse=True)
def _members(scripts: dict[str, Script], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LEAST_GRACE", 0.25)
    scripts["soon"] = Script("soon", delay=0.05)
    scripts["later"] = scripts["later2"] = Script("it comes later", delay=0.5)
    scripts["endless"] = Script("word " * 1000, gap=0.01)


def pool(
    names: str, deadline: float | None = None, quorum: int | None = None, **more: bool
) -> Pool:
    members = open_pool(names, SamplingParams())
    return Pool(members, Recorder().ask, Patience(deadline, quorum, **more))


async def closed(asked: Pool) -> Answers:
    async with asked:
        pass
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return asked.late


def kinds(answers: Answers) -> list[str]:
    return [f"{failure.member.split(':')[1]} {failure.kind}" for failure in answers.failures]


def texts(answers: Answers) -> list[str]:
    return [candidate.text for candidate in answers.candidates]


async def test_after_the_deadline_nobody_is_waited_for() -> None:
    asked = pool("scripted:endless,scripted:yes,scripted:broken,scripted:later", deadline=0.2)
    began = time.perf_counter()
    answers = await asked.answers(Q)
    assert time.perf_counter() - began < 0.45
    assert texts(answers) == ["Yes.\nAnswer: yes"]
    assert kinds(answers) == ["endless late", "broken failed", "later late"]
    assert "within 0.2 s" in answers.failures[0].message
    await asyncio.sleep(0.5)  # while the judge would work
    late = await closed(asked)
    assert texts(late) == ["it comes later"]


async def test_who_breaks_off_late_is_a_failure_of_its_own(scripts: dict[str, Script]) -> None:
    scripts["breaks"] = Script("a b c d", gap=0.12, fail_after=3)
    asked = pool("scripted:yes,scripted:breaks", deadline=0.2)
    await asked.answers(Q)
    await asyncio.sleep(0.5)
    assert kinds(await closed(asked)) == ["breaks failed"]


async def test_a_quorum_goes_on_after_its_grace() -> None:
    asked = pool("scripted:yes,scripted:soon,scripted:endless,scripted:later", quorum=1)
    answers = await asked.answers(Q)
    assert texts(answers) == ["Yes.\nAnswer: yes", "soon"]  # it came within the grace
    assert kinds(answers) == ["endless late", "later late"]
    assert "2 others had given theirs" in answers.failures[0].message
    await closed(asked)


async def test_the_grace_of_a_slow_pool_is_longer(
    monkeypatch: pytest.MonkeyPatch, scripts: dict[str, Script]
) -> None:
    monkeypatch.setattr(waiting, "LEAST_GRACE", 0.0)
    scripts["slower"] = Script("slower", delay=0.53)
    asked = pool("scripted:later,scripted:slower,scripted:endless", quorum=1)
    assert texts(await asked.answers(Q)) == ["it comes later", "slower"]
    await closed(asked)


async def test_failures_make_no_quorum() -> None:
    asked = pool("scripted:broken,scripted:later,scripted:yes", quorum=2)
    assert texts(await asked.answers(Q)) == ["it comes later", "Yes.\nAnswer: yes"]


async def test_the_deadline_goes_before_the_quorum() -> None:
    asked = pool("scripted:yes,scripted:later", deadline=0.2, quorum=2)
    assert texts(await asked.answers(Q)) == ["Yes.\nAnswer: yes"]
    await closed(asked)


async def test_no_answer_within_the_deadline_says_so_for_each() -> None:
    asked = pool("scripted:later,scripted:endless", deadline=0.2)
    with pytest.raises(NoAnswerError) as error:
        await asked.answers(Q)
    assert str(error.value).count("No answer within 0.2 s.") == 2
    assert "longer deadline" in error.value.hint
    await closed(asked)


async def test_cancelling_stops_those_who_are_waited_for_before_it_returns() -> None:
    asked = pool("scripted:endless*3", deadline=60)
    task = asyncio.create_task(asked.answers(Q))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert await closed(asked) == Answers(())


async def test_the_late_ones_may_have_to_stop_at_once() -> None:
    members = "scripted:yes,scripted:later,scripted:later2"
    asked = pool(members, deadline=0.2, stopped=frozenset({"scripted:later"}))
    assert kinds(await asked.answers(Q)) == ["later late", "later2 late"]
    assert len(asyncio.all_tasks()) == 2
    await asyncio.sleep(0.5)
    assert [c.member for c in (await closed(asked)).candidates] == ["scripted:later2"]


async def test_a_part_of_a_pool_shares_who_is_late() -> None:
    whole = pool("scripted:yes,scripted:later", deadline=0.2)
    part = whole.of(whole.members[1:])
    with pytest.raises(NoAnswerError):
        await part.answers(Q)
    await asyncio.sleep(0.5)
    assert texts(await closed(whole)) == ["it comes later"]


async def test_once_asks_nobody_the_same_twice(scripts: dict[str, Script]) -> None:
    recorder = Recorder()
    ask = once(recorder.ask)
    members = open_pool("scripted:yes,scripted:broken,scripted:later", SamplingParams())
    asked = Pool(members, ask, Patience(deadline=0.2))
    first, again = await asked.answers(Q), await asked.answers(Q)
    assert first.candidates == again.candidates
    assert first.failures[0] == again.failures[0]
    assert [(f.member, f.kind) for f in again.failures[1:]] == [("scripted:later", "late")]
    assert len(recorder.calls) == 3
    await asyncio.sleep(0.5)
    third = await asked.answers(Q)
    assert texts(third) == ["Yes.\nAnswer: yes", "it comes later"]
    assert len(recorder.calls) == 3
    await asked.answers(Prompt.of("another"))
    assert len(recorder.calls) == 6
    await closed(asked)


async def test_samples_in_groups_share_one_deadline(scripts: dict[str, Script]) -> None:
    scripts["slowly"] = Script("slowly", delay=0.15)
    asked = pool("scripted:slowly*8", deadline=0.2)
    answers = await asked.answers(Q, lambda given: False)
    assert len(answers.candidates) == 2
    assert [f.kind for f in answers.failures] == ["late"] * 6
    await closed(asked)


async def test_groups_end_with_the_quorum(scripts: dict[str, Script]) -> None:
    asked = pool("scripted:yes*8", quorum=3)
    answers = await asked.answers(Q, lambda given: False)
    assert len(answers.candidates) == 4
    assert [f.kind for f in answers.failures] == ["late"] * 4
