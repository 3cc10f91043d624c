"""The seams between the rooms: what a model, a judge and a recorder of calls must do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .types import (
    Answers,
    Candidate,
    Change,
    Delta,
    Judgment,
    Point,
    Price,
    Prompt,
    Purpose,
    SamplingParams,
    Wording,
)

Known = Mapping[str, Candidate]
"""Who has answered by now: label → what."""

Watch = Callable[[str, Purpose, Delta], None]
"""Is told of every delta: ``watch(label, purpose, delta)``. Must not block or raise."""


class Model(Protocol):
    """A language model: one method is a whole backend.

    Attributes
    ----------
    name : str
        The member name that opened it.
    wording : str
        Which wording of a judge protocol it reads: ``full``, or ``short`` for tiny models.
    price : Price, optional
        None: unknown.
    most_tokens : int, optional
        The most it writes, however many are asked for; None: no bound.
    template_tokens : int
        The most that its chat template adds to a conversation: a default system message, dates.
    """

    @property
    def name(self) -> str: ...
    @property
    def wording(self) -> Wording: ...
    @property
    def price(self) -> Price | None: ...
    @property
    def most_tokens(self) -> int | None: ...
    @property
    def template_tokens(self) -> int: ...

    def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        """Answer ``prompt``: states and text as they come, last a delta with ``finish``.

        Closing the iterator (or cancelling the task that reads it) stops the engine.

        Raises
        ------
        ModelError
            If the call fails.
        """
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A model that can read a prompt before it is asked, so that less is to be read then."""

    async def read_ahead(self, prompt: Prompt, params: SamplingParams) -> None:
        """Read ``prompt`` and write nothing; returns when it is read.

        What another prompt begins with, too, is known then, whatever follows. ``params`` are those
        of the call that comes: room for it is made, and its schema is compiled. Returns at once
        where reading would be in the way of others: the model would have to be loaded, and there is
        no room without ending another. Cancelling stops it; what was read by then stays known.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ahead:
    """What can be told of a call before it is made: its ``prompt`` ends where that is not known."""

    model: Model
    prompt: Prompt
    params: SamplingParams


def most_written(model: Model, asked: int) -> int:
    """The most tokens that ``model`` writes where ``asked`` are asked for."""
    return asked if model.most_tokens is None else min(asked, model.most_tokens)


class Ask(Protocol):
    """Makes one recorded call of one model and waits for its whole text."""

    async def __call__(
        self, model: Model, label: str, purpose: Purpose, prompt: Prompt, params: SamplingParams
    ) -> Candidate: ...


class Judge(Protocol):
    """Compares candidates. One per judge protocol, in :mod:`fusion_magics.judges`."""

    async def __call__(self, prompt: Prompt, candidates: Sequence[Candidate]) -> Judgment:
        """Give one verdict per candidate; one that could not be had says so in its ``error``."""
        ...

    def arrived(self) -> Judgment | None:
        """What a call that was stopped had found by then, undecided; None if nothing."""
        ...

    def ahead(self, prompt: Prompt, members: Sequence[str], known: Known) -> Iterable[Ahead]:
        """The calls to come, as far as they can be told while only some members (by label) have
        answered.
        """
        ...

    def load(self, members: Sequence[str]) -> Load:
        """What a call takes, where these members (by label) answer and nothing goes wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """How many ``calls`` something takes, and how many candidates they show in all.

    ``most_tokens`` is the limit of one reply, where it is not the usual one.
    """

    calls: int = 0
    shown: int = 0
    most_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a mode decided: the text, and what it rests on (see :class:`Fusion`)."""

    text: str
    answers: Answers
    judgment: Judgment | None
    notes: tuple[str, ...] = field(default=())
    passages: tuple[Point, ...] = ()
    rounds: tuple[Answers, ...] = ()
    changes: tuple[Change, ...] = ()
    saved_calls: int = 0
