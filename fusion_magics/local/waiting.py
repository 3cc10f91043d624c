"""Calls that wait for room, each on the event loop that made it."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Ticket:
    """One call that waits; its place in the list of tickets is its turn."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._called = asyncio.Event()

    def call(self) -> None:
        """From any thread: look again."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._called.set)

    def listen(self) -> None:
        """What is called from now on ends the next :meth:`wait`."""
        self._called.clear()

    async def wait(self) -> None:
        """Until called."""
        await self._called.wait()
