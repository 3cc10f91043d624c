"""How much each judge's vote counts: by its record on labelled items, or by the votes alone.

Votes are plain data, ``{judge: [vote per item]}``: ship or skip of a candidate, "1" or "2" of a
pair, any labels; None where a judge gave none.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from importlib.util import find_spec

from ..errors import UsageError

Votes = Mapping[str, Sequence[Hashable | None]]

SHRINKAGE = 10.0
"""How many verdicts :func:`calibrate` adds to each judge's own, right as often as the panel's."""

# The known items by which Dawid–Skene is told beforehand that a judge is better than chance: of
# each label, so many that it gets right, and so many that it gets wrong.
_KNOWN_RIGHT, _KNOWN_WRONG = 2, 1

_RESAMPLES = 2000


def weigh(
    votes: Mapping[str, Hashable | None], weights: Mapping[str, float]
) -> dict[Hashable, float]:
    """The share of the weight behind each label, for one item; empty if nobody votes.

    A judge that gave no vote (None) takes no part, nor does one without weight. Two labels are
    tied if their shares are equal; they are rounded to 12 digits, so that the order in which the
    weights are added up breaks no tie.
    """
    behind: dict[Hashable, float] = defaultdict(float)
    for judge, vote in votes.items():
        if vote is not None and weights[judge] > 0:
            behind[vote] += weights[judge]
    total = sum(behind.values())
    return {label: round(weight / total, 12) for label, weight in behind.items()}


def calibrate(
    votes: Votes, truths: Sequence[Hashable], shrinkage: float = SHRINKAGE
) -> dict[str, float]:
    """Weights of judges from items whose right label is known.

    A judge's weight is the log-odds of its accuracy, which makes the weighted majority of
    independent judges the likeliest label (Nitzan & Paroush 1982), and never below 0. The accuracy
    is shrunk towards that of the whole panel, so that a few labelled items do not swing the
    weights: without any, all are equal.

    Parameters
    ----------
    votes : mapping of str to sequence
        Each judge's vote on each labelled item; None is not counted. A judge that meets a pair in
        both orders votes twice, so that a flip costs it one of the two.
    truths : sequence
        The right label of each item.
    shrinkage : float
        How many verdicts of the panel's accuracy are added to the judge's own, above 0.

    Returns
    -------
    dict of str to float
        The weight of each judge, 1 on average; for ``Juror.weight``.

    Raises
    ------
    UsageError
        If a judge has another number of votes than there are truths.
    """
    for judge, given in votes.items():
        if len(given) != len(truths):
            raise UsageError(
                f"{judge} has {len(given)} votes for {len(truths)} labelled items.",
                "Give one vote per item, None where there is none.",
            )
    marks = {
        judge: [
            vote == truth for vote, truth in zip(given, truths, strict=True) if vote is not None
        ]
        for judge, given in votes.items()
    }
    everyone = [mark for own in marks.values() for mark in own]
    panel = (sum(everyone) + 1) / (len(everyone) + 2)  # Laplace: neither 0 nor 1
    return _log_odds(
        {j: (sum(own) + shrinkage * panel) / (len(own) + shrinkage) for j, own in marks.items()}
    )


def need_crowdkit() -> None:
    """Raise the ``UsageError`` that names the cure if :func:`reliability` cannot run."""
    if find_spec("crowdkit") is None:
        raise UsageError(
            "Weighing jurors by reliability needs crowd-kit.", "pip install 'fusion-magics[jury]'"
        )


def reliability(votes: Votes) -> dict[str, float]:
    """Weights of judges from their votes alone, by Dawid & Skene (1979), from crowd-kit.

    A judge's weight is the log-odds of its balanced accuracy, against the labels that the model
    finds likeliest, and never below 0. Each judge also votes on known items, three per label, of
    which it gets one wrong: a prior that keeps weights finite and nearly equal where there are few
    votes. (crowd-kit's own ``initial_error`` only sets where its search begins.)

    The model takes the judges' mistakes to be independent. Judges that make the same mistakes look
    reliable to it, and an outsider who is right does not.

    Returns
    -------
    dict of str to float
        The weight of each judge, 1 on average; all equal if every vote is the same.

    Raises
    ------
    UsageError
        If crowd-kit is not installed.
    """
    labels = sorted({v for given in votes.values() for v in given if v is not None}, key=repr)
    if len(labels) < 2:
        return dict.fromkeys(votes, 1.0)
    need_crowdkit()
    import pandas as pd
    from crowdkit.aggregation.classification.dawid_skene import DawidSkene

    codes = {label: str(i) for i, label in enumerate(labels)}
    cast = [
        (str(item), judge, codes[vote])
        for judge, given in votes.items()
        for item, vote in enumerate(given)
        if vote is not None
    ]
    known = _known_items(list(votes), list(codes.values()))
    truths = pd.Series({item: truth for item, _, _, truth in known})
    frame = pd.DataFrame(cast + [row[:3] for row in known], columns=["task", "worker", "label"])
    errors = DawidSkene().fit(frame, truths).errors_
    return _log_odds(
        {j: sum(errors.loc[(j, c), c] for c in codes.values()) / len(codes) for j in votes}
    )


def _known_items(judges: Sequence[str], labels: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """Item, judge, vote and truth of the items that are known beforehand."""
    rows = []
    for judge in judges:
        for i, truth in enumerate(labels):
            wrong = labels[(i + 1) % len(labels)]
            for n in range(_KNOWN_RIGHT + _KNOWN_WRONG):
                vote = truth if n < _KNOWN_RIGHT else wrong
                rows.append((f"known {truth} {n} to {judge}", judge, vote, truth))
    return rows


def _log_odds(accuracies: Mapping[str, float]) -> dict[str, float]:
    """Accuracies between 0 and 1 as weights, 1 on average; all equal if none is above chance."""
    odds = {judge: max(0.0, math.log(a / (1 - a))) for judge, a in accuracies.items()}
    mean = sum(odds.values()) / len(odds) if odds else 0.0
    return {judge: weight / mean if mean else 1.0 for judge, weight in odds.items()}
