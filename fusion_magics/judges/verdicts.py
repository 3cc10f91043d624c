"""What every protocol does with verdicts: rank by score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..types import Verdict

MAX_SCORE = 10
"""The judge's scale begins at 0."""

STOPPED = "Stopped before there was a verdict."
"""The error of a verdict that had not been given when the judge was stopped."""


def rank(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """``verdicts`` in the order of the candidates, ranked by score: 1, 2, 2, 4 …

    Unscored ones share the last rank.
    """
    scores = [v.score if v.score is not None else -1.0 for v in verdicts]
    ranked = (
        replace(verdict, rank=1 + sum(other > mine for other in scores))
        for verdict, mine in zip(verdicts, scores, strict=True)
    )
    return tuple(sorted(ranked, key=lambda v: v.candidate))


def leaders(ranked: Sequence[Verdict]) -> tuple[int, ...]:
    """The candidates with the best score; none where nobody has one."""
    return tuple(v.candidate for v in ranked if v.rank == 1 and v.score is not None)
