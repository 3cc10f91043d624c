"""Children never outlive the kernel, however it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from asking import ask, child_pid, gone

from fusion_magics.local import LocalModel, loaded, unload
from fusion_magics.types import Finish, Prompt, SamplingParams

KERNEL = """
import asyncio, atexit, os, subprocess, sys, time
from fusion_magics.local import LocalModel, Spec, loaded, registry
from fusion_magics.types import Prompt, SamplingParams

model = LocalModel("m", Spec("llamacpp", {path!r}))

async def main():
    async for delta in model.stream(Prompt.of({prompt!r}), SamplingParams(max_tokens={tokens})):
        if delta.state == {state!r}:
            print(loaded()[0].pid, flush=True)
            {end}
    print("done", flush=True)

asyncio.run(main())
"""
WAIT = "await asyncio.sleep(0)"
# In both, the kernel waits and its child is idle: nothing fails to be written either.
READY = "print('ready', flush=True); time.sleep(600)"
FORK = f"os.fork() or (time.sleep(600), os._exit(0)); {READY}"
# Another program holds the kernel's end of the child's pipe: no end of file will come.
HOLD = (
    "subprocess.Popen(['sleep', '600'], "
    f"pass_fds=[registry._children[model.spec]._process.stdin.fileno()]); {READY}"
)
LONG = "All work and no play makes Jack a dull boy. " * 88


class Kernel:
    """A process that asks a model, as a kernel does."""

    def __init__(self, model: LocalModel, end: str, state: str, tokens: int) -> None:
        prompt = LONG if state == "reading" else "hello"
        code = KERNEL.format(
            path=model.spec.path, prompt=prompt, state=state, end=end, tokens=tokens
        )
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
        def __init__(self, end: str = WAIT, state: str = "writing", tokens: int = 4000) -> None:
            super().__init__(steady, end, state, tokens)
            started.append(self)

    yield Started
    for k in started:
        k.process.stdout.close()
        with suppress(ProcessLookupError):
            os.killpg(k.process.pid, signal.SIGKILL)  # what it started may outlive it
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
    k.process.wait(timeout=120)
    assert gone(k.child)


@pytest.mark.parametrize("other", [FORK, HOLD], ids=["fork", "other"])
def test_a_killed_kernel_whose_pipes_live_on(kernel: type[Kernel], other: str) -> None:
    k = kernel(other, tokens=1)
    assert k.process.stdout.readline() == "ready\n"
    k.process.kill()
    k.process.wait()
    assert gone(k.child)


def test_a_fork_that_ends_takes_no_child_with_it(kernel: type[Kernel]) -> None:
    """Nor does it stop the call that runs: its exit handlers are the kernel's, copied."""
    k = kernel("os.fork() or (atexit._run_exitfuncs(), os._exit(0))", tokens=500)
    said, _ = k.process.communicate(timeout=120)
    assert said.split() == ["done"]
    assert gone(k.child)


def test_a_fork_has_models_of_its_own(steady: LocalModel) -> None:
    answer = asyncio.run(ask(steady, "hello")).text
    pid = os.fork()
    if pid == 0:
        none = loaded() == []
        same = asyncio.run(ask(steady, "hello")).text == answer
        unload()
        os._exit(0 if none and same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert asyncio.run(ask(steady, "hello")).states == ["reading", "writing"]


def test_a_fork_cannot_stop_a_call_of_the_kernel(steady: LocalModel) -> None:
    """It holds a copy of the generator, and of the pipe to the child."""
    deltas = steady.stream(Prompt.of("hello"), SamplingParams(max_tokens=300))
    loop = asyncio.new_event_loop()
    while not loop.run_until_complete(anext(deltas)).text:
        pass
    pid = os.fork()
    if pid == 0:
        asyncio.run(deltas.aclose())
        os._exit(0)
    os.waitpid(pid, 0)

    async def last() -> Finish | None:
        return [d async for d in deltas][-1].finish

    finish = loop.run_until_complete(asyncio.wait_for(last(), 120))
    loop.close()
    assert finish
    assert finish.usage.completion_tokens == 300


async def test_stop_in_jupyter_does_not_end_the_child(steady: LocalModel) -> None:
    """It sends SIGINT to the kernel's process group, of which the child is no part."""
    await ask(steady, "hello", max_tokens=1)
    pid = child_pid(steady)
    assert os.getpgid(pid) != os.getpgid(os.getpid())
    os.kill(pid, signal.SIGINT)
    await ask(steady, "hello", max_tokens=1)
    assert child_pid(steady) == pid
