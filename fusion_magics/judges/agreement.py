"""How far judges agree with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_RESAMPLES = 2000


class Alpha(NamedTuple):
    """Krippendorff's alpha with its 95 % interval; None where it is undefined, and why."""

    value: float | None = None
    interval: tuple[float, float] | None = None
    undefined: str = ""


def alpha(scores: Sequence[Sequence[float | None]], seed: int = 0) -> Alpha:
    """How far judges agree on scores (interval data): 1 wholly, 0 as by chance, below 0 less.

    Krippendorff's alpha (2018) with the bootstrap interval of Hayes & Krippendorff (2007), from
    evalica. It resamples the disagreements that were seen, so from few items the interval is too
    narrow.

    Parameters
    ----------
    scores : sequence of sequences
        One row per judge, one column per item; None where a judge gave no score.
    seed : int
        Of the resampling.
    """
    if len(scores) < 2:
        return Alpha(undefined="one juror has nobody to agree with")
    columns = [[s for s in column if s is not None] for column in zip(*scores, strict=True)]
    shared = [column for column in columns if len(column) > 1]
    if len(shared) < 2:
        return Alpha(undefined="fewer than two answers have scores of two jurors")
    if len({score for column in shared for score in column}) < 2:
        return Alpha(undefined="all scores are equal")
    import pandas as pd
    from evalica import alpha_bootstrap

    found = alpha_bootstrap(
        pd.DataFrame(scores, dtype=float), "interval", n_resamples=_RESAMPLES, random_state=seed
    )
    return Alpha(found.alpha, (found.low, found.high))
