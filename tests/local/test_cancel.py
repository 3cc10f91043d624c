"""Stopping a call stops the engine itself, and leaves a model that is as good as new."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import psutil
import pytest
from asking import ask, child_pid, cpu_share, stop_while

from fusion_magics.local import LocalModel, registry, unload
from fusion_magics.types import Prompt, SamplingParams

LONG = "All work and no play makes Jack a dull boy. " * 88  # 3,872 tokens: seconds to read


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other work on the machine would make two threads wait for each other, and blur the clock."""
    monkeypatch.setattr(registry, "usable_cores", lambda: 1)


async def seconds_until_served(model: LocalModel) -> float:
    """How long the next call waits for the engine."""
    began = time.monotonic()
    async with aclosing(model.stream(Prompt.of("x"), SamplingParams(max_tokens=1))) as deltas:
        async for delta in deltas:
            if delta.state == "reading":
                return time.monotonic() - began
    raise AssertionError("it never read")


@pytest.mark.parametrize("engine", ["slow", "mlx_steady"])
@pytest.mark.parametrize("state", ["reading", "writing"])
async def test_a_cancel_stops_the_engine(
    request: pytest.FixtureRequest, engine: str, state: str
) -> None:
    model = request.getfixturevalue(engine)
    fresh = (await ask(model, "hello")).text
    pid = child_pid(model)
    await stop_while(model, LONG if state == "reading" else "hello", state)
    assert await seconds_until_served(model) < 0.5
    assert (await ask(model, "hello")).text == fresh
    assert child_pid(model) == pid  # the model stayed loaded
    await stop_while(model, LONG if state == "reading" else "hello", state)
    await asyncio.sleep(0.5)
    assert cpu_share(pid) < 0.1


async def test_what_was_read_before_a_cancel_is_kept(steady: LocalModel) -> None:
    await ask(steady, "x", max_tokens=1)
    await stop_while(steady, LONG, "reading", after=0.2)
    again = await ask(steady, LONG, max_tokens=5)
    assert 128 <= again.finish.usage.cached_tokens < 3800  # it was stopped, and not before it began
    unload()
    assert (await ask(steady, LONG, max_tokens=5)).text == again.text


async def test_a_call_that_waits_can_be_cancelled(slow: LocalModel) -> None:
    running = asyncio.create_task(ask(slow, "hello", max_tokens=50))
    await asyncio.sleep(0.2)
    busy = psutil.Process(child_pid(slow))
    waiting = asyncio.create_task(ask(slow, LONG))
    last = asyncio.create_task(ask(slow, "hello", max_tokens=3))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await running).text.startswith((await last).text)
    assert busy.cpu_times().user < 3  # it would take more to read what was cancelled


async def test_a_cancelled_task_is_back_at_once(slow: LocalModel) -> None:
    task = asyncio.create_task(ask(slow, LONG))
    await asyncio.sleep(1)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.1
