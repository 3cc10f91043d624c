"""What Ctrl-C and the notebook's Stop button do while a coroutine runs: they cancel it."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class Stop:
    """Whether the user asked to stop, and who listened before."""

    before: Any = None
    asked: bool = False

    def pass_on(self) -> None:
        if callable(self.before):
            self.before(signal.SIGINT, None)


@contextmanager
def stop_cancels(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> Iterator[Stop]:
    """While this is open, SIGINT cancels ``task`` instead of breaking into the loop's own code."""
    stop = Stop()

    def cancel(signum: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        loop.call_soon_threadsafe(task.cancel)  # it also wakes a loop that waits for input

    listens = threading.current_thread() is threading.main_thread() and callable(
        before := signal.getsignal(signal.SIGINT)
    )
    if not listens:  # signals go to the main thread; one that is ignored stays ignored
        yield stop
        return
    stop.before = before
    signal.signal(signal.SIGINT, cancel)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def in_cell() -> bool:
    """Does the running code belong to a cell's own task, without another task in between?

    IPython catches whatever leaves a cell. A ``KeyboardInterrupt`` that leaves another task goes
    through the event loop instead, and ends the kernel.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name, file = frame.f_code.co_name, frame.f_code.co_filename
        if name == "run_code" and file.endswith("interactiveshell.py"):
            return True
        if name == "_run_once":
            return False
        frame = frame.f_back
    return False


class CellRunner:
    """IPython's runner of cells with ``await``, except that Ctrl-C ends what it interrupts.

    IPython's own leaves the interrupted task in its loop, where it goes on as soon as the next
    cell awaits something: the models of a stopped ``await fuse(…)`` would write on unseen. In a
    kernel ipykernel sees to that.
    """

    def __call__(self, cell: Coroutine[Any, Any, T]) -> T:
        from IPython.core.async_helpers import get_asyncio_loop

        loop: asyncio.AbstractEventLoop = get_asyncio_loop()
        task = loop.create_task(cell)
        with stop_cancels(loop, task):
            return loop.run_until_complete(task)

    def __str__(self) -> str:
        return "asyncio"
