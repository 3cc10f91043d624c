"""How long a pool waits for its members, and what becomes of those that come late."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..types import Answers, Candidate, Failure

Given = Candidate | Failure

LEAST_GRACE = 1.0
"""Seconds that the others still have once a quorum has answered …"""

GRACE_SHARE = 0.2
"""… or this share of the time so far, if that is more: a slow pool is not cut short by a second."""

MORE_TIME = "Give it more time: a longer deadline, a larger quorum."

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
    stopped : frozenset of str
        Who is stopped at once when late, by label; others may finish while the judge works.
    """

    deadline: float | None = None
    quorum: int | None = None
    stopped: frozenset[str] = frozenset()


class Waiting:
    """Waits for calls as long as ``patience`` says.

    It owns what it was given: calls that still run when the waiting ends go on until
    :meth:`close`.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._quorum = patience.quorum or math.inf
        self._asked: list[asyncio.Task[Given]] = []
        self._late: list[tuple[str, asyncio.Task[Given]]] = []  # by label
        self.begin()

    def begin(self) -> None:
        """From here the deadline counts, and a quorum."""
        self._began, self._answered = time.monotonic(), 0
        self._ends = self._deadline = self._began + (self._patience.deadline or math.inf)

    async def results(self, calls: Mapping[str, Coroutine[Any, Any, Given]]) -> list[Given]:
        """What each of ``calls`` (by label) gives; one that takes too long: a ``late`` failure.

        Once the time is up, or enough have answered, no more calls are made. Cancelling this stops
        all of them before it returns. So does an error that one raises: it is a programmer's, for
        what a model may do is data by then.
        """
        if time.monotonic() >= self._ends or self._answered >= self._quorum:
            for call in calls.values():
                call.close()
            return [
                Failure(label, LATE, "Not asked: time was up.", True, MORE_TIME) for label in calls
            ]
        tasks = {label: asyncio.create_task(call) for label, call in calls.items()}
        self._asked = list(tasks.values())
        try:
            await self._until_enough(tasks.values())
        except BaseException:
            await _stop(tasks.values())
            raise
        late = {label: task for label, task in tasks.items() if not task.done()}
        self._late += late.items()
        await self.stop(self._patience.stopped & late.keys())
        return [
            self._too_late(label) if label in late else task.result()
            for label, task in tasks.items()
        ]

    async def _until_enough(self, tasks: Iterable[asyncio.Task[Given]]) -> None:
        running = set(tasks)
        while running and (left := self._ends - time.monotonic()) > 0:
            done, running = await asyncio.wait(
                running,
                timeout=None if left == math.inf else left,
                return_when=asyncio.FIRST_COMPLETED,
            )
            self._answered += sum(isinstance(task.result(), Candidate) for task in done)
            if self._answered >= self._quorum:
                now = time.monotonic()
                grace = max(LEAST_GRACE, GRACE_SHARE * (now - self._began))
                self._ends = min(self._ends, now + grace)

    @property
    def given(self) -> list[Given]:
        """What the calls that were made last have given so far."""
        return _given(self._asked)

    def _too_late(self, label: str) -> Failure:
        why = f"No answer when {self._answered} others had given theirs."
        if self._ends == self._deadline:
            why = f"No answer within {self._patience.deadline:g} s."
        return Failure(label, LATE, why, True, MORE_TIME)

    async def stop(self, labels: Collection[str]) -> None:
        """Stop those calls of ``labels`` that still run though nobody waits for them."""
        await _stop(task for label, task in self._late if label in labels and not task.done())

    async def close(self) -> Answers:
        """Stop the calls that still run; what the others gave after they were waited for."""
        await self.stop({label for label, _ in self._late})
        given = _given(task for _, task in self._late)
        return Answers(
            tuple(g for g in given if isinstance(g, Candidate)),
            tuple(g for g in given if isinstance(g, Failure)),
        )


def _given(tasks: Iterable[asyncio.Task[Given]]) -> list[Given]:
    return [task.result() for task in tasks if task.done() and not task.cancelled()]


async def _stop(tasks: Iterable[asyncio.Task[Given]]) -> None:
    stopped = list(tasks)
    for task in stopped:
        task.cancel()
    await asyncio.gather(*stopped, return_exceptions=True)
