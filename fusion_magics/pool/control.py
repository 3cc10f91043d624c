"""Stops one member of a fusion, or all of it, while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from ..errors import Cancelled, UsageError
from ..types import State

_WHILE: dict[State, str] = {
    "queued": "it waited",
    "loading": "it was loading",
    "reading": "it was reading the prompt",
    "writing": "it was writing",
}


class Control:
    """Stops one member of one running ``fuse(…, control=control)``, or all of it.

    Give it to ``fuse()`` and call :meth:`cancel` while that runs: from another task, a ``watch``, a
    button. It serves one fusion; the next one needs its own. Use it from the thread of the fusion's
    event loop; elsewhere: ``loop.call_soon_threadsafe(control.cancel, label)``.

    Examples
    --------
    ::

        control = Control()
        asyncio.get_running_loop().call_later(5, control.cancel, "tiny:sums")
        fusion = await fuse("What is 348 + 267?", control=control)

    Attributes
    ----------
    members : tuple of str
        The labels of the members, in pool order: ``tiny:sums``, or of several samples
        ``tiny:sums#1``, ``tiny:sums#2``. Empty before the fusion begins.
    stopped : bool
        Whether everything was cancelled.
    """

    def __init__(self) -> None:
        self.members: tuple[str, ...] = ()
        self._waiting: set[str] = set()  # not asked yet
        self._calls: dict[str, asyncio.Timeout] = {}  # by label, as long as it is at work
        self._cancelled: set[str] = set()
        self._all: asyncio.Timeout | None = None
        self._over = self.stopped = False

    @property
    def running(self) -> tuple[str, ...]:
        """The members that are at work or still to be asked, in pool order."""
        return tuple(m for m in self.members if m in self._waiting or m in self._calls)

    def cancel(self, label: str | None = None) -> bool:
        """Stop the member ``label``, or everything.

        A member that is cancelled is a failure of kind ``cancelled``, with the text so far; it is
        not asked again, and the others go on. Cancelled as a whole, ``fuse()`` stops every call
        and returns what has arrived, without a decision.

        Returns
        -------
        bool
            False if there is nothing to stop: no such member, or it has ended.
        """
        if label is None:
            return self._cancel_all()
        if label in self._cancelled or label not in self.running:
            return False
        self._cancelled.add(label)
        self._waiting.discard(label)
        if label in self._calls:
            _end(self._calls[label])
        return True

    def _cancel_all(self) -> bool:
        if self._over or self.stopped:
            return False
        self.stopped = True
        if self._all is not None:
            _end(self._all)
        return True

    # ── for those who run the fusion ─────────────────────────────────────────────────────────

    def admit(self, label: str) -> None:
        """Let the member ``label`` be asked.

        Raises
        ------
        Cancelled
            If it was cancelled before.
        """
        if label in self._cancelled:
            raise Cancelled("Cancelled before it was asked.", retryable=True)

    @asynccontextmanager
    async def fusion(self, members: Iterable[str]) -> AsyncIterator[None]:
        """While this is open the fusion of ``members`` (labels) runs.

        Raises
        ------
        Cancelled
            If :meth:`cancel` was called for all, be it before this began.
        UsageError
            If another fusion has this control.
        """
        if self.members:
            raise UsageError(
                "This Control belongs to another fusion.", "Give each a new one: control=Control()."
            )
        self.members = tuple(members)
        self._waiting = set(self.members)
        scope = self._all = asyncio.timeout(None)
        try:
            if self.stopped:
                raise Cancelled("Cancelled before it began.")
            async with scope:
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise Cancelled("Cancelled.") from None
        finally:
            self._over = True
            self._waiting.clear()

    @asynccontextmanager
    async def call(self, label: str, state: Callable[[], State]) -> AsyncIterator[None]:
        """While this is open the member ``label`` is at work, in this ``state``.

        Raises
        ------
        Cancelled
            If the member is. A task that is cancelled itself stays so.
        """
        self._waiting.discard(label)
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._calls[label] = scope
                yield
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            self._calls.pop(label, None)
        if label in self._cancelled:  # also where it came to its end in the same moment
            raise Cancelled(f"Cancelled while {_WHILE[state()]}.", retryable=True)


def _end(scope: asyncio.Timeout) -> None:
    scope.reschedule(asyncio.get_running_loop().time())
