"""Fusions that run in the background while other cells run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from .errors import UsageError
from .text import printable, sendable

if TYPE_CHECKING:
    from .pool import Control
    from .types import Fusion

Standing = Literal["running", "done", "cancelled", "failed"]

KEPT = 10
"""Ended runs that are still listed."""

_SHOWN = 40  # characters of a prompt


def check_loop_goes_on(shell: Any) -> None:
    """Whether what starts in a cell of ``shell`` can go on after it.

    Only a kernel's event loop does: a terminal's rests until the next cell awaits something.

    Raises
    ------
    UsageError
        If it cannot.
    """
    try:
        asyncio.get_running_loop()
        if getattr(shell, "kernel", None) is not None:
            return
    except RuntimeError:
        pass
    raise UsageError(
        "--bg needs an event loop that goes on after the cell, and here there is none.",
        "Leave --bg out, or run the cell in a notebook.",
    )


class Background:
    """A fusion that runs in the background: what ``%%fuse --bg`` gives.

    ``fusion = await run`` waits for it, in as many cells as want to; a Stop meanwhile ends the
    waiting, not the run.

    Attributes
    ----------
    number : int
        Counts the runs of a notebook, from 1.
    prompt : str
        What was asked.
    """

    def __init__(
        self, number: int, prompt: str, control: Control, fusing: Coroutine[Any, Any, Fusion]
    ) -> None:
        self.number = number
        self.prompt = prompt
        self._control = control
        self._began = time.monotonic()
        self._ended: float | None = None
        self._task = asyncio.create_task(fusing, name=f"fuse #{number}")
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[Fusion]) -> None:
        self._ended = time.monotonic()
        if not task.cancelled():
            task.exception()  # its own output shows it: asyncio need not log it, too

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._task.done()

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if not self.done:
            return "running"
        if self._task.cancelled():
            return "cancelled"
        if self._task.exception() is not None:
            return "failed"
        return "cancelled" if self._control.stopped else "done"

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def answered(self) -> tuple[int, int]:
        """How many members are done, and how many there are; (0, 0) before they are known."""
        members = self._control.members
        return len(members) - len(self._control.running), len(members)

    def result(self) -> Fusion:
        """The fusion.

        Raises
        ------
        UsageError
            If it still runs.
        FusionError
            What the run raised, such as ``NoAnswerError``.
        asyncio.CancelledError
            If it was stopped from outside, by ``%unload_ext`` for instance.
        """
        if not self.done:
            raise UsageError(f"Fusion #{self.number} is still running.", "Wait for it: await run")
        return self._task.result()

    def __await__(self) -> Generator[Any, Any, Fusion]:
        # Not the task itself: who waits for a task and is cancelled, cancels the task.
        yield from asyncio.wait({self._task}).__await__()
        return self._task.result()

    def cancel(self) -> bool:
        """Stop it; its result is then what has arrived, without a decision.

        Returns
        -------
        bool
            False if it has ended.
        """
        return not self.done and self._control.cancel()

    def stop(self) -> None:
        """Cancel its task: it ends without a result."""
        self._task.cancel()

    async def to_the_end(self) -> None:
        """Wait for it; who cancels the waiting cancels the run."""
        await self._task

    def __repr__(self) -> str:
        words = " ".join(printable(sendable(self.prompt)).split())
        shown = words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1].rstrip()}…"
        return f'<fuse #{self.number} {self.standing} {self.seconds:.1f} s: "{shown}">'


class Runs:
    """The background runs of one shell: those at work, and the last :data:`KEPT` that ended.

    It holds them: asyncio itself keeps no task alive.
    """

    def __init__(self) -> None:
        self._runs: list[Background] = []
        self._numbers = count(1)

    def begin(
        self, prompt: str, control: Control, fusing: Coroutine[Any, Any, Fusion]
    ) -> Background:
        """Start ``fusing``, which ``control`` steers, in the running event loop."""
        run = Background(next(self._numbers), prompt, control, fusing)
        ended = [each for each in self._runs if each.done]
        for old in ended[: max(0, len(ended) - KEPT)]:
            self._runs.remove(old)
        self._runs.append(run)
        return run

    @property
    def running(self) -> list[Background]:
        """Those that have not ended."""
        return [run for run in self._runs if not run.done]

    def __iter__(self) -> Iterator[Background]:
        return iter(self._runs)

    def close(self) -> None:
        """Stop all."""
        for run in self.running:
            run.stop()
