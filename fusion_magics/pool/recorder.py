"""Makes the calls of one fusion, and keeps when each did what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field

from ..errors import Cancelled, ModelError
from ..seams import Model, Watch
from ..text import sendable
from ..thinking import split_thinking
from ..types import (
    Answers,
    Call,
    Candidate,
    Delta,
    Failure,
    Finish,
    Prompt,
    Purpose,
    SamplingParams,
    State,
    Timing,
    TokenLogprob,
    Usage,
)
from .budget import Budget, Spending
from .control import Control


class Recorder:
    """Makes the calls of one fusion (its :attr:`ask` is an ``Ask``) and keeps their timeline.

    Parameters
    ----------
    watch : callable, optional
        Is told of every delta while it arrives.
    budget : Budget, optional
        What all calls together may cost.
    control : Control, optional
        By which the user stops a member.
    """

    def __init__(
        self,
        watch: Watch | None = None,
        budget: Budget | None = None,
        control: Control | None = None,
    ) -> None:
        self.spending = Spending(budget)
        self._control = control or Control()
        self._began = time.perf_counter()
        self._watch = watch
        self._calls: list[_OpenCall] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order they began."""
        return tuple(call.closed() for call in self._calls)

    def arrived(self, members: Sequence[str], late: Sequence[Candidate] = ()) -> Answers:
        """What ``members`` (by label) have given so far, in their order; one that has not ended
        counts as cancelled, one that was not asked is left out.

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
        return answers_of([latest[label] for label in members if label in latest])

    async def ask(
        self, model: Model, label: str, purpose: Purpose, prompt: Prompt, params: SamplingParams
    ) -> Candidate:
        """One call, from the question to the whole text.

        Raises
        ------
        ModelError
            If the model fails, or the user stops it; ``partial`` holds the text that had arrived.
        """
        if purpose == "member":
            self._admit(label)
        call = _OpenCall(label, purpose, self._now())
        self._calls.append(call)
        steered = self._control.call(label, lambda: call.state) if purpose == "member" else None
        try:
            async with (
                steered or nullcontext(),
                self.spending.granted(model, prompt, params) as grant,
            ):
                stream = model.stream(prompt, grant.params)
                async with aclosing(stream) as deltas:  # type: ignore[type-var]
                    async for delta in deltas:
                        grant.saw(delta)
                        self._take(call, delta)
            if call.finish is None:
                why = f"{label} stopped without saying why."
                raise ModelError(why, "Ask again.", retryable=True)
            if purpose == "judge" and grant.cut:
                # Half a verdict is none, and to ask for it again would cost what is left.
                why = f"The budget cut the reply of {model.name} short."
                raise ModelError(why, "Give a larger budget.", kind="budget")
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

    def _admit(self, label: str) -> None:
        try:
            self._control.admit(label)
        except Cancelled:  # no call is made, and whoever watches must not wait for one
            self._tell(label, "member", Delta(state="cancelled"))
            raise

    def _fail(self, call: _OpenCall, error: ModelError) -> None:
        error.partial = call.text
        call.error = error
        self._take(call, Delta(state="cancelled" if isinstance(error, Cancelled) else "failed"))

    def _take(self, call: _OpenCall, delta: Delta) -> None:
        call.take(delta, self._now())
        self._tell(call.label, call.purpose, delta)

    def _tell(self, label: str, purpose: Purpose, delta: Delta) -> None:
        if self._watch is not None:
            self._watch(label, purpose, delta)

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
            return failure_of(self.label, self.error)
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


def answers_of(results: Sequence[Candidate | Failure]) -> Answers:
    return Answers(
        tuple(r for r in results if isinstance(r, Candidate)),
        tuple(r for r in results if isinstance(r, Failure)),
    )


def failure_of(label: str, error: ModelError) -> Failure:
    kind, retryable = error.failure_kind, error.retryable
    return Failure(label, kind, error.message, retryable, error.hint, error.partial)
