"""Ask every member at once, and keep when each call did what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace

from .errors import ModelError
from .types import (
    Answers,
    Ask,
    Call,
    Candidate,
    Delta,
    Failure,
    Finish,
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


@dataclass(frozen=True, slots=True)
class Member:
    """A model with its own sampling, under a label that is unique in its pool."""

    label: str
    model: Model
    params: SamplingParams
    system: str | None = None


async def ask_all(members: Sequence[Member], prompt: Prompt, ask: Ask) -> Answers:
    """Ask all ``members`` together; a member that fails is data, not an exception.

    Cancelling this stops every member before it returns.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_answer_or_failure(m, prompt, ask)) for m in members]
    except BaseExceptionGroup as several:
        # Only a programmer's error gets here; its own traceback says more than the group's.
        raise several.exceptions[0] from None
    results = [task.result() for task in tasks]
    return Answers(
        tuple(r for r in results if isinstance(r, Candidate)),
        tuple(r for r in results if isinstance(r, Failure)),
    )


async def _answer_or_failure(member: Member, prompt: Prompt, ask: Ask) -> Candidate | Failure:
    if member.system:
        prompt = _with_system(prompt, member.system)
    try:
        return await ask(member.model, member.label, "member", prompt, member.params)
    except ModelError as exc:
        return Failure(
            member.label, exc.failure_kind, exc.message, exc.retryable, exc.hint, exc.partial
        )


def _with_system(prompt: Prompt, system: str) -> Prompt:
    """``prompt`` with ``system`` in the place of its own system message."""
    turns = tuple(m for m in prompt.messages if m.role != "system")
    return Prompt(Prompt.of("", system).messages[:1] + turns)


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
    """

    def __init__(self, watch: Watch | None = None) -> None:
        self._began = time.perf_counter()
        self._watch = watch
        self._calls: list[_OpenCall] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order they began."""
        return tuple(call.closed() for call in self._calls)

    def arrived(self) -> Answers:
        """What the members have given so far; one that has not ended counts as cancelled."""
        members = [call for call in self._calls if call.purpose == "member"]
        return Answers(
            tuple(c.candidate() for c in members if c.finish),
            tuple(
                Failure(c.label, "cancelled", "Stopped before it was done.", True, partial=c.text)
                for c in members
                if not c.finish
            ),
        )

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
            async with aclosing(model.stream(prompt, params)) as deltas:  # type: ignore[type-var]
                async for delta in deltas:
                    self._take(call, delta)
            if call.finish is None:
                why = f"{label} stopped without saying why."
                raise ModelError(why, "Ask again.", retryable=True)
        except ModelError as exc:
            exc.partial = call.text
            self._take(call, Delta(state="failed"))
            raise
        except BaseException:
            self._take(call, Delta(state="cancelled"))
            raise
        self._take(call, Delta(state="done"))
        return call.candidate()

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

    @property
    def text(self) -> str:
        return "".join(self.parts)

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
        usage = self.finish.usage if self.finish else Usage()
        return Call(self.label, self.purpose, self.state, self.timing(), usage)

    def candidate(self) -> Candidate:
        assert self.finish is not None
        return Candidate(
            self.label,
            self.text,
            self.finish.usage,
            self.finish.reason,
            self.timing(),
            tuple(self.logprobs),
        )


def unique_labels(members: Sequence[Member]) -> tuple[Member, ...]:
    """``members`` with ``#1``, ``#2`` … behind labels that occur more than once."""
    labels = [m.label for m in members]
    seen: dict[str, int] = {}
    renamed = []
    for member in members:
        seen[member.label] = seen.get(member.label, 0) + 1
        many = labels.count(member.label) > 1
        suffix = f"#{seen[member.label]}" if many else ""
        renamed.append(replace(member, label=member.label + suffix))
    return tuple(renamed)
