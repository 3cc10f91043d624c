"""A child that does not react: nobody waits for it, and it is not left to run on."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from asking import BEGINNING, ask, child_pid, gone, llama
from random_models import Shape

from fusion_magics.errors import ContextOverflow
from fusion_magics.local import LocalModel, loaded, registry
from fusion_magics.local.generation import Generation
from fusion_magics.types import Message, Prompt, SamplingParams

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


async def until(model: LocalModel, state: str, then: Callable[[], None] = lambda: None) -> None:
    """Begin a long answer, do ``then`` in ``state``, and cancel it."""
    params = SamplingParams(max_tokens=4000)
    async with aclosing(model.stream(Prompt.of("hello"), params)) as deltas:
        async for delta in deltas:
            if delta.state == state:
                return then()


async def test_a_call_that_cannot_be_stopped_is_ended_with_its_child(
    built: Callable[[Shape, str], Path],
) -> None:
    model = llama(built(Shape(template=ENDLESS), "gguf"))
    asked = asyncio.create_task(ask(model, "hello"))
    async with asyncio.timeout(30):
        while not any(c._at_work for c in registry._children.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (child,) = loaded()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert gone(child.pid)
    assert loaded() == []


async def test_who_waits_behind_it_is_asked_again(stories: LocalModel) -> None:
    await ask(stories, "x", max_tokens=1)
    pid = child_pid(stories)
    await until(stories, "writing", lambda: os.kill(pid, signal.SIGSTOP))
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)
    assert child_pid(stories) != pid
    assert gone(pid)


async def test_a_child_that_reads_nothing_holds_up_nobody(stories: LocalModel) -> None:
    """A pipe takes 64 kB; the rest of a long prompt waits on a thread, not on the event loop."""
    await ask(stories, "x", max_tokens=1)
    pid = child_pid(stories)
    os.kill(pid, signal.SIGSTOP)
    goes_on = threading.Timer(60, os.kill, (pid, signal.SIGCONT))
    goes_on.start()
    began = time.monotonic()
    task = asyncio.create_task(ask(stories, "x" * 1_000_000))
    await asyncio.sleep(0.1)
    assert time.monotonic() - began < 30
    goes_on.cancel()
    os.kill(pid, signal.SIGCONT)
    with pytest.raises(ContextOverflow):
        await task


def test_a_hopeless_prompt_is_not_cut_into_tokens() -> None:
    class Letters:
        """A vocabulary of pieces of one to four bytes, whose tokenizer must not be asked."""

        size = 4

        def piece(self, token: int) -> bytes:
            return b"x" * (token + 1)

    class Small:
        context = 100
        vocabulary = Letters()

    with pytest.raises(ContextOverflow, match=r"401 bytes.* 100 tokens"):
        Generation(Small(), [Message("user", "x" * 401)], SamplingParams(), lambda delta: None)
    with pytest.raises(AttributeError):  # 400 bytes may fit
        Generation(Small(), [Message("user", "x" * 400)], SamplingParams(), lambda delta: None)
