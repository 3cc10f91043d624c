"""The loaded models of this kernel: one child process for each spec, started when first asked.

A load waits until there is room for it: idle models end to make some, busy ones are waited for.
So a pool that does not fit at once runs in waves. Who asks for a loaded model waits for nobody.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from ..errors import ModelError, WorkerDied
from ..types import Delta, Prompt, SamplingParams
from .child import Child
from .cores import usable_cores
from .death import Cause, changed_on_disk
from .machine import Place, resident_memory
from .room import Seat, Wanted, fitting_alone, most_room, to_end
from .waiting import Ticket
from .wire import Spec

IDLE_SECONDS = 600.0
"""A model that nobody has asked for so long gives its memory back."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory. ``memory`` is in bytes, weights mapped from the file included."""

    name: str
    spec: Spec
    pid: int
    memory: int


_children: dict[Spec, Child] = {}
_seats: dict[Child, Seat] = {}  # of those, and of those that have not quite ended
_tickets: list[Ticket] = []  # in the order of asking
_idle_timer: threading.Timer | None = None
_lock = threading.RLock()


async def stream(
    spec: Spec, name: str, prompt: Prompt, params: SamplingParams
) -> AsyncGenerator[Delta, None]:
    """One call of the model ``spec``; loads it if need be. See :class:`~fusion_magics.seams.Model`.

    No delta comes while it waits for room. A child that ended while idle, or that another call
    brought down, is no failure of this call: it is made once more, by a new child.

    Raises
    ------
    LoadError
        If the model does not fit, even alone.
    """
    for last_try in (False, True):
        child, begun = await _seated(spec, name), False
        try:
            async with aclosing(child.stream(name, prompt, params)) as deltas:
                async for delta in deltas:
                    begun = begun or delta.state == "reading"
                    yield delta
            return
        except WorkerDied as exc:
            # A load that died would die again; one that others gave up would not.
            dies_of_loading = not child.ready and exc.failure_kind != "unloaded"
            if begun or last_try or dies_of_loading:
                raise
        finally:
            _stand_up(child)


async def read_ahead(spec: Spec, name: str, prompt: Prompt, params: SamplingParams) -> None:
    """Let the model ``spec`` read ``prompt``; see :class:`fusion_magics.seams.ReadsAhead`."""
    with suppress(ModelError):  # whoever asks for it in earnest will hear of it
        child = _joined(spec) or await _seated_if_free(spec, name)
        if child is None:
            return
        try:
            async with aclosing(child.stream(name, prompt, params, ahead=True)) as deltas:
                async for _ in deltas:
                    pass
        finally:
            _stand_up(child)


def loaded() -> list[Loaded]:
    """The models in memory, in the order they were first asked."""
    with _lock:
        alive = [(spec, child) for spec, child in _children.items() if child.alive]
    return [Loaded(c.name, spec, c.pid, resident_memory(c.pid)) for spec, c in alive]


def capacity(place: Place = "memory") -> int:
    """Bytes that models may take in all, those that are loaded included."""
    with _lock:
        return most_room(place, list(_seats.values()))


def unload(spec: Spec | None = None) -> None:
    """End the child of ``spec``, or all; their memory is free when this returns."""
    with _lock:
        gone = [_children.pop(s) for s in list(_children) if spec in (None, s)]
        for child in gone:
            _seats[child].leaves = True
            child.kill()
    for child in gone:
        _wait_for_end(child)  # here, since at the kernel's end no thread can be started any more


# ── coming and going ─────────────────────────────────────────────────────────────────────────


async def _seated(spec: Spec, name: str) -> Child:
    """The child of ``spec``, which nobody ends for another's sake until :func:`_stand_up`."""
    if child := _joined(spec):
        return child
    wanted = await asyncio.to_thread(Wanted.of, spec)
    ticket = Ticket()
    with _lock:
        _tickets.append(ticket)
    try:
        while True:
            ticket.listen()
            if child := _joined(spec) or _loading(ticket, spec, name, wanted):
                return child
            await ticket.wait()
    finally:
        with _lock:
            _tickets.remove(ticket)
        _call_waiting()


def _joined(spec: Spec) -> Child | None:
    """The child of ``spec`` if it is there, with one more user."""
    with _lock:
        child = _children.get(spec)
        if child is None or not child.alive:
            return None
        _seats[child].users += 1
        return child


