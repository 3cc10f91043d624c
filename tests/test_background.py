"""A fusion that runs in the background: awaited, cancelled, listed; in a kernel: tests/kernel."""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fusion_magics.backends.scripted import Script
from fusion_magics.background import KEPT, Background, Runs, check_loop_goes_on
from fusion_magics.errors import NoAnswerError, UsageError
from fusion_magics.fusion import fuse
from fusion_magics.pool import Control

LONG = "scripted:endless,scripted:yes"


@pytest.fixture(autouse=True)
def _members(scripts: dict[str, Script]) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)


@pytest.fixture
def runs() -> Iterator[Runs]:
    begun = Runs()
    yield begun
    assert begun.running == []


def begin(runs: Runs, pool: str = "scripted:yes", prompt: str = "q?") -> Background:
    control = Control()
    fusing = fuse(prompt, pool=pool, judge="scripted:yes", mode="vote", control=control)
    return runs.begin(prompt, control, fusing)


async def test_it_can_be_awaited_several_times(runs: Runs) -> None:
    run = begin(runs, "scripted:slow@max_tokens=1")
    assert (run.done, run.standing, run.number, run.prompt) == (False, "running", 1, "q?")
    with pytest.raises(UsageError, match="#1 is still running") as early:
        run.result()
    assert "await" in early.value.hint
    one, two = await asyncio.gather(_waited(run), _waited(run))
    assert one is two is await run is run.result()
    assert (run.done, run.standing, one.text) == (True, "done", "one")


async def _waited(run: Background) -> Any:
    return await run


async def test_what_it_raised_is_raised_to_all_who_wait_and_nothing_is_logged(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    run = begin(runs, "scripted:broken")
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            await run
    with pytest.raises(NoAnswerError):
        run.result()
    assert run.standing == "failed"
    begin(runs, "scripted:broken")  # nobody ever asks what became of it
    await asyncio.sleep(0.1)
    runs._runs.clear()
    del run
    gc.collect()
    assert caplog.records == []


async def test_cancelled_it_gives_what_has_arrived(runs: Runs) -> None:
    run = begin(runs, LONG)
    await asyncio.sleep(0.1)
    assert run.answered == (1, 2)
    began = time.monotonic()
    assert run.cancel()
    assert not run.cancel()
    fusion = await run
    assert time.monotonic() - began < 0.5
    assert run.standing == "cancelled"
    assert [c.member for c in fusion.candidates] == ["scripted:yes"]
    assert not run.cancel()
    assert run.answered == (2, 2)


async def test_who_waits_can_stop_waiting_and_the_run_goes_on(runs: Runs) -> None:
    run = begin(runs, "scripted:slow@max_tokens=1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run
    assert not run.done
    assert (await run).text == "one"


async def test_who_waits_to_the_end_stops_it(runs: Runs) -> None:
    run = begin(runs, LONG)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run.to_the_end()
    assert run.standing == "cancelled"


async def test_the_task_is_held(runs: Runs) -> None:
    begin(runs, "scripted:slow@max_tokens=1")
    gc.collect()
    (run,) = runs.running
    assert (await run).text == "one"


async def test_it_shows_itself_in_one_short_line(runs: Runs) -> None:
    prompt = "How many\n\x1b[31mr's \u202eare in " + "strawberry " * 1000 + "\ud83d"
    run = begin(runs, "scripted:yes", prompt)
    assert re.fullmatch(
        r'<fuse #1 running \d\.\d s: "How many \[31mr\'s are in strawberry stra…">', repr(run)
    )
    await run
    assert "done" in repr(run)
    shown = repr(run)
    await asyncio.sleep(0.15)
    assert repr(run) == shown


async def test_the_last_that_ended_are_kept(runs: Runs) -> None:
    long = begin(runs, LONG)
    for _ in range(KEPT + 5):
        await begin(runs)
    await begin(runs)
    kept = [run.number for run in runs]
    assert kept == [1, *range(7, KEPT + 8)]
    long.cancel()
    await long


async def test_closing_stops_all(runs: Runs) -> None:
    several = [begin(runs, LONG) for _ in range(2)]
    await asyncio.sleep(0.05)
    runs.close()
    for run in several:
        with pytest.raises(asyncio.CancelledError):
            await run
    assert asyncio.all_tasks() == {asyncio.current_task()}


class Kernel:
    """A shell of a kernel."""

    kernel = object()


async def test_only_the_loop_of_a_kernel_goes_on() -> None:
    check_loop_goes_on(Kernel())
    with pytest.raises(UsageError, match="goes on after the cell") as error:
        check_loop_goes_on(object())
    assert "Leave --bg out" in error.value.hint
    with pytest.raises(UsageError):
        await asyncio.to_thread(check_loop_goes_on, Kernel())
