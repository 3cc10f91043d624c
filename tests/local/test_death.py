"""Children that die, and models that cannot be loaded: one clear error, and the next call works."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from asking import BEGINNING, STORIES, ask, child_pid, gone, llama

import fusion_magics
from fusion_magics.errors import LoadError, ModelError, WorkerDied
from fusion_magics.local import LocalModel, child, loaded, registry, unload
from fusion_magics.local.death import diagnose, oom_kills
from fusion_magics.types import Message, Prompt, SamplingParams

DEATHS = {
    signal.SIGKILL: ("killed", "was killed (SIGKILL)"),
    signal.SIGSEGV: ("crashed", "SIGSEGV"),
    signal.SIGABRT: ("crashed", "SIGABRT"),
    signal.SIGTERM: ("killed", "SIGTERM"),
}


async def write_until_text(model: LocalModel, then: Callable[[], None]) -> None:
    """Begin a long answer, do ``then`` at its first text, and read on."""
    first = True
    async for delta in model.stream(Prompt.of("hello"), SamplingParams(max_tokens=4000)):
        if delta.text and first:
            first = False
            then()


@pytest.mark.parametrize("sign", DEATHS, ids=lambda s: s.name)
async def test_a_child_that_dies_while_it_writes(steady: LocalModel, sign: signal.Signals) -> None:
    kind, words = DEATHS[sign]
    with pytest.raises(WorkerDied) as caught:
        await write_until_text(steady, lambda: os.kill(child_pid(steady), sign))
    assert caught.value.failure_kind == kind
    assert words in caught.value.message
    assert steady.name in caught.value.message
    assert caught.value.retryable
    assert loaded() == []
    assert (await ask(steady, "hello")).text


async def test_a_child_that_dies_while_it_loads(stories: LocalModel) -> None:
    async with aclosing(stories.stream(Prompt.of("Once"), SamplingParams())) as deltas:
        assert (await anext(deltas)).state == "loading"
        os.kill(child_pid(stories), signal.SIGKILL)
        with pytest.raises(WorkerDied):
            await anext(deltas)


async def test_a_child_that_died_while_idle_fails_nobody(stories: LocalModel) -> None:
    await ask(stories, "Once upon a time")
    os.kill(child_pid(stories), signal.SIGKILL)
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)


def test_the_child_runs_this_very_package(tmp_path: Path) -> None:
    """Not another one that is installed; and no module of the notebook's folder."""
    shutil.copytree(Path(fusion_magics.__file__).parent, tmp_path / "here" / "fusion_magics")
    (tmp_path / "here/fusion_magics/local/worker.py").write_text("raise SystemExit('the copy')")
    (tmp_path / "json.py").write_text("raise SystemExit('the notebook')")
    code = (
        "import asyncio, sys\n"
        "sys.path.insert(0, 'here')\n"
        "from fusion_magics.local import LocalModel, Spec\n"
        "from fusion_magics.types import Message, Prompt, SamplingParams\n"
        f"model = LocalModel('m', Spec('llamacpp', {str(STORIES)!r}))\n"
        "async def main():\n"
        "    async for _ in model.stream(Prompt.of('x'), SamplingParams()): pass\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert "WorkerDied" in done.stderr
    assert "the copy" in done.stderr


@pytest.mark.parametrize(
    ("params", "prompt"),
    [
        ({"temperature": math.nan}, "x"),
        ({"schema": {"const": object()}}, "x"),
        ({"stop": ("\ud800",)}, "x"),
        ({}, Prompt((Message("tool", "x"),))),
    ],
    ids=["number", "schema", "half a character", "role"],
)
async def test_what_cannot_be_asked_is_never_sent(
    stories: LocalModel, params: dict[str, Any], prompt: str | Prompt
) -> None:
    with pytest.raises(ModelError, match="cannot be asked this") as caught:
        await ask(stories, prompt, **params)
    assert stories.name in caught.value.message
    assert caught.value.hint
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)


async def test_an_order_that_cannot_be_read_ends_the_child(steady: LocalModel) -> None:
    """Without the thread that listens it would hear no cancel, and outlive the kernel."""

    def say_nonsense() -> None:
        registry._children[steady.spec]._orders.put(b"nonsense\n")

    with pytest.raises(WorkerDied, match=r"exit code 1.*JSON"):
        await write_until_text(steady, say_nonsense)
    assert (await ask(steady, "hello")).text


