"""While the pool still writes, the judge's model reads what it will be asked.

It reads only. To ask it about one answer before the others are there would take longer in all: a
model of this machine writes several replies at once in little more time than one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from ..seams import Ahead, Known, ReadsAhead
from ..types import Answers, Candidate, Prompt
from .case import Case

Told = Callable[[Prompt, Sequence[str], Known], Iterable[Ahead]]
"""The calls to come, as far as they can be told: see :meth:`fusion_magics.seams.Judge.ahead`."""


MOST = 16
"""Prompts that are read ahead: as many as a model keeps. Of many samples there are thousands."""


async def answers_of_pool(case: Case, told: Told) -> Answers:
    """All members' answers to the question; what is ``told`` of the calls to come is read ahead.

    Raises
    ------
    NoAnswerError
        If no member answered.
    """
    if not case.reads_ahead:
        return await case.pool.answers(case.prompt)
    async with ReadingAhead(lambda known: told(case.prompt, case.labels, known)) as reading:
        return await case.pool.answers(case.prompt, ended=reading.ended)


class ReadingAhead:
    """Has models read what is ``told``, anew whenever a member has answered.

    It owns what it began: when it is left, nothing of it runs any more.
    """

    def __init__(self, told: Callable[[Known], Iterable[Ahead]]) -> None:
        self._told = told
        self._known: dict[str, Candidate] = {}
        self._begun: set[tuple[str, Prompt]] = set()
        self._reading: list[asyncio.Task[None]] = []
        self._open = True

    async def __aenter__(self) -> ReadingAhead:
        # The members come first: their calls begin before the loop comes to this.
        self._first = asyncio.get_running_loop().call_soon(self._read)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        self._first.cancel()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    def ended(self, candidate: Candidate) -> None:
        """A member has answered."""
        self._known[candidate.member] = candidate
        self._read()

    def _read(self) -> None:
        for ahead in islice(self._told(self._known), MOST) if self._open else ():
            model, key = ahead.model, (ahead.model.name, ahead.prompt)
            if isinstance(model, ReadsAhead) and key not in self._begun:
                self._begun.add(key)
                reading = model.read_ahead(ahead.prompt, ahead.params)
                self._reading.append(asyncio.create_task(reading))
