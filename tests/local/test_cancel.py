"""Stopping a call stops the engine itself, and leaves a model that is as good as new.

How soon, benchmarks/stop_latency.py measures: here no clock decides.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest
from asking import ask, child_pid, tokens_of
from msgspec.structs import replace as with_spec

from fusion_magics.fusion import fuse
from fusion_magics.local import LocalModel, child, loaded, registry, wire
from fusion_magics.local.engines import CancelFlag, Cancelled, llamacpp
from fusion_magics.pool import Control
from fusion_magics.types import Delta, Fusion, Prompt, Purpose, SamplingParams

LONG = "All work and no play makes Jack a dull boy. " * 88  # 3,872 tokens: seconds to read


class Heard(list[wire.Report]):
    """What children reported, in its order."""

    def begun(self) -> list[int]:
        """The calls that an engine began."""
        return [r.call for r in self if isinstance(r, wire.Progress) and r.delta.state == "reading"]

    def stopped(self) -> list[int]:
        """The calls that it stopped because they were cancelled."""
        return [r.call for r in self if isinstance(r, wire.Stopped)]

    def finished(self) -> list[int]:
        """The calls that it brought to their end."""
        return [r.call for r in self if isinstance(r, wire.Progress) and r.delta.finish]


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Reports as they come. No child is ended for being slow, which other work may make it."""
    reports = Heard()
    hear: Callable[[child.Child, wire.Report], None] = child.Child._hear

    def listening(self: child.Child, report: wire.Report) -> None:
        reports.append(report)
        hear(self, report)

    monkeypatch.setattr(child.Child, "_hear", listening)
    monkeypatch.setattr(child, "PATIENCE", (300.0, 300.0))
    monkeypatch.setattr(registry, "usable_cores", lambda: 1)
    return reports


async def stop_while(model: LocalModel, prompt: str, state: str) -> None:
    """Begin a long answer and close it in ``state``."""
    async with aclosing(model.stream(Prompt.of(prompt), SamplingParams(max_tokens=4000))) as deltas:
        async for delta in deltas:
            if delta.state == state:
                break


@pytest.mark.parametrize("engine", ["slow", "mlx_steady"])
@pytest.mark.parametrize("state", ["reading", "writing"])
async def test_a_cancel_stops_the_engine(
    request: pytest.FixtureRequest, heard: Heard, engine: str, state: str
) -> None:
    model = request.getfixturevalue(engine)
    fresh = (await ask(model, "hello")).text
    pid = child_pid(model)
    for _ in range(2):
        await stop_while(model, LONG if state == "reading" else "hello", state)
        assert (await ask(model, "hello")).text == fresh
    assert (heard.stopped(), heard.finished()) == ([1, 3], [0, 2, 4])
    assert child_pid(model) == pid  # the model stayed loaded


def test_what_was_read_before_a_cancel_is_kept(steady: LocalModel) -> None:
    flag = CancelFlag()
    engine = llamacpp.load(steady.spec, flag)
    tokens = list(LONG.encode()[:1000])
    params = SamplingParams(logprobs=3)
    (fresh,) = tokens_of(llamacpp.load(steady.spec, CancelFlag()), tokens, params, 1)
    slot = engine.begin(tokens, params, 1)
    assert not engine.read(slot)
    assert not engine.read(slot)
    flag.set()
    with pytest.raises(Cancelled):
        engine.read(slot)
    flag.clear()
    engine.end(slot)
    again = engine.begin(tokens, params, 1)
    assert again.cached == 2 * llamacpp.PIECE
    engine.end(again)
    assert [*tokens_of(engine, tokens, params, 1)] == [fresh]  # to the last bit


async def test_a_call_that_waits_can_be_cancelled(slow: LocalModel, heard: Heard) -> None:
    slow = replace(slow, spec=with_spec(slow.spec, parallel=1))
    async with aclosing(slow.stream(Prompt.of("hello"), SamplingParams(max_tokens=50))) as running:
        while (await anext(running)).state != "writing":
            pass
        waiting = asyncio.create_task(ask(slow, LONG))
        last = asyncio.create_task(ask(slow, "hello", max_tokens=3))
        await asyncio.sleep(0)  # both are asked
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        text = "".join([delta.text async for delta in running])
    assert text.startswith((await last).text)
    assert heard.begun() == [0, 2]


async def test_a_cancelled_task_is_back_before_the_engine_has_stopped(
    slow: LocalModel, heard: Heard
) -> None:
    begun = asyncio.Event()

    async def answer() -> None:
        async for delta in slow.stream(Prompt.of(LONG), SamplingParams()):
            if delta.state == "reading":
                begun.set()

    task = asyncio.create_task(answer())
    await begun.wait()
    os.kill(child_pid(slow), signal.SIGSTOP)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 60)
    assert heard.stopped() == []


async def fused(pool: str, prompt: str, when: Callable[[str, str | None], object]) -> Fusion:
    """A fusion of one more member; ``when`` hears of the states of the members of ``pool``."""
    control = Control()

    def watch(label: str, purpose: Purpose, delta: Delta) -> None:
        match when(label, delta.state):
            case str(who):
                assert control.cancel(who)
            case True:
                assert control.cancel()

    members = f"{pool},scripted:yes"
    return await fuse(
        prompt, pool=members, judge="scripted:yes", mode="vote", control=control, watch=watch
    )


@pytest.mark.parametrize("state", ["loading", "reading", "writing"])
async def test_a_cancelled_member_stops_its_engine(
    slow: LocalModel, heard: Heard, state: str
) -> None:
    name = f"llamacpp:{slow.spec.path}"
    fusion = await fused(
        f"{name}@max_tokens=3000",
        LONG if state == "reading" else "hello",
        lambda who, now: who if who == name and now == state else None,
    )
    (failure,) = fusion.failures
    assert failure.message.startswith(f"Cancelled while it was {state}")
    assert [c.member for c in fusion.candidates] == ["scripted:yes"]
    if state == "loading":
        assert loaded() == []  # nobody waits for this load
        return
    again = await fuse("hello", pool=f"{name}@max_tokens=3", judge="scripted:yes", mode="vote")
    assert again.failures == ()
    assert (heard.begun(), heard.stopped(), heard.finished()) == ([0, 1], [0], [1])


async def test_a_cancelled_fusion_stops_its_engines(slow: LocalModel, heard: Heard) -> None:
    name = f"llamacpp:{slow.spec.path}"
    fusion = await fused(
        f"{name}@max_tokens=3000", "hello", lambda who, now: who == name and now == "writing"
    )
    assert fusion.text == ""
    assert [f.kind for f in fusion.failures] == ["cancelled"]
    await fuse("hello", pool=f"{name}@max_tokens=3", judge="scripted:yes", mode="vote")
    assert (heard.stopped(), heard.finished()) == ([0], [1])


async def test_a_cancelled_member_that_waits_is_never_begun(
    steady: LocalModel, heard: Heard
) -> None:
    name = f"llamacpp:{steady.spec.path}"
    await fuse("hello", pool=f"{name}@max_tokens=3@parallel=1", judge="scripted:yes", mode="vote")
    fusion = await fused(
        f"{name}*2@max_tokens=40@parallel=1",
        "hello",
        lambda who, now: f"{name}#2" if who == f"{name}#1" and now == "writing" else None,
    )
    (failure,) = fusion.failures
    assert (failure.member, failure.message) == (f"{name}#2", "Cancelled while it waited.")
    assert heard.begun() == heard.finished() == [0, 1]