async def test_a_report_that_cannot_be_read_ends_the_child(
    stories: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is not taken for a kill by the system, for want of memory."""

    def garbled(line: bytes) -> None:
        raise msgspec.DecodeError("truncated")

    with monkeypatch.context() as patch:
        patch.setattr(child, "report", garbled)
        with pytest.raises(WorkerDied, match="cannot be read"):
            await ask(stories, "Once")
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)


async def test_dead_children_leave_nothing_behind(steady: LocalModel) -> None:
    await ask(steady, "x", max_tokens=1)
    process = psutil.Process()
    before = process.num_fds(), threading.active_count(), len(process.children())
    gc.disable()
    try:
        for _ in range(5):
            os.kill(child_pid(steady), signal.SIGKILL)
            await ask(steady, "x", max_tokens=1)
        after = process.num_fds(), threading.active_count(), len(process.children())
        assert after == before
    finally:
        gc.enable()


async def test_only_the_call_that_ran_fails(steady: LocalModel) -> None:
    """One that waited behind it is made by a new child."""
    await ask(steady, "x", max_tokens=1)
    pid = child_pid(steady)
    died, waited = await asyncio.gather(
        write_until_text(steady, lambda: os.kill(pid, signal.SIGKILL)),
        ask(steady, "hello"),
        return_exceptions=True,
    )
    assert isinstance(died, WorkerDied)
    assert not isinstance(waited, BaseException), waited
    assert waited.text == (await ask(steady, "hello")).text


async def test_unloading_during_a_call(steady: LocalModel) -> None:
    with pytest.raises(ModelError, match="unloaded") as caught:
        await write_until_text(steady, unload)
    assert caught.value.failure_kind == "unloaded"


async def test_unload_ends_the_child(stories: LocalModel, chatty: LocalModel) -> None:
    await ask(stories, "Once")
    await ask(chatty, "Once")
    first, second = child_pid(stories), child_pid(chatty)
    assert [m.name for m in loaded()] == [stories.name, chatty.name]
    assert all(m.memory > 1_000_000 for m in loaded())
    unload(stories.spec)
    assert not psutil.pid_exists(first)  # nothing to wait for
    assert [m.pid for m in loaded()] == [second]
    unload()
    assert not psutil.pid_exists(second)


def test_out_of_memory_is_told_from_a_kill() -> None:
    before = tuple(n - 1 for n in oom_kills())
    assert diagnose("m", -signal.SIGKILL, before, "").failure_kind == "out-of-memory"
    assert diagnose("m", -signal.SIGKILL, oom_kills(), "").failure_kind == "killed"
    aborted = diagnose("m", -signal.SIGABRT, oom_kills(), "what(): std::bad_alloc")
    assert aborted.failure_kind == "out-of-memory"


def test_last_words_are_part_of_the_message() -> None:
    words = "loading\nGGML_ASSERT(x > 0) failed\nlast line"
    assert "GGML_ASSERT(x > 0) failed" in diagnose("m", -6, oom_kills(), words).message
    assert "exit code 3" in diagnose("m", 3, oom_kills(), "").message


@pytest.mark.parametrize("keep", [30_000, 600_000, 1_185_000])
async def test_a_truncated_file(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "cut.gguf"
    file.write_bytes(STORIES.read_bytes()[:keep])
    with pytest.raises(LoadError, match=r"cut\.gguf") as caught:
        await ask(llama(file), "Once")
    assert "no reason" not in caught.value.message
    assert caught.value.hint
    assert loaded() == []


async def test_a_damaged_header(tmp_path: Path) -> None:
    file = tmp_path / "noise.gguf"
    file.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 4000)
    with pytest.raises(LoadError, match=r"noise\.gguf"):
        await ask(llama(file), "Once")


async def test_all_who_wait_for_a_load_hear_why_it_failed(tmp_path: Path) -> None:
    file = tmp_path / "cut.gguf"
    file.write_bytes(STORIES.read_bytes()[:600_000])
    results = await asyncio.gather(
        *(ask(llama(file), "Once") for _ in range(3)), return_exceptions=True
    )
    assert [type(r) for r in results] == [LoadError] * 3


async def test_a_cancelled_load_ends_the_child(steady: LocalModel) -> None:
    async with aclosing(steady.stream(Prompt.of("Once"), SamplingParams())) as deltas:
        await anext(deltas)
        pid = child_pid(steady)
    assert gone(pid)
    assert loaded() == []


async def test_a_load_goes_on_for_the_others_who_wait(stories: LocalModel) -> None:
    async with aclosing(stories.stream(Prompt.of("Once"), SamplingParams())) as deltas:
        await anext(deltas)
        other = asyncio.ensure_future(ask(stories, "Once upon a time"))
        await asyncio.sleep(0)
        pid = child_pid(stories)
    assert (await other).text.startswith(BEGINNING)
    assert child_pid(stories) == pid
