"""A jury's ballots as one scorecard: the split, its words, and one verdict per candidate."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

from ..types import Ballot, Panel, Verdict
from .weights import weigh

Key = tuple[float, ...]
"""By which candidates are ranked, the higher the better; its first part lies from 0 to 100."""

_DIGITS = 6  # of a score: sums in another order are no difference


def mean_scores(panel: Panel) -> dict[int, Key]:
    """The weighted mean of each candidate's scores, by candidate.

    Where a juror abstains its severity must be no gain for anybody: the means are those of the
    additive model ``candidate + juror``, fitted by least squares (the marginal means of a two-way
    layout with empty cells, Yates 1934). Without abstentions they are the plain ones.
    """
    import numpy as np

    weight = weights(panel)
    ballots = [b for b in panel.ballots if b.score is not None and weight[b.juror] > 0]
    if not ballots:
        return {}
    candidates = sorted({b.candidate for b in ballots})
    jurors = [juror for juror in panel.jurors if any(b.juror == juror for b in ballots)]
    shares = np.array([weight[juror] for juror in jurors])
    scores = np.array([b.score for b in ballots], dtype=float)
    effects = np.array(
        [
            [b.candidate == i for i in candidates] + [b.juror == juror for juror in jurors]
            for b in ballots
        ],
        dtype=float,
    )
    root = np.sqrt([weight[b.juror] for b in ballots])
    # The solution of least norm, where several fit: half of what may be either is the candidate's.
    fit = np.linalg.lstsq(effects * root[:, None], (scores - scores.mean()) * root)[0]
    severity = np.average(fit[len(candidates) :], weights=shares)
    means = np.clip(scores.mean() + fit[: len(candidates)] + severity, 0, 100)
    return {i: (round(float(mean), _DIGITS),) for i, mean in zip(candidates, means, strict=True)}


def majority(panel: Panel) -> dict[int, Key]:
    """The share of the weight that says "ship", by candidate; ties by the mean score."""
    return {i: (100 * _shipping(panel, i), *mean) for i, mean in mean_scores(panel).items()}


def _shipping(panel: Panel, candidate: int) -> float:
    votes = {b.juror: b.ship for b in given(panel, candidate)}
    return weigh(votes, weights(panel)).get(True, 0.0)


AGGREGATES: dict[str, Callable[[Panel], dict[int, Key]]] = {
    "mean": mean_scores,
    "majority": majority,
    "reliability": mean_scores,
}
"""``Panel.aggregate`` → what candidates are ranked by; one that nobody scored has none."""


def verdicts(panel: Panel) -> tuple[Verdict, ...]:
    """One verdict per candidate, in their order: the score from 0 to 10, the rank, the split.

    A candidate that no juror of any weight has scored has no score; ``error`` says why.
    """
    keys = AGGREGATES[panel.aggregate](panel)

    def verdict(index: int) -> Verdict:
        mine = keys.get(index)
        if mine is None:
            return Verdict(index, 1 + len(keys), error=_why(panel, index))
        rank = 1 + sum(key > mine for key in keys.values())
        return Verdict(index, rank, mine[0] / 10, in_words(panel, index))

    return tuple(map(verdict, sorted({b.candidate for b in panel.ballots})))


def weights(panel: Panel) -> dict[str, float]:
    """The weight of each juror, by name."""
    return dict(zip(panel.jurors, panel.weights, strict=True))


def ship_votes(panel: Panel) -> dict[str, list[bool | None]]:
    """Each juror's votes, ship or not, candidate by candidate (None: none), for ``calibrate``."""
    voted = {(b.juror, b.candidate): b.ship for b in panel.ballots}
    count = len({b.candidate for b in panel.ballots})
    return {juror: [voted.get((juror, i)) for i in range(count)] for juror in panel.jurors}


def given(panel: Panel, candidate: int) -> list[Ballot]:
    """The ballots with a vote on one candidate."""
    return [b for b in panel.ballots if b.candidate == candidate and b.score is not None]


def ship_share(panel: Panel, candidate: int) -> float | None:
    """The share of the ballots on one candidate that say "ship"; None without ballots."""
    ballots = given(panel, candidate)
    return fmean(bool(b.ship) for b in ballots) if ballots else None


def in_words(panel: Panel, candidate: int) -> str:
    """``3 of 5 ship; skeptic: …``: the split, and the reason of the juror whose score is the
    furthest from the others' mean; of two, the lower.
    """
    ballots = given(panel, candidate)
    mean = fmean(b.score or 0.0 for b in ballots)

    def telling(ballot: Ballot) -> tuple[float, float]:
        score = ballot.score or 0.0
        return round(abs(score - mean), _DIGITS), -score

    ships = sum(bool(b.ship) for b in ballots)
    silent = len(panel.jurors) - len(ballots)
    split = f"{ships} of {len(ballots)} ship{f' ({silent} did not judge it)' if silent else ''}"
    told = max(ballots, key=telling)
    return f"{split}; {told.juror}: {told.rationale}"


def _why(panel: Panel, candidate: int) -> str:
    errors = dict.fromkeys(b.error for b in panel.ballots if b.candidate == candidate and b.error)
    return " ".join(errors) or "No juror of any weight scored it."
