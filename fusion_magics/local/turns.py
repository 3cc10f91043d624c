"""Models of one kernel that share a device (a GPU, Metal) take turns on it, step by step.

Steps that two processes hand to one device at once make both of them slow, and a long prompt of one
would stand in front of every token of the other. So a child stands in line for each step. The line
is a file that the kernel opened, of which each byte can be locked by one process: who comes locks
the last place and moves up as the one before it gets free; place 0 is the device. So nobody is
overtaken, least of all by who has just ended a step, and the system frees the places of a process
that dies.

They are POSIX record locks: each belongs to one process, although all have the same descriptor
from the kernel (``flock`` would count that as one owner), and the file needs no name, so that there
is none to leave behind. On Windows there are none, and nobody takes turns.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from .engines import CancelFlag, Engine, Slot

VARIABLE = "FUSION_MAGICS_TURNS"
PLACES = 6
"""Of the line, the device among them; where more wait, who of them is next is chance."""

# Seconds (at least, at most) between two looks at a place; between the two, a part of what was
# waited for by then, so that waiting lasts hardly longer and takes hardly any processor time.
LOOK = (0.0001, 0.002)
PART = 1 / 16
PATIENCE = 10.0
"""Seconds until a model goes ahead without its turn: another's step hangs, or it was stopped."""


@cache
def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()


def given() -> tuple[dict[str, str], list[int]]:
    """What a child is given: variables of its environment, and descriptors that it inherits."""
    if fcntl is None:
        return {}, []
    descriptor = _file().fileno()
    return {VARIABLE: str(descriptor)}, [descriptor]


class Turns:
    """The turns of this process.

    Parameters
    ----------
    descriptor : int
        Of the file that all who take turns have open.
    cancel : CancelFlag
        Ends the wait for a turn.
    """

    def __init__(self, descriptor: int, cancel: CancelFlag) -> None:
        self._descriptor, self._cancel = descriptor, cancel

    @contextmanager
    def step(self) -> Iterator[None]:
        """The device is ours.

        Raises
        ------
        Cancelled
            Soon after the cancel flag was set, while another had the turn.
        """
        deadline = time.monotonic() + PATIENCE
        try:
            for place in reversed(range(PLACES)):
                self._move_up(place, deadline)
            yield
        finally:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)  # of the whole file

    def _move_up(self, place: int, deadline: float) -> None:
        began = None
        while not self._taken(place):
            self._cancel.check()
            now = time.monotonic()
            if now > deadline:
                return
            began = began or now
            least, most = LOOK
            time.sleep(min(max(least, (now - began) * PART), most))
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, place + 1)

    def _taken(self, place: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # systems differ in what they call it
            return False
        return True


def taking_turns(engine: Engine, cancel: CancelFlag) -> Engine:
    """``engine``; if it works on a GPU and the kernel gave it turns to take, it takes them."""
    descriptor = os.environ.get(VARIABLE)
    if not engine.on_gpu or not descriptor or fcntl is None:
        return engine
    return in_turn(engine, Turns(int(descriptor), cancel))


def in_turn(engine: Engine, turns: Turns) -> Engine:
    """``engine``, which takes the turn whenever it reads or steps."""
    read, step = engine.read, engine.step

    def read_in_turn(slot: Slot) -> bool:
        with turns.step():
            return read(slot)

    def step_in_turn(sequences: Sequence[Slot]) -> None:
        with turns.step():
            step(sequences)

    # In their stead: a class around it would have to repeat all that an engine has.
    engine.read = read_in_turn  # type: ignore[method-assign]
    engine.step = step_in_turn  # type: ignore[method-assign]
    return engine
