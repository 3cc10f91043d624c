"""What a judge gives: verdicts, comparisons, a jury's ballots, the analysis of a merge."""

from __future__ import annotations

from dataclasses import dataclass


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
