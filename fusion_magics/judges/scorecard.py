"""A jury's ballots as one scorecard: the split, its words, and one verdict per candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from ..types import Ballot, Panel, Verdict
from .weights import tally

Key = tuple[float, ...]
"""By which candidates are ranked, the higher the better; its first part lies from 0 to 100."""


def mean_score(panel: Panel, ballots: Sequence[Ballot]) -> Key:
    """The weighted mean of the scores."""
    weight = weights(panel)
    total = sum(weight[b.juror] for b in ballots)
    return (sum(weight[b.juror] * (b.score or 0.0) for b in ballots) / total,)


def majority(panel: Panel, ballots: Sequence[Ballot]) -> Key:
    """The share of the weight that says "ship"; ties by the mean score."""
    shares = tally({b.juror: b.ship for b in ballots}, weights(panel))
    return (100 * shares.get(True, 0.0), *mean_score(panel, ballots))


AGGREGATES: dict[str, Callable[[Panel, Sequence[Ballot]], Key]] = {
    "mean": mean_score,
    "majority": majority,
    "reliability": mean_score,
}
"""``Panel.aggregate`` → what candidates are ranked by."""


def verdicts(panel: Panel) -> tuple[Verdict, ...]:
    """One verdict per candidate, in their order: the score from 0 to 10, the rank, the split.

    A candidate that no juror of any weight has scored has no score; ``error`` says why.
    """
    indices = sorted({b.candidate for b in panel.ballots})
    found = [given(panel, i) for i in indices]
    weight = weights(panel)
    keys = [
        AGGREGATES[panel.aggregate](panel, ballots)
        if any(weight[b.juror] for b in ballots)
        else None
        for ballots in found
    ]
    return tuple(
        Verdict(i, _rank(key, keys), key[0] / 10, in_words(ballots))
        if key is not None
        else Verdict(i, _rank(key, keys), error=_why(panel, i))
        for i, key, ballots in zip(indices, keys, found, strict=True)
    )


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


def in_words(ballots: Sequence[Ballot]) -> str:
    """The split, and the reason of the juror who scores the furthest from the mean, or below it.

    >>> from fusion_magics.types import Ballot
    >>> in_words([Ballot("a", 0, True, 90, "x"), Ballot("b", 0, False, 20, "no proof")])
    '1 of 2 ship; b: no proof'
    """
    ships = sum(bool(b.ship) for b in ballots)
    mean = fmean(b.score or 0.0 for b in ballots)
    telling = max(ballots, key=lambda b: (round(abs((b.score or 0.0) - mean), 6), -(b.score or 0)))
    return f"{ships} of {len(ballots)} ship; {telling.juror}: {telling.rationale}"


def _rank(mine: Key | None, keys: Sequence[Key | None]) -> int:
    return 1 + sum(other is not None and (mine is None or other > mine) for other in keys)


def _why(panel: Panel, candidate: int) -> str:
    errors = dict.fromkeys(b.error for b in panel.ballots if b.candidate == candidate and b.error)
    return " ".join(errors) or "No juror of any weight scored it."
