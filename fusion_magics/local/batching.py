"""The calls at work in a child process: they join and leave between the steps of one engine.

Continuous batching (Yu et al., "Orca", OSDI 2022): all calls that write are decoded together, a
token each a step. One prompt is read at a time, in pieces, between which the others write on; so
the next call finds what the one before it has read. The shortest goes first, by what of it is still
to be read: so what was read ahead is made use of before it is forgotten, and most calls wait least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .engines import Cancelled, Engine, Slot
from .generation import Generation
from .inbox import Inbox
from .reporting import Stream, failure
from .wire import Generate, Report, Stopped, Taken

MOST_WAITING = 32
"""Calls among which the shortest is found; what waits beside them has not come in yet."""


@dataclass(eq=False)
class Call:
    """A call at work: it waits for its turn and for room (no slot yet), is read, or writes.

    One that reads ``ahead`` does so for a call that comes later, and ends when it is read.
    """

    number: int
    stream: Stream
    generation: Generation
    ahead: bool
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
        self._waiting: list[Call] = []
        self._first: Call | None = None  # of those that wait: its turn, once there is room
        self._next: Call | None = None  # is read
        self._writing: list[Call] = []

    def turn(self) -> None:
        """Take in a call if one waits, read a piece, write a token each. Waits if there is none."""
        self._drop(self._inbox.cancelled())
        try:
            while self._begin() and self._advance():
                pass
            if self._writing:
                self._write()
        except Cancelled:
            pass  # whoever it was, the next turn finds out

    # ── a call comes in ──────────────────────────────────────────────────────────────────────

    def _take(self) -> None:
        """Take in calls that wait, if one of them could begin; waits if none is at work."""
        gives_way = self._next is not None and self._next.ahead
        if not gives_way and (self._next or self._engine.full):
            return
        while len(self._waiting) < MOST_WAITING:
            asked = self._inbox.take(wait=not self._calls)
            if asked is None:
                return
            self._prepare(asked)

    def _prepare(self, asked: Generate) -> None:
        self._send(Taken(asked.call))
        stream = Stream(asked.call, self._send)
        try:
            generation = Generation(self._engine, asked.messages, asked.params, stream.emit)
            self._waiting.append(Call(asked.call, stream, generation, asked.ahead))
        except Exception as exc:
            self._inbox.done(asked.call)
            self._send(failure(exc, asked.call))

    def _begin(self) -> bool:
        """Whether a prompt is being read; takes in calls, and gives one its room if none is."""
        self._take()
        if self._next and self._next.ahead and not all(call.ahead for call in self._waiting):
            self._end_reading_ahead(self._next)
        if self._next or not self._waiting or self._engine.full:
            return self._next is not None
        call = self._first or min(self._waiting, key=lambda call: (call.ahead, self._unread(call)))
        try:
            asked = call.generation
            call.slot = self._engine.begin(asked.tokens, asked.params, asked.most)
        except Cancelled:
            raise
        except Exception as exc:
            self._fail(call, exc)
            return self._begin()
        self._first = None if call.slot else call
        if call.slot:
            self._waiting.remove(call)
            self._next = call
            call.generation.read()
        return call.slot is not None

    def _unread(self, call: Call) -> int:
        return len(call.generation.tokens) - self._engine.known(call.generation.tokens)

    def _end_reading_ahead(self, call: Call) -> None:
        """It is read, or who is to write has come; what was read by now is known all the same."""
        call.generation.leave()
        self._end(call)

    def _advance(self) -> bool:
        """Read a piece of the next call's prompt; True if nothing had to be read.

        Of several samples of one prompt all but the first write at once.
        """
        call = self._next
        assert call is not None
        assert call.slot is not None
        try:
            if not self._engine.read(call.slot):
                return False
            if call.ahead:
                self._end_reading_ahead(call)
                return True
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
        if len(calls) == 1 and calls[0].slot:  # else rows of the others serve better than drafts
            calls[0].slot.draft = calls[0].generation.draft()
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
        """The next token; and those behind it, as far as they were drafted."""
        assert call.slot is not None
        generation, picked = call.generation, True
        try:
            while picked and not generation.over:
                generation.add(self._engine.pick(call.slot))
                picked = self._engine.follow(call.slot)
        except Exception as exc:
            return self._fail(call, exc)
        if generation.over:
            self._end(call)

    @property
    def _calls(self) -> list[Call]:
        """All at work."""
        return [*self._waiting, *([self._next] if self._next else []), *self._writing]

    # ── a call ends ──────────────────────────────────────────────────────────────────────────

    def _drop(self, cancelled: set[int]) -> None:
        for call in self._calls:
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
        if call is self._first:
            self._first = None
        for calls in (self._waiting, self._writing):
            if call in calls:
                calls.remove(call)
        if call.slot is not None:
            self._engine.end(call.slot, call.ahead)
        self._inbox.done(call.number)
