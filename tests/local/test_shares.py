"""Models at work share the cores of the machine."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing

import psutil
import pytest
from asking import STORIES, ask, child_pid

from fusion_magics.local import LocalModel, registry
from fusion_magics.local.cores import usable_cores
from fusion_magics.local.machine import resident_memory
from fusion_magics.types import Prompt, SamplingParams


def threads_of(model: LocalModel) -> int:
    return registry._children[model.spec]._threads


async def test_threads_follow_the_number_of_models_at_work(
    slow: LocalModel, stories: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "usable_cores", lambda: 8)
    params = SamplingParams(max_tokens=4000)
    async with aclosing(slow.stream(Prompt.of("hello"), params)) as running:
        await anext(running)
        assert threads_of(slow) == 8
        async with aclosing(stories.stream(Prompt.of("Once"), params)) as other:
            await anext(other)
            assert (threads_of(slow), threads_of(stories)) == (4, 4)
        assert threads_of(slow) == 8


async def test_the_child_uses_its_share(slow: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    async def threads_while_writing(cores: int) -> int:
        monkeypatch.setattr(registry, "usable_cores", lambda: cores)
        params = SamplingParams(max_tokens=20)
        deltas = [d async for d in slow.stream(Prompt.of("hello"), params) if d.text and most()]
        assert deltas
        return max(seen)

    def most() -> bool:
        seen.append(psutil.Process(child_pid(slow)).num_threads())
        return True

    seen: list[int] = []
    alone = await threads_while_writing(1)
    assert await threads_while_writing(3) >= alone + 2


async def test_never_less_than_one_thread(
    slow: LocalModel, stories: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "usable_cores", lambda: 1)
    await asyncio.gather(ask(slow, "hello"), ask(stories, "Once"))
    assert threads_of(slow) == threads_of(stories) == 1


def test_usable_cores_respects_affinity() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
    everything = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everything)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, everything)


def test_resident_memory() -> None:
    assert resident_memory(os.getpid()) > 10_000_000
    assert resident_memory(2**22 + 1) == 0


def test_the_stories_are_there() -> None:
    assert STORIES.stat().st_size == 1_185_376
