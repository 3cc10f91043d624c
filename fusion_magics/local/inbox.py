"""The calls that wait in a child process, and the one that runs."""

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
        self._running: int | None = None
        self._threads = 1
        self._set_threads: Callable[[int], None] = lambda count: None

    def put(self, order: Order) -> None:
        """Take in an order; a cancel of the running call reaches the engine at once."""
        with self._changed:
            match order:
                case Generate():
                    self._waiting.append(order)
                    self._changed.notify()
                case Cancel(call) if call == self._running:
                    self._cancel.set()
                case Cancel(call):
                    self._waiting = deque(w for w in self._waiting if w.call != call)
                case Threads(count):
                    self._threads = count
                    self._set_threads(count)

    def take(self) -> Generate:
        """Wait for the next call and mark it as running."""
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            order = self._waiting.popleft()
            self._cancel.clear()
            self._running = order.call
            return order

    def done(self) -> None:
        """The running call has ended."""
        with self._changed:
            self._running = None

    def on_threads(self, setter: Callable[[int], None]) -> None:
        """Tell ``setter`` how many threads to use, now and at every change."""
        with self._changed:
            self._set_threads = setter
            setter(self._threads)
