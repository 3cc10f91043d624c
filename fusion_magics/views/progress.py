"""What the pool is doing while it runs: shown, kept up to date, and gone at the end.

A :class:`Progress` is told of every delta and only writes it down; a ticker redraws as often as its
screen wants, and only when something changed. The ticker runs even if nothing is shown:
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

from ..types import Delta, Fusion, Purpose, State

_TICK = 0.05
# A fusion from warm models is over before a reader could read a progress.
_PATIENCE = 0.25
_TAIL = 160
_ENDS: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass(slots=True)
class Line:
    """What is known of one member so far.

    ``pieces`` is its text as it came; ``phases`` has each state with the second it began; ``asked``
    counts how often it was asked, which in a debate is once a round.
    """

    label: str
    state: State = "queued"
    since: float = 0.0
    writing: float | None = None
    pieces: list[str] = field(default_factory=list)
    phases: list[tuple[State, float]] = field(default_factory=list)
    tokens: int | None = None
    asked: int = 1

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in _ENDS

    @property
    def tail(self) -> str:
        """The end of its text."""
        # Engines send a few characters at a time; pieces of none are possible, and rare.
        return "".join(self.pieces[-_TAIL:])[-_TAIL:]


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
    """Where a board is drawn, every so many ``ticks`` of 0.05 seconds.

    ``close`` leaves no trace of it; it may wait until ``result`` is shown, if there is one.
    """

    ticks: int

    def draw(self, board: Board) -> None: ...

    def close(self, result: Fusion | None) -> None: ...


class Progress:
    """A ``Watch`` that shows what it is told, for as long as its ``async with`` lasts.

    ::

        async with Progress(labels, "tiny:judge") as watch:
            watch.result = await fuse(..., watch=watch)

    Parameters
    ----------
    labels : sequence of str
        The members, in the order to show them.
    judge : str, optional
        The judge's name; None where none is asked.
    unit : str
        What one of its calls compares: an ``answer``, a ``pair``, an ``order``, a ``ballot``.
    screen : Screen, optional
        Where to draw. Without one nothing is shown, and the loop still kept awake.

    Attributes
    ----------
    result : Fusion, optional
        What came of it, for whoever shows it where the progress was.
    """

    def __init__(
        self,
        labels: Sequence[str],
        judge: str | None = None,
        unit: str = "answer",
        screen: Screen | None = None,
    ) -> None:
        self._board = Board({label: Line(label) for label in labels}, judge, unit)
        self._screen = screen
        self.result: Fusion | None = None
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
            line.pieces.append(delta.text)
        if delta.finish is not None:
            line.tokens = delta.finish.usage.completion_tokens
        state = delta.state or ("writing" if delta.text else None)
        if state is not None and state != line.state:
            line.state, line.since = state, now
            line.phases.append((state, now))
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
            self._close()

    async def _tick(self) -> None:
        ticks, second = 0, 0
        while True:
            await asyncio.sleep(_TICK)
            ticks += 1
            self._board.now = now = time.perf_counter() - self._began
            if self._screen is None or now < _PATIENCE or ticks % self._screen.ticks:
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

    def _close(self) -> None:
        if self._screen is not None:
            with suppress(Exception):
                self._screen.close(self.result)
