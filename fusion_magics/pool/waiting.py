"""How long a pool waits for its members, and what becomes of those that come late."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..types import Answers, Candidate, Failure

Given = Candidate | Failure

LEAST_GRACE = 1.0
"""Seconds that the others still have once a quorum has answered …"""

GRACE_SHARE = 0.2
"""… or this share of the time so far, if that is more: a slow pool is not cut short by a second."""

_MORE_TIME = "Give it more time: a longer deadline, a larger quorum."

LATE = "late"
"""The kind of the failure of a member that was not waited for any longer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for members, each time they are asked.

    Attributes
    ----------
    deadline : float, optional
        Seconds; None: until all have answered or failed.
    quorum : int, optional
        Go on once so many have answered and a grace of ``max(LEAST_GRACE, GRACE_SHARE × time so
        far)`` has passed; None: all.
    late_go_on : bool
        Whether those who are late may finish while the judge works.
    """

    deadline: float | None = None
    quorum: int | None = None
    late_go_on: bool = True


class Waiting:
    """Waits for calls as long as ``patience`` says.

    It owns what it was given: calls that still run when the waiting ends go on until
    :meth:`close`.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._late: list[asyncio.Task[Given]] = []

    async def results(self, calls: Mapping[str, Coroutine[Any, Any, Given]]) -> list[Given]:
        """What each of ``calls`` (by label) gives; one that takes too long: a ``late`` failure.

        Cancelling this stops all of them before it returns. So does an error that one raises: it
        is a programmer's, for what a model may do is data by then.
        """
        tasks = {label: asyncio.create_task(call) for label, call in calls.items()}
        try:
            why = await self._until_enough(tasks.values())
        except BaseException:
            await _stop(tasks.values())
            raise
        late = [task for task in tasks.values() if not task.done()]
        self._late += late
        if not self._patience.late_go_on:
            await _stop(late)
        return [
            Failure(label, LATE, why, True, _MORE_TIME) if task in late else task.result()
            for label, task in tasks.items()
        ]

    async def _until_enough(self, tasks: Iterable[asyncio.Task[Given]]) -> str:
        """Wait; why no longer."""
        quorum = self._patience.quorum or math.inf
        began, answered, running = time.monotonic(), 0, set(tasks)
        ends = deadline = began + (self._patience.deadline or math.inf)
        while running and (left := ends - time.monotonic()) > 0:
            done, running = await asyncio.wait(
                running,
                timeout=None if left == math.inf else left,
                return_when=asyncio.FIRST_COMPLETED,
            )
            answered += sum(isinstance(task.result(), Candidate) for task in done)
            if answered >= quorum:
                now = time.monotonic()
                ends = min(ends, now + max(LEAST_GRACE, GRACE_SHARE * (now - began)))
        if ends == deadline:
            return f"No answer within {self._patience.deadline} s."
        return f"No answer when {answered} others had given theirs."

    async def close(self) -> Answers:
        """Stop the calls that still run; what the others gave after they were waited for."""
        await _stop(task for task in self._late if not task.done())
        given = [task.result() for task in self._late if not task.cancelled()]
        return Answers(
            tuple(g for g in given if isinstance(g, Candidate)),
            tuple(g for g in given if isinstance(g, Failure)),
        )


async def _stop(tasks: Iterable[asyncio.Task[Given]]) -> None:
    stopped = list(tasks)
    for task in stopped:
        task.cancel()
    await asyncio.gather(*stopped, return_exceptions=True)
