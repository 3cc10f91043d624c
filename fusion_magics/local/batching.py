"""The calls at work in a child process: they join and leave between the steps of one engine.

Continuous batching (Yu et al., "Orca", OSDI 2022): all calls that write are decoded together, a
token each a step. One prompt is read at a time, in pieces, between which the others write on; so
the next call finds what the one before it has read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .engines import Cancelled, Engine, Slot
from .generation import Generation
from .inbox import Inbox
from .reporting import Stream, failure
from .wire import Report, Stopped


@dataclass(eq=False)
class Call:
    """A call at work: it waits for room (no slot yet), is read, or writes."""

    number: int
    stream: Stream
    generation: Generation
    slot: Slot | None = None


class Batch:
    """All calls of one engine.

    Parameters
    ----------
    engine : Engine
        Used on the caller's thread alone.
    inbox : Inbox
        Where calls and cancels come from.
    send : callable
        Is given each report to the kernel.
    """

    def __init__(self, engine: Engine, inbox: Inbox, send: Callable[[Report], None]) -> None:
        self._engine, self._inbox, self._send = engine, inbox, send
        self._next: Call | None = None  # waits for room, or is read
        self._writing: list[Call] = []

    def turn(self) -> None:
        """Take in a call if one waits, read a piece, write a token each. Waits if there is none."""
        self._drop(self._inbox.cancelled())
        try:
            while self._take() and self._advance():
                pass
            if self._writing:
                self._write()
        except Cancelled:
            pass  # whoever it was, the next turn finds out

    # ── a call comes in ──────────────────────────────────────────────────────────────────────

    def _take(self) -> bool:
        """Whether a call is next; waits for one if none is at work."""
        while self._next is None:
            if self._engine.full:
                return False
            asked = self._inbox.take(wait=not self._writing)
            if asked is None:
                return False
            stream = Stream(asked.call, self._send)
            try:
                generation = Generation(self._engine, asked.messages, asked.params, stream.emit)
                self._next = Call(asked.call, stream, generation)
            except Exception as exc:
                self._inbox.done(asked.call)
                self._send(failure(exc, asked.call))
        return True

    def _advance(self) -> bool:
        """Give the next call room, or read a piece of its prompt; True if nothing had to be read.

        Of several samples of one prompt all but the first write at once.
        """
        call = self._next
        assert call is not None
        try:
            if call.slot is None:
                asked = call.generation
                call.slot = self._engine.begin(asked.tokens, asked.params, asked.most)
            if call.slot is None or not self._engine.read(call.slot):
                return False
            call.generation.begin(call.slot.cached)
        except Cancelled:
            raise
        except Exception as exc:
            self._fail(call, exc)
            return True
        self._next = None
        self._writing.append(call)
        self._pick(call)
        return call.slot.cached == len(call.generation.tokens)

    # ── calls that write ─────────────────────────────────────────────────────────────────────

    def _write(self) -> None:
        calls = list(self._writing)
        try:
            self._engine.step([call.slot for call in calls if call.slot])
        except Cancelled:
            raise
        except Exception as exc:
            for call in calls:
                self._fail(call, exc)
            return
        for call in calls:
            self._pick(call)

    def _pick(self, call: Call) -> None:
        assert call.slot is not None
        try:
            if not call.generation.over:
                call.generation.add(self._engine.pick(call.slot))
        except Exception as exc:
            return self._fail(call, exc)
        if call.generation.over:
            self._end(call)

    # ── a call ends ──────────────────────────────────────────────────────────────────────────

    def _drop(self, cancelled: set[int]) -> None:
        for call in [*self._writing, *([self._next] if self._next else [])]:
            if call.number in cancelled:
                self._end(call)
                self._send(Stopped(call.number))

    def _fail(self, call: Call, exc: Exception) -> None:
        call.stream.flush()
        self._end(call)
        self._send(failure(exc, call.number))

    def _end(self, call: Call) -> None:
        if call is self._next:
            self._next = None
        if call in self._writing:
            self._writing.remove(call)
        if call.slot is not None:
            self._engine.end(call.slot)
        self._inbox.done(call.number)
