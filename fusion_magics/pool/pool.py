"""Ask every member at once, and keep when each call did what."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ..answers import draw
from ..errors import ModelError, NoAnswerError
from ..text import sendable
from ..thinking import split_thinking
from ..types import (
    Answers,
    Ask,
    Call,
    Candidate,
    Delta,
    Failure,
    Finish,
    Message,
    Model,
    Prompt,
    Purpose,
    SamplingParams,
    State,
    Timing,
    TokenLogprob,
    Usage,
    Watch,
)
from .budget import Budget, Spending
from .waiting import Patience, Waiting

T = TypeVar("T")
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

    async def answers(self, prompt: Prompt, enough: Enough | None = None, seed: int = 0) -> Answers:
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

        Raises
        ------
        NoAnswerError
            If no member answered; it says why for each.
        """
        if enough is None:
            answers = await self.each({member.label: prompt for member in self.members})
        else:
            answers = await self._until(enough, prompt, seed)
        if not answers.candidates:
            raise NoAnswerError(answers.failures)
        return answers

    async def each(self, prompts: Mapping[str, Prompt]) -> Answers:
        """Ask the members that ``prompts`` names (by label), each its own prompt."""
        self._waiting.begin()
        return await self._given(self.members, prompts)

    async def _given(self, members: Sequence[Member], prompts: Mapping[str, Prompt]) -> Answers:
        asked = (member for member in members if member.label in prompts)
        calls = {m.label: _answer_or_failure(m, prompts[m.label], self._ask) for m in asked}
        return _answers(await self._waiting.results(calls))

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
        return _answers(
            sorted((*given.candidates, *given.failures), key=lambda each: place[each.member])
        )


def _identity(member: Member) -> str:
    """What tells a member apart: its label may count its place in the pool."""
    return repr((member.model.name, member.params, member.system))


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


def _answers(results: Sequence[Candidate | Failure]) -> Answers:
    return Answers(
        tuple(r for r in results if isinstance(r, Candidate)),
        tuple(r for r in results if isinstance(r, Failure)),
    )


async def _answer_or_failure(member: Member, prompt: Prompt, ask: Ask) -> Candidate | Failure:
    if member.system is not None:
        prompt = with_system(prompt, member.system)
    try:
        return await ask(member.model, member.label, "member", prompt, member.params)
    except ModelError as exc:
        return _failure(member.label, exc)


def _failure(label: str, error: ModelError) -> Failure:
    kind, retryable = error.failure_kind, error.retryable
    return Failure(label, kind, error.message, retryable, error.hint, error.partial)


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


class Recorder:
    """Makes the calls of one fusion (its :attr:`ask` is an ``Ask``) and keeps their timeline.

    Parameters
    ----------
    watch : callable, optional
        Is told of every delta while it arrives.
    budget : Budget, optional
        What all calls together may cost.
    """

    def __init__(self, watch: Watch | None = None, budget: Budget | None = None) -> None:
        self.spending = Spending(budget)
        self._began = time.perf_counter()
        self._watch = watch
        self._calls: list[_OpenCall] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order they began."""
        return tuple(call.closed() for call in self._calls)

    def arrived(self, late: Sequence[Candidate] = ()) -> Answers:
        """What the members have given so far; one that has not ended counts as cancelled.

        A member that was asked again has given its latest answer, ``late`` ones apart.
        """
        latest: dict[str, Candidate | Failure] = {}
        for call in self._calls:
            if call.purpose == "member":
                given = call.given()
                if given in late:
                    continue
                if isinstance(given, Candidate) or call.label not in latest:
                    latest[call.label] = given
        return _answers(list(latest.values()))

    async def ask(
        self, model: Model, label: str, purpose: Purpose, prompt: Prompt, params: SamplingParams
    ) -> Candidate:
        """One call, from the question to the whole text.

        Raises
        ------
        ModelError
            If the model fails; ``partial`` holds the text that had arrived.
        """
        call = _OpenCall(label, purpose, self._now())
        self._calls.append(call)
        try:
            async with self.spending.granted(model, prompt, params) as grant:
                stream = model.stream(prompt, grant.params)
                async with aclosing(stream) as deltas:  # type: ignore[type-var]
                    async for delta in deltas:
                        grant.saw(delta)
                        self._take(call, delta)
            if call.finish is None:
                why = f"{label} stopped without saying why."
                raise ModelError(why, "Ask again.", retryable=True)
        except ModelError as exc:
            self._fail(call, exc)
            raise
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                self._take(call, Delta(state="cancelled"))
                raise
            # Nobody stopped this call: its model did, and the others go on.
            why = f"{label} cancelled itself."
            error = ModelError(why, "Ask again.", kind="cancelled", retryable=True)
            self._fail(call, error)
            raise error from exc
        except BaseException:
            self._take(call, Delta(state="cancelled"))
            raise
        self._take(call, Delta(state="done"))
        return call.candidate()

    def _fail(self, call: _OpenCall, error: ModelError) -> None:
        error.partial = call.text
        call.error = error
        self._take(call, Delta(state="failed"))

    def _take(self, call: _OpenCall, delta: Delta) -> None:
        call.take(delta, self._now())
        if self._watch is not None:
            self._watch(call.label, call.purpose, delta)

    def _now(self) -> float:
        return time.perf_counter() - self._began


@dataclass(slots=True)
class _OpenCall:
    """A call while it runs."""

    label: str
    purpose: Purpose
    queued: float
    state: State = "queued"
    entered: dict[State, float] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    finish: Finish | None = None
    error: ModelError | None = None

    @property
    def text(self) -> str:
        # Here a model's text enters. What all else does with it (compare, judge, save) is UTF-8.
        return sendable("".join(self.parts))

    def take(self, delta: Delta, now: float) -> None:
        state = delta.state or ("writing" if delta.text else None)
        if state is not None:
            self.state = state
            self.entered.setdefault(state, now)
        if delta.text:
            self.parts.append(delta.text)
        self.logprobs.extend(delta.logprobs)
        self.finish = delta.finish or self.finish

    def timing(self) -> Timing:
        ended = next(
            (self.entered[s] for s in ("done", "failed", "cancelled") if s in self.entered), None
        )
        at = self.entered.get
        return Timing(self.queued, at("loading"), at("reading"), at("writing"), ended)

    def closed(self) -> Call:
        begun = "reading" in self.entered or "writing" in self.entered
        usage = self.finish.usage if self.finish else Usage(cost=None if begun else 0.0)
        return Call(self.label, self.purpose, self.state, self.timing(), usage)

    def given(self) -> Candidate | Failure:
        """What it has given so far."""
        if self.error is not None:
            return _failure(self.label, self.error)
        if self.finish is not None:
            return self.candidate()
        return Failure(
            self.label, "cancelled", "Stopped before it was done.", True, partial=self.text
        )

    def candidate(self) -> Candidate:
        assert self.finish is not None
        usage, reason = self.finish.usage, self.finish.reason
        thinking, answer = split_thinking(self.text, cut=reason == "length")
        logprobs = tuple(self.logprobs) if not thinking else _last(self.logprobs, len(answer))
        return Candidate(self.label, answer, usage, reason, self.timing(), logprobs, thinking)


def _last(logprobs: Sequence[TokenLogprob], length: int) -> tuple[TokenLogprob, ...]:
    """The tokens of the last ``length`` characters."""
    start = len(logprobs)
    while start and length > 0:
        start -= 1
        length -= len(logprobs[start].token)
    return tuple(logprobs[start:])


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
