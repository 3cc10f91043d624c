"""The one answer, with all it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .asking import Answers, Call, Candidate, Failure, Prompt, SamplingParams, Usage
from .judging import Judgment, Point

if TYPE_CHECKING:
    import pandas as pd

    from ..own_vote import VoteComparison
    from ..views import Chart, Diff

# ── debate ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Change:
    """A member that changed its final answer in a debate.

    ``round`` counts from 1, the first in which the members saw each other; ``towards`` names the
    members who had given the new answer in the round before (none: it is new).
    """

    round: int
    member: str
    before: str
    after: str
    towards: tuple[str, ...] = ()


# ── the result ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Vote:
    """The user's own vote: ``candidate`` is an index in the fusion's candidates.

    ``blind`` says that it was cast before the names were shown.
    """

    candidate: int
    blind: bool = False


@dataclass(frozen=True)
class Fusion:
    """One answer, with all it came from. Immutable; shows itself in notebooks and terminals.

    ``str(fusion)`` is :attr:`text`, so that ``{{fusion}}`` fills in the answer. The one exception
    to "immutable" is :attr:`vote`: a person's later word, which :meth:`cast_vote` sets in place,
    so that every name of the fusion has it. Two fusions are equal whatever was voted.

    Attributes
    ----------
    text : str
        The answer: a model's own text, untouched and untrusted. It may hold markup, and escape
        sequences that a terminal obeys; the views take them out, ``print(fusion)`` does not.
        Empty if the fusion was stopped before it was decided.
    candidates, failures
        What the pool gave, in pool order.
    judgment : Judgment, optional
        None where nothing could be compared.
    calls : tuple of Call
        Every model call, in the order they began.
    notes : tuple of str
        What a reader must know: a fallback that was taken, an answer cut at ``max_tokens``.
    passages : tuple of Point
        The merged answer piece by piece, each with the candidates that support it; a piece without
        any is the aggregator's own. Empty in other modes.
    rounds : tuple of Answers
        A debate's whole transcript; the first round is what each member said unasked.
    changes : tuple of Change
        Who changed its final answer in a debate, when, and towards whose.
    late : tuple of Candidate
        Answers that came after the pool had stopped waiting; they took no part.
    saved_calls : int
        Calls that need not be made, of the most that the mode may make: the lead was safe, or the
        first member was sure.
    options : mapping of str to JSON values
        What ``fuse()`` was given and differs from its defaults, as :mod:`fusion_magics.given`
        writes it down. ``continue_`` is only marked; :attr:`prompt` has the conversation.
    blind : bool
        The views hide who wrote what until there is a :attr:`vote`.
    vote : Vote, optional
        The user's own; see :meth:`cast_vote`.
    """

    text: str
    prompt: Prompt
    mode: str
    pool: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    failures: tuple[Failure, ...]
    judgment: Judgment | None
    params: SamplingParams
    calls: tuple[Call, ...] = ()
    notes: tuple[str, ...] = ()
    passages: tuple[Point, ...] = ()
    rounds: tuple[Answers, ...] = ()
    changes: tuple[Change, ...] = ()
    late: tuple[Candidate, ...] = ()
    saved_calls: int = 0
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    blind: bool = False
    vote: Vote | None = field(default=None, compare=False)

    @property
    def usage(self) -> Usage:
        """Tokens and cost of all calls together; ``fusion.calls`` has them one by one."""
        total = Usage(cost=0.0)
        for call in self.calls:
            total += call.usage
        return total

    @property
    def timeline(self) -> tuple[Call, ...]:
        """When each call queued, loaded, read its prompt, wrote and ended."""
        return self.calls

    @property
    def seconds(self) -> float:
        """Wall time from the start to the end of the last call."""
        return max((c.timing.ended or c.timing.queued for c in self.calls), default=0.0)

    def compare_vote(self, choice: int | str) -> VoteComparison:
        """Who agrees that ``choice`` (a candidate's index, or its member) is the best candidate.

        It asks only; :meth:`cast_vote` keeps the vote.

        Raises
        ------
        UsageError
            If there is no such candidate.
        """
        from ..own_vote import compare_vote

        return compare_vote(self, choice)

    def cast_vote(self, choice: int | str | None, *, blind: bool = False) -> VoteComparison:
        """Make ``choice`` your vote, kept in :attr:`vote` and shown beside the judge's.

        Parameters
        ----------
        choice : int or str, optional
            A candidate's index, or its member; of a blind fusion also the letter of its answer
            (``"A"``). It takes the place of an earlier vote; None takes that back.
        blind : bool
            You voted before you saw the names. A vote by letter, while they are hidden, is marked
            so without it.

        Returns
        -------
        VoteComparison
            Whether the judgment, and each juror, agree.

        Raises
        ------
        UsageError
            If there is no such candidate.
        """
        from ..own_vote import cast_vote

        return cast_vote(self, choice, blind=blind)

    def code(self, kind: str = "magic") -> str:
        """The code that asks the same again: the text of a ``%%fuse`` cell, or of a call.

        It names only what differs from the defaults. Where no cell can say it (a conversation that
        was continued, a reader without a name), it is a call anyway.

        Parameters
        ----------
        kind : str
            ``"magic"`` (the cell) or ``"python"`` (``await fuse(…)``, with its import).

        Raises
        ------
        UsageError
            If ``kind`` is neither.
        """
        from ..views.code import code

        return code(self, kind)

    def diff(self, a: int | str, b: int | str, round: int | None = None) -> Diff:
        """What candidate ``b`` says otherwise than ``a``, word by word, side by side.

        Parameters
        ----------
        a, b : int or str
            Candidates, by index or member.
        round : int, optional
            As they stood after this round of a debate; 0 is before they saw each other. Default:
            their last answers.

        Raises
        ------
        UsageError
            If there is no such candidate or round.
        """
        from ..views import diff

        return diff(self, a, b, round)

    def diff_rounds(self, member: int | str, round: int | None = None) -> Diff:
        """What a debate changed in ``member``'s answer, word by word, side by side.

        Parameters
        ----------
        member : int or str
            A candidate, by index or member.
        round : int, optional
            What this round alone changed, from 1. Default: what all of them did.

        Raises
        ------
        UsageError
            If there is no such member or round.
        """
        from ..views import diff_rounds

        return diff_rounds(self, member, round)

    def similarity(self, read: str | Callable[[str], str | None] = "auto") -> pd.DataFrame:
        """How much alike each two candidates are, 0 to 1, members by members (needs pandas).

        Both state a final answer: 1 if it is the same, else 0. Other pairs have the Sørensen–Dice
        coefficient of their words. ``read``: how final answers are read, as in ``fuse()``.

        Raises
        ------
        UsageError
            If there is no such reader.
        """
        from ..views import similarity

        return similarity(self, read)

    def plot(self, kind: str = "scores") -> Chart:
        """A matplotlib ``Figure``, which shows itself in any notebook and has ``savefig``.

        It is not one of pyplot's: no ``plt.show()`` is needed. Needs matplotlib.

        Parameters
        ----------
        kind : str
            ``scores`` (by member, 0 to 10), ``agreement`` (how much alike the answers are, 0 to
            1), ``timeline`` (what each model did when, in seconds) or ``cost`` (score against US
            dollars; against tokens or seconds where it is free or unknown).

        Raises
        ------
        UsageError
            If there is no such kind, nothing to plot, or no matplotlib.
        """
        from ..views import plot

        return plot(self, kind)

    def to_frame(self) -> pd.DataFrame:
        """One row per candidate and failure, in pool order, then late answers (needs pandas)."""
        from ..records import to_frame

        return to_frame(self)

    def to_csv(self) -> str:
        """:meth:`to_frame` as the text of a CSV file (needs pandas).

        It is safe to open in a spreadsheet: a text that would be a formula there has an apostrophe
        before it. :func:`fusion_magics.records.to_csv` says which.
        """
        from ..records import to_csv

        return to_csv(self)

    def to_json(self) -> str:
        """The whole fusion as JSON; :meth:`from_json` gives it back.

        Raises
        ------
        UsageError
            If it holds what JSON cannot: half a character, or a schema that is no JSON.
        """
        from ..records import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Fusion:
        """The fusion that :meth:`to_json` wrote.

        Raises
        ------
        UsageError
            If ``text`` is not one, naming what is wrong with it.
        """
        from ..records import from_json

        return from_json(text)

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from ..views import bundle

        return bundle(self)
