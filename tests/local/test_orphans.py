"""Children never outlive the kernel, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from asking import gone

from fusion_magics.local import LocalModel

KERNEL = """
import asyncio, os, sys, time
from fusion_magics.local import LocalModel, Spec, loaded
from fusion_magics.types import Prompt, SamplingParams

model = LocalModel("m", Spec("llamacpp", {path!r}))

async def main():
    async for delta in model.stream(Prompt.of({prompt!r}), SamplingParams(max_tokens=4000)):
        if delta.state == {state!r}:
            print(loaded()[0].pid, flush=True)
            {end}

asyncio.run(main())
"""
WAIT = "await asyncio.sleep(0)"
# A fork holds the kernel's end of the child's pipes: no end of file will come.
FORK = "os.fork() or (time.sleep(30), os._exit(0))"
LONG = "All work and no play makes Jack a dull boy. " * 88


class Kernel:
    """A process that asks a model, as a kernel does."""

    def __init__(self, model: LocalModel, end: str, state: str) -> None:
        prompt = LONG if state == "reading" else "hello"
        code = KERNEL.format(path=model.spec.path, prompt=prompt, state=state, end=end)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdout
        self.child = int(self.process.stdout.readline())


@pytest.fixture
def kernel(steady: LocalModel) -> Iterator[type[Kernel]]:
    started: list[Kernel] = []

    class Started(Kernel):
        def __init__(self, end: str = WAIT, state: str = "writing") -> None:
            super().__init__(steady, end, state)
            started.append(self)

    yield Started
    for k in started:
        k.process.stdout.close()
        os.killpg(k.process.pid, signal.SIGKILL) if k.process.poll() is None else None
        k.process.wait()


@pytest.mark.parametrize("state", ["loading", "reading", "writing"])
def test_a_kernel_that_is_killed(kernel: type[Kernel], state: str) -> None:
    k = kernel(state=state)
    assert psutil.pid_exists(k.child)
    k.process.kill()
    k.process.wait()
    assert gone(k.child)


@pytest.mark.parametrize("end", ["return", "sys.exit(3)", "os._exit(0)", "raise ValueError"])
def test_a_kernel_that_ends(kernel: type[Kernel], end: str) -> None:
    k = kernel(end)
    k.process.wait(timeout=10)
    assert gone(k.child)


def test_a_killed_kernel_whose_fork_lives_on(kernel: type[Kernel]) -> None:
    k = kernel(FORK)
    k.process.kill()
    k.process.wait()
    assert gone(k.child)


def test_a_fork_that_ends_takes_no_child_with_it(kernel: type[Kernel]) -> None:
    """As ``multiprocessing`` with the fork method does, and with exit handlers run."""
    k = kernel("os.fork() or sys.exit(0)")
    assert not gone(k.child, within=1.0)
    k.process.kill()
    k.process.wait()
    assert gone(k.child)


def test_stop_in_jupyter_does_not_reach_the_child(kernel: type[Kernel]) -> None:
    """It sends SIGINT to the kernel's process group."""
    k = kernel()
    os.kill(k.child, signal.SIGINT)
    assert os.getpgid(k.child) != os.getpgid(k.process.pid)
    assert not gone(k.child, within=0.5)