def _loading(ticket: Ticket, spec: Spec, name: str, wanted: Wanted) -> Child | None:
    """A new child if it is this one's turn and there is room; else makes room where it can."""
    with _lock:
        _end_outdated(spec)
        seats = list(_seats.values())
        wanted = fitting_alone(name, wanted, most_room(wanted.place, seats))
        if ticket is not _tickets[0]:
            return None
        ending = to_end(wanted, seats)
        if ending == []:
            return _seat(spec, wanted, name)
        for seat in ending or ():
            _end(seat.child)
        return None


async def _seated_if_free(spec: Spec, name: str) -> Child | None:
    """A new child if nobody waits for room and nobody has to go for it."""
    wanted = await asyncio.to_thread(Wanted.of, spec)
    with _lock:
        if child := _joined(spec):
            return child
        if _tickets or to_end(wanted, list(_seats.values())) != []:
            return None
        return _seat(spec, wanted, name)


def _seat(spec: Spec, wanted: Wanted, name: str) -> Child:
    child = _children[spec] = _start(wanted.spec, name)
    _seats[child] = Seat(child, wanted.need.total, wanted.place, users=1)
    return child


def _stand_up(child: Child) -> None:
    """One user less."""
    with _lock:
        if seat := _seats.get(child):
            seat.users -= 1
            seat.idle_since = time.monotonic()
    _call_waiting()
    _watch_idle()


def _end(child: Child, why: Cause | None = None) -> None:
    """End a child; its seat is free when the process has ended."""
    with _lock:
        child.kill(why)
        _see_off(child)


def _see_off(child: Child) -> None:
    """Take its seat away when the process has ended: not before is its memory free."""
    seat = _seats.get(child)
    if seat is None or seat.leaves:
        return
    seat.leaves = True

    threading.Thread(target=_wait_for_end, args=(child,), daemon=True).start()


def _wait_for_end(child: Child) -> None:
    child.wait()
    with _lock:
        _seats.pop(child, None)
        for spec in [spec for spec, there in _children.items() if there is child]:
            del _children[spec]
    _call_waiting()


def _end_outdated(spec: Spec) -> None:
    """Children that hold what lay at the path of ``spec`` before its files changed."""
    for other in list(_children):
        if other.path == spec.path and other.stamp != spec.stamp:
            _end(_children[other], changed_on_disk)


def _start(spec: Spec, name: str) -> Child:
    try:
        return Child(spec, name, _changed)
    except (OSError, RuntimeError) as exc:  # no process, or no thread
        raise ModelError(
            f"No process can be started for {name}: {exc}",
            "Unload other models, or close other programs.",
            retryable=True,
        ) from exc


def _call_waiting() -> None:
    with _lock:
        for ticket in _tickets:
            ticket.call()


def _changed() -> None:
    """A child has become busy or idle, or has ended, by itself or not."""
    with _lock:
        for child in [c for c in _seats if not c.alive]:
            _see_off(child)
    _share_cores()


def _watch_idle() -> None:
    """See that what is idle ends in time: one timer waits for the first of them."""
    global _idle_timer
    with _lock:
        idle = [seat.idle_since for seat in _seats.values() if seat.idle]
        if _idle_timer is None and idle:
            left = max(0.0, min(idle) + IDLE_SECONDS - time.monotonic())
            _idle_timer = threading.Timer(left, _end_idle)
            _idle_timer.daemon = True
            _idle_timer.start()


def _end_idle() -> None:
    global _idle_timer
    with _lock:
        _idle_timer = None
        for seat in list(_seats.values()):
            if seat.idle and seat.idle_since + IDLE_SECONDS <= time.monotonic():
                _end(seat.child)
    _watch_idle()


def _share_cores() -> None:
    """Threads for the models at work, so that they do not wait in each other's way.

    Two models with all cores each are ten times slower than with half of them each.
    """
    with _lock:
        busy = [c for c in _children.values() if c.busy]
        for child in busy:
            child.share_cores(max(1, usable_cores() // len(busy)))


def _forget_in_fork() -> None:
    """A fork of the kernel (``multiprocessing``) owns none of its children."""
    global _lock, _idle_timer
    _lock, _idle_timer = threading.RLock(), None
    for child in _seats:
        child.abandon()
    _children.clear()
    _seats.clear()
    _tickets.clear()


atexit.register(unload)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_fork)
