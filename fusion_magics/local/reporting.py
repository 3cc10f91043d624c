"""What a child process reports of one call: its deltas, or why there are none."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import ModelError
from ..types import Delta
from .wire import Failed, Progress, Report

FLUSH_SECONDS = 0.02


class Stream:
    """Sends the deltas of one call; text that comes faster than every 20 ms is put together.

    Each message costs the kernel's event loop a wake-up, and a tiny model writes thousands of
    tokens a second.
    """

    def __init__(self, call: int, send: Callable[[Report], None]) -> None:
        self._call = call
        self._send = send
        self._held = Delta()
        self._sent = 0.0

    def emit(self, delta: Delta) -> None:
        """Send ``delta``, or hold it for a moment if it is only text."""
        if delta.state or delta.finish:
            self.flush()
            self._send(Progress(self._call, delta))
            return
        self._held = Delta(
            text=self._held.text + delta.text, logprobs=self._held.logprobs + delta.logprobs
        )
        if time.monotonic() - self._sent >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held.text or self._held.logprobs:
            self._send(Progress(self._call, self._held))
            self._held = Delta()
            self._sent = time.monotonic()


def failure(exc: Exception, call: int | None = None) -> Failed:
    """The report of ``exc``, which ended one call, or the load."""
    if isinstance(exc, ModelError):
        name, kind = type(exc).__name__, exc.failure_kind
        return Failed(name, exc.message, exc.hint, kind, exc.retryable, call)
    hint = "Ask again; if it fails again, unload the model, or use another one."
    return Failed("ModelError", f"The engine failed: {words(exc)}", hint, "failed", False, call)


def words(exc: BaseException) -> str:
    """An exception of somebody else's code, in one line of bounded length."""
    return f"{type(exc).__name__}: {exc}"[:1000]
