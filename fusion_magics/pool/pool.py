"""Whom a fusion asks, all at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..answers import draw
from ..errors import ModelError, NoAnswerError
from ..seams import Ask, Model
from ..types import Answers, Candidate, Failure, Message, Prompt, SamplingParams
from .recorder import answers_of, failure_of
from .waiting import Patience, Waiting

T = TypeVar("T")
Ended = Callable[[Candidate], None]
"""Is told of an answer when it is there."""

Enough = Callable[[Answers], bool]
"""Whether what a pool has given so far is enough."""


@dataclass(frozen=True, slots=True)
class Member:
    """A model with its own sampling, under a label that is unique in its pool.

    ``weight`` is what its vote counts.
    """

    label: str
    model: Model
    params: SamplingParams
    system: str | None = None
    weight: float = 1.0


class Pool:
    """The members of one fusion, and how they are asked.

    Parameters
    ----------
    members : sequence of Member
        With unique labels.
    ask : Ask
        Makes the calls.
    patience : Patience, optional
        How long to wait for members, each time they are asked. Who is late goes on until the pool
        is closed: it is a context then (``async with pool``), and outlives nothing.

    Attributes
    ----------
    saved : int
        Members that were not asked, because there was enough before.
    late : Answers
        Once it is closed, what came from members that were not waited for any longer.
    """

    def __init__(
        self, members: Sequence[Member], ask: Ask, patience: Patience | None = None
    ) -> None:
        self.members = tuple(members)
        self.saved = 0
        self.late = Answers(())
        self._ask = ask
        self._prompts: dict[str, Prompt] = {}  # what each member was asked last
        self._waiting = Waiting(patience or Patience())

    def of(self, members: Sequence[Member]) -> Pool:
        """Only ``members`` of this pool; who is late there, is late here."""
        part = copy(self)
        part.members = tuple(members)
        return part

    async def __aenter__(self) -> Pool:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.late = await self._waiting.close()

    async def answers(
        self,
        prompt: Prompt,
        enough: Enough | None = None,
        seed: int = 0,
        ended: Ended | None = None,
    ) -> Answers:
        """Ask all members together; a member that fails or is late is data, not an exception.

        Cancelling this stops every member before it returns.

        Parameters
        ----------
        prompt : Prompt
            The question.
        enough : callable, optional
            Asks a few members at a time, until what they gave is enough.
        seed : int
            Of the order in which they are asked then, whatever their place in the pool.
        ended : callable, optional
            Is told of each answer when it is there.

        Raises
        ------
        NoAnswerError
            If no member answered; it says why for each.
        """
        if enough is None:
            answers = await self.each({m.label: prompt for m in self.members}, ended=ended)
        else:
            answers = await self._until(enough, prompt, seed)
        if not answers.candidates:
            raise NoAnswerError(answers.failures)
        return answers

    async def each(
        self,
        prompts: Mapping[str, Prompt],
        lookup: bool = False,
        ended: Ended | None = None,
    ) -> Answers:
        """Ask the members that ``prompts`` names (by label), each its own prompt.

        With ``lookup`` they are expected to copy from it, see :class:`SamplingParams`.

        One that is still at work on another prompt is stopped first: nobody waits for that any
        more, and a model of this machine answers one call after the other.
        """
        old = self._prompts
        await self._waiting.stop({label for label in prompts if old.get(label) != prompts[label]})
        old.update(prompts)
        self._waiting.begin()
        members = self.members
        if lookup:
            members = tuple(replace(m, params=replace(m.params, lookup=True)) for m in members)
        return await self._given(members, prompts, ended)

    @property
    def given(self) -> Answers:
        """What those who were asked last have given so far."""
        return answers_of(self._waiting.given)

    async def _given(
        self, members: Sequence[Member], prompts: Mapping[str, Prompt], ended: Ended | None = None
    ) -> Answers:
        asked = (member for member in members if member.label in prompts)
        calls = {m.label: _answer_or_failure(m, prompts[m.label], self._ask, ended) for m in asked}
        return answers_of(await self._waiting.results(calls))

    async def _until(self, enough: Enough, prompt: Prompt, seed: int) -> Answers:
        # Whole groups, not whoever is first: how fast a model is must not decide what is asked.
        drawn = sorted(self.members, key=lambda m: draw(seed, _identity(m)))
        size = max(2, len({member.model.name for member in drawn}))
        given = Answers(())
        self._waiting.begin()
        while drawn and not enough(given):
            asked, drawn = drawn[:size], drawn[size:]
            more = await self._given(asked, {member.label: prompt for member in asked})
            given = Answers(
                (*given.candidates, *more.candidates), (*given.failures, *more.failures)
            )
        self.saved += len(drawn)
        place = {member.label: i for i, member in enumerate(self.members)}
        return answers_of(
            sorted((*given.candidates, *given.failures), key=lambda each: place[each.member])
        )


def _identity(member: Member) -> str:
    """What tells a member apart: its label may count its place in the pool."""
    return repr((member.model.name, member.params, member.system))


def names_of(members: Sequence[Member]) -> dict[str, str]:
    """Label → a name that tells a member apart and does not count its place in the pool.

    Two of one model that are asked differently are ``#1`` and ``#2`` by how they are asked.
    """
    placed = sorted(members, key=_identity)
    names = numbered([member.model.name for member in placed])
    return {member.label: name for member, name in zip(placed, names, strict=True)}


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of ``calls``, started in their order and run at the same time.

    None of them outlives this. The first error stops the others and is raised as itself: it is a
    programmer's, for what a model may do is data by then, and its own traceback says more than an
    exception group's.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


async def _answer_or_failure(
    member: Member, prompt: Prompt, ask: Ask, ended: Ended | None
) -> Candidate | Failure:
    if member.system is not None:
        prompt = with_system(prompt, member.system)
    try:
        answer = await ask(member.model, member.label, "member", prompt, member.params)
        if ended is not None:
            ended(answer)
        return answer
    except ModelError as exc:
        return failure_of(member.label, exc)


def with_system(prompt: Prompt, system: str) -> Prompt:
    """``prompt`` with ``system`` in the place of its own system message; empty: without one."""
    before = (Message("system", system),) if system else ()
    return Prompt((*before, *(m for m in prompt.messages if m.role != "system")))


@asynccontextmanager
async def awake() -> AsyncIterator[None]:
    """Wakes the event loop 20 times a second while it is open.

    A Jupyter kernel notices Stop only when its loop wakes, and a model that loads or reads a long
    prompt says nothing for seconds.
    """

    async def tick() -> None:
        # The waking is the point: there is no event to wait for.
        while True:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    ticker = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)  # it must not outlive the call


def unique_labels(members: Sequence[Member]) -> tuple[Member, ...]:
    """``members`` with ``#1``, ``#2`` … behind labels that occur more than once."""
    labels = numbered([member.label for member in members])
    return tuple(replace(m, label=label) for m, label in zip(members, labels, strict=True))


def numbered(names: Sequence[str]) -> list[str]:
    """``names`` with ``#1``, ``#2`` … behind those that occur more than once."""
    many = Counter(names)
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(f"{name}#{seen[name]}" if many[name] > 1 else name)
    return unique
