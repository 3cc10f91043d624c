"""The vocabulary: plain, immutable values that every room speaks.

A **pool** of members answers a :class:`Prompt`; each answer is a :class:`Candidate`, each member
that gave none a :class:`Failure`. A judge reads the candidates and gives a :class:`Judgment`. A
mode turns them into a :class:`Fusion`: the one answer, with all it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

    from .own_vote import VoteComparison
    from .views import Chart, Diff

Role = Literal["system", "user", "assistant"]
State = Literal["queued", "loading", "reading", "writing", "done", "failed", "cancelled"]
FinishReason = Literal["stop", "length"]
Purpose = Literal["member", "judge"]
Wording = Literal["full", "short"]

# ── what is asked ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation whose last message waits for an answer."""

    messages: tuple[Message, ...]

    @classmethod
    def of(cls, text: str, system: str | None = None) -> Prompt:
        """The conversation of one user message, after an optional system message."""
        before = (Message("system", system),) if system else ()
        return cls((*before, Message("user", text)))

    @property
    def text(self) -> str:
        """The last user message."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How a model chooses its tokens.

    Attributes
    ----------
    temperature : float
        0 is greedy decoding (the default): the likeliest token, the same text every time.
    top_p : float
        Nucleus sampling (Holtzman et al. 2020); 1 is off.
    max_tokens : int
        The most tokens to write; an answer cut there has ``finish_reason="length"``.
    seed : int
        Of the sampler. The same seed, prompt and weights give the same text.
    stop : tuple of str
        Writing ends before any of these texts.
    schema : mapping, optional
        A JSON schema that the engine holds the text to, where it can.
    logprobs : int
        How many top tokens to report with each token written; 0 reports none.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    logprobs: int = 0


# ── what comes back from one call ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One written token with its natural-log probability and the likeliest alternatives.

    Attributes
    ----------
    token : str
        Its text.
    logprob : float
        At most 0; ``-inf`` is a probability of zero.
    top : tuple of (str, float)
        The likeliest tokens in its place with their ``logprob``, likeliest first.
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call or of many, and their cost in US dollars (None: unknown).

    ``prompt_tokens`` counts the whole prompt; ``cached_tokens`` of them were not read again.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = self.cost is not None and other.cost is not None
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            (self.cost or 0.0) + (other.cost or 0.0) if known else None,
        )


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: US dollars per token ``read`` and per token ``written``."""

    read: float
    written: float

    def of(self, usage: Usage) -> float:
        """The cost of ``usage``."""
        return self.read * usage.prompt_tokens + self.written * usage.completion_tokens


FREE = Price(0.0, 0.0)
"""The price of models of this machine."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a call ended: its last :class:`Delta` carries this."""

    reason: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a stream: a change of state, new text, or the end."""

    state: State | None = None
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """When a call entered each state, in seconds since the fusion began (None: it never did)."""

    queued: float
    loading: float | None = None
    reading: float | None = None
    writing: float | None = None
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """From the start of the call to its end."""
        return (self.ended or self.queued) - self.queued

    @property
    def first_token(self) -> float | None:
        """Seconds from the start of the call to its first text."""
        return None if self.writing is None else self.writing - self.queued


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one model, as the timeline keeps it. ``state`` is how it ended."""

    label: str
    purpose: Purpose
    state: State
    timing: Timing
    usage: Usage


