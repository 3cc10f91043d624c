"""What the pool is doing while it runs: shown, kept up to date, and gone at the end.

A :class:`Progress` is told of every delta and only writes it down; a ticker redraws at most a few
times per second, and only when something changed. The ticker runs even if nothing is shown:
ipykernel notices Stop only when the event loop wakes, so each cell with a pool needs one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from ..pool import Control
from ..types import Delta, Purpose, State
from ._screens import screen_for

_TICK = 0.05
_TICKS_PER_DRAWING = 3
# A fusion from warm models is over before a reader could read a progress.
_PATIENCE = 0.25
_TAIL = 160
_ENDS: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass(slots=True)
class Line:
    """What is known of one member so far."""

    label: str
    state: State = "queued"
    since: float = 0.0
    writing: float | None = None
    pieces: int = 0
    tail: str = ""
    tokens: int | None = None
    asked: int = 1

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in _ENDS


@dataclass(slots=True)
class Board:
    """All that a screen may draw: plain values, no clock.

    ``judging`` has the judge's calls, in the order they began. Those that compare answers are
    counted in ``unit``; the others (``judge: step``) come one after the other.
    """

    members: dict[str, Line]
    judge: str | None
    unit: str = "answer"
    judging: dict[str, Line] = field(default_factory=dict)
    now: float = 0.0

    @property
    def round(self) -> int:
        """Of a debate; 0 while nobody was asked again."""
        return max((line.asked for line in self.members.values()), default=1) - 1

    @property
    def judges_now(self) -> Line | None:
        """The judge's call that runs, or else ended last, or will come; None: nobody judges."""
        lines = list(self.judging.values())
        if not lines:
            return Line(self.judge) if self.judge is not None else None
        return next((line for line in lines if not line.ended), lines[-1])


class Screen(Protocol):
    """Where a board is drawn. ``close`` leaves no trace of it; it may wait for the result."""

    def draw(self, board: Board) -> None: ...

    def close(self, result_follows: bool) -> None: ...


class Progress:
    """A ``Watch`` that shows what it is told, for as long as its ``async with`` lasts.

    ::

        async with Progress(labels, "tiny:judge") as watch:
            fusion = await fuse(..., watch=watch)

    Parameters
    ----------
    labels : sequence of str
        The members, in the order to show them.
    judge : str, optional
        The judge's name; None where none is asked.
    unit : str
        What one of its calls compares: an ``answer``, a ``pair``, an ``order``, a ``ballot``.
    show : bool
        False shows nothing, and still keeps the loop awake.
    screen : Screen, optional
        Where to draw; default: the notebook's front end, or the terminal, or nowhere.
    control : Control, optional
        Of the fusion it shows.
    """

    def __init__(
        self,
        labels: Sequence[str],
        judge: str | None = None,
        unit: str = "answer",
        show: bool = True,
        *,
        screen: Screen | None = None,
        control: Control | None = None,
    ) -> None:
        self.control = control
        self._board = Board({label: Line(label) for label in labels}, judge, unit)
        self._screen = screen if screen is not None else screen_for(show)
        self._began = time.perf_counter()
        self._changed = True
        self._ticker: asyncio.Task[None] | None = None

    def __call__(self, label: str, purpose: Purpose, delta: Delta) -> None:
        """Write ``delta`` down. Cheap, and never raises: it stands in the stream's way."""
        board = self._board
        lines = board.members if purpose == "member" else board.judging
        line = lines.get(label)
        # In a debate each round asks the same members anew, and a judge may be asked again.
        if line is None or line.ended:
            line = lines[label] = Line(label, asked=line.asked + 1 if line else 1)
        now = time.perf_counter() - self._began
        if delta.text:
            line.pieces += 1
            line.tail = (line.tail + delta.text)[-_TAIL:]
        if delta.finish is not None:
            line.tokens = delta.finish.usage.completion_tokens
        state = delta.state or ("writing" if delta.text else None)
        if state is not None and state != line.state:
            line.state, line.since = state, now
            if state == "writing" and line.writing is None:
                line.writing = now
        self._changed = True

    async def __aenter__(self) -> Progress:
        self._began = time.perf_counter()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._ticker is not None:
                self._ticker.cancel()
                await asyncio.gather(self._ticker, return_exceptions=True)
        finally:
            self._close(result_follows=error is None)

    async def _tick(self) -> None:
        ticks, second = 0, 0
        while True:
            await asyncio.sleep(_TICK)
            ticks += 1
            self._board.now = now = time.perf_counter() - self._began
            if now < _PATIENCE or ticks % _TICKS_PER_DRAWING:
                continue
            # Each second counts as a change: whoever waits for a long prompt sees the clock.
            if self._changed or int(now) != second:
                self._changed, second = False, int(now)
                self._draw()

    # A front end that is gone costs the progress, never the answer.

    def _draw(self) -> None:
        if self._screen is not None:
            try:
                self._screen.draw(self._board)
            except Exception:
                self._screen = None

    def _close(self, result_follows: bool) -> None:
        if self._screen is not None:
            with suppress(Exception):
                self._screen.close(result_follows)
