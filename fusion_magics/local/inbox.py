"""The calls that wait in a child process, and the cancels of those at work."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .engines import CancelFlag
from .wire import Cancel, Generate, Order, Threads


class Inbox:
    """Orders come in on the listening thread; the engine's thread takes calls in their order."""

    def __init__(self, cancel: CancelFlag) -> None:
        self._cancel = cancel
        self._changed = threading.Condition()
        self._waiting: deque[Generate] = deque()
        self._at_work: set[int] = set()
        self._cancelled: set[int] = set()
        self._threads = 1
        self._set_threads: Callable[[int], None] = lambda count: None

    def put(self, order: Order) -> None:
        """Take in an order; a cancel of a call at work aborts the engine's step at once."""
        with self._changed:
            match order:
                case Generate():
                    self._waiting.append(order)
                    self._changed.notify()
                case Cancel(call) if call in self._at_work:
                    self._cancelled.add(call)
                    self._cancel.set()
                case Cancel(call):
                    self._waiting = deque(w for w in self._waiting if w.call != call)
                case Threads(count):
                    self._threads = count
                    self._set_threads(count)

    def take(self, wait: bool) -> Generate | None:
        """The next call, which is at work from now on; None if there is none and no ``wait``."""
        with self._changed:
            while wait and not self._waiting:
                self._changed.wait()
            if not self._waiting:
                return None
            order = self._waiting.popleft()
            self._at_work.add(order.call)
            return order

    def cancelled(self) -> set[int]:
        """The calls at work that were cancelled; the engine may go on with the others."""
        with self._changed:
            cancelled, self._cancelled = self._cancelled, set()
            self._cancel.clear()
            return cancelled

    def done(self, call: int) -> None:
        """A call at work has ended."""
        with self._changed:
            self._at_work.discard(call)
            self._cancelled.discard(call)

    def on_threads(self, setter: Callable[[int], None]) -> None:
        """Tell ``setter`` how many threads to use, now and at every change."""
        with self._changed:
            self._set_threads = setter
            setter(self._threads)