# ── what a pool gives ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member's answer.

    ``thinking`` is what a reasoning model wrote before it, ``critique`` what a debater said of the
    others' answers; neither is part of ``text``.
    """

    member: str
    text: str
    usage: Usage
    finish_reason: FinishReason
    timing: Timing
    logprobs: tuple[TokenLogprob, ...] = ()
    thinking: str = ""
    critique: str = ""

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens written per second of writing."""
        if self.timing.writing is None or self.timing.ended is None:
            return None
        seconds = self.timing.ended - self.timing.writing
        return self.usage.completion_tokens / seconds if seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Failure:
    """One member that gave no answer: data, not an exception.

    ``partial`` is the text that had arrived before it failed.
    """

    member: str
    kind: str
    message: str
    retryable: bool = False
    hint: str = ""
    partial: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a pool gave for one prompt, each part in pool order."""

    candidates: tuple[Candidate, ...]
    failures: tuple[Failure, ...] = ()


# ── what a judge gives ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """How one candidate does by one criterion of the rubric: ``score`` from 0 to 10."""

    name: str
    score: float
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of one candidate.

    ``candidate`` is its index in the fusion's candidates. ``rank`` counts from 1; equal scores
    share a rank. ``score`` lies on the judge's scale of 0 to 10; it is None where the judge's
    reply could not be read (``error`` says why) or the mode gives no score. ``criteria`` has the
    rubric's criteria one by one, where the judge scored them.
    """

    candidate: int
    rank: int
    score: float | None = None
    rationale: str = ""
    working: str = ""
    error: str = ""
    criteria: tuple[CriterionScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One call in which the judge met several candidates at once.

    ``order`` names the candidates (by index) as they were shown, ``ranking`` as they were ranked:
    groups of equals, the best first; empty where the reply could not be read (``error`` says why).
    """

    order: tuple[int, ...]
    ranking: tuple[tuple[int, ...], ...] = ()
    rationale: str = ""
    working: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one juror says of one candidate: ship it or not, and a score from 0 to 100.

    ``ship`` and ``score`` are None where the reply could not be read, or the juror did not judge
    this candidate (``error`` says why).
    """

    juror: str
    candidate: int
    ship: bool | None = None
    score: float | None = None
    rationale: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """How a jury split.

    Attributes
    ----------
    jurors : tuple of str
        Their names: personas, or the models.
    models : tuple of str
        The model behind each juror.
    ballots : tuple of Ballot
        One per juror and candidate, in the order in which the jurors met the candidates.
    aggregate : str
        How ballots became scores: ``mean``, ``majority`` or ``reliability``.
    weights : tuple of float
        The weight of each juror, 1 on average.
    ship : tuple of (float or None)
        Per candidate, the share of its ballots that say "ship", 0 to 1.
    alpha : float, optional
        Krippendorff's alpha of the scores (interval data); None where it is undefined.
    alpha_interval : (float, float), optional
        Its 95 % bootstrap interval.
    alpha_undefined : str
        Why there is no alpha; empty where there is.
    of_answer : bool
        They judged the merged answer, and candidate 0 of every ballot stands for it.
    """

    jurors: tuple[str, ...]
    models: tuple[str, ...]
    ballots: tuple[Ballot, ...]
    aggregate: str = "mean"
    weights: tuple[float, ...] = ()
    ship: tuple[float | None, ...] = ()
    alpha: float | None = None
    alpha_interval: tuple[float, float] | None = None
    alpha_undefined: str = ""
    of_answer: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A statement, and the candidates (by index) that it rests on; none: nobody but its author."""

    text: str
    candidates: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What candidates disagree on, and what each side says."""

    topic: str
    stances: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an aggregator finds when it lays the candidates side by side.

    ``consensus``: what several say; ``contradictions``: where they differ; ``partial_coverage``:
    topics that only some treat; ``unique_insights``: what one alone saw; ``blind_spots``: what
    none treats. ``working`` is how it got there.
    """

    consensus: tuple[Point, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    partial_coverage: tuple[Point, ...] = ()
    unique_insights: tuple[Point, ...] = ()
    blind_spots: tuple[str, ...] = ()
    working: str = ""


@dataclass(frozen=True, slots=True)
class Judgment:
    """One verdict per candidate, in the order of the candidates.

    Attributes
    ----------
    best : int
        Index of the chosen candidate; the majority's choice where no verdict could be had.
    protocol : str
        How the candidates were compared: ``pointwise``, ``vote`` …
    judge : str, optional
        The judge's model name; None where no model judged.
    agreement : float, optional
        The share of candidates whose normalised final answer is the chosen one's, 0 to 1; of a
        merged answer the share of its passages that two or more candidates support.
    ties : tuple of int
        The candidates that shared the top; ``rule`` says how one was chosen.
    order : tuple of int
        The shuffled order in which the judge met the candidates, from the fusion's seed.
    decided : bool
        False where the judge was stopped: ``verdicts`` has what had arrived, ``best`` leads so far.
    comparisons : tuple of Comparison
        Every call in which the judge met several candidates at once.
    pairs, flips : int
        How many pairs of candidates it met in more than one order, and for how many of them the
        verdict changed with the order (position bias); such a pair is a tie.
    panel : Panel, optional
        The jury's scorecard, where a jury judged.
    analysis : Analysis, optional
        What ``merge`` rests on; None in other modes, or where it could not be read.
    rubric : str
        The name of the rubric by which it judged.
    """

    verdicts: tuple[Verdict, ...]
    best: int
    protocol: str
    judge: str | None = None
    agreement: float | None = None
    ties: tuple[int, ...] = ()
    rule: str = ""
    order: tuple[int, ...] = ()
    decided: bool = True
    comparisons: tuple[Comparison, ...] = ()
    pairs: int = 0
    flips: int = 0
    panel: Panel | None = None
    analysis: Analysis | None = None
    rubric: str = ""


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
        from .own_vote import compare_vote

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
        from .own_vote import cast_vote

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
        from .views.code import code

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
        from .views import diff

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
        from .views import diff_rounds

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
        from .views import similarity

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
        from .views import plot

        return plot(self, kind)

    def to_frame(self) -> pd.DataFrame:
        """One row per candidate and failure, in pool order, then late answers (needs pandas)."""
        from .records import to_frame

        return to_frame(self)

    def to_csv(self) -> str:
        """:meth:`to_frame` as the text of a CSV file (needs pandas).

        It is safe to open in a spreadsheet: a text that would be a formula there has an apostrophe
        before it. :func:`fusion_magics.records.to_csv` says which.
        """
        from .records import to_csv

        return to_csv(self)

    def to_json(self) -> str:
        """The whole fusion as JSON; :meth:`from_json` gives it back.

        Raises
        ------
        UsageError
            If it holds what JSON cannot: half a character, or a schema that is no JSON.
        """
        from .records import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Fusion:
        """The fusion that :meth:`to_json` wrote.

        Raises
        ------
        UsageError
            If ``text`` is not one, naming what is wrong with it.
        """
        from .records import from_json

        return from_json(text)

    def __str__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from .views import bundle

        return bundle(self)
