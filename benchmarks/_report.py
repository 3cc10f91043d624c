"""The tables of `does_fusing_help.py`: shares with Wilson's interval, paired differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from _systems import GENERALISTS, SPECIALISTS, Row
from numpy.typing import NDArray
from scipy.stats import binomtest

from fusion_magics.tiny.questions import FAMILIES

Statistic = Callable[[Sequence[Row]], float]
MEMBERS = tuple(f"tiny:{name}" for name in (*SPECIALISTS, *GENERALISTS))


def share(right: Sequence[bool]) -> str:
    """``97.0 % [95.3, 98.1]``: Wilson's interval (1927)."""
    interval = binomtest(sum(right), len(right)).proportion_ci(0.95, "wilson")
    return f"{100 * np.mean(right):5.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def bootstrap(rows: Sequence[Row], statistic: Statistic) -> str:
    """``statistic`` in points with the percentile interval of 2,000 resamples of questions."""
    dice = np.random.default_rng(0)
    draws: NDArray[np.float64] = np.array(
        [
            statistic([rows[i] for i in dice.integers(len(rows), size=len(rows))])
            for _ in range(2000)
        ]
    )
    low, high = np.percentile(100 * draws, [2.5, 97.5])
    return f"{100 * statistic(rows):+5.1f} points [{low:+.1f}, {high:+.1f}]"


def accuracy(rows: Sequence[Row], system: str) -> float:
    return float(np.mean([row.right[system] for row in rows]))


def minus(one: str, other: str) -> Statistic:
    return lambda rows: accuracy(rows, one) - accuracy(rows, other)


def balanced_accuracy(pool: str) -> Statistic:
    """Mean of the shares of right candidates scored 5 or more and of wrong ones below; a verdict
    that could not be read counts as wrong.
    """

    def of(rows: Sequence[Row]) -> float:
        told: dict[bool, list[bool]] = {True: [], False: []}
        for row in rows:
            for right, score in row.verdicts[pool]:
                told[right].append(score is not None and (score >= 5) == right)
        return float(np.mean([np.mean(told[True]), np.mean(told[False])]))

    return of


class Printed(dict[str, str]):
    """Lines as they are printed, by name."""

    def say(self, name: str, text: str) -> None:
        """Print one line, and keep it."""
        self[name] = text
        print(f"  {name:52s} {text}")


def _systems(rows: Sequence[Row], lines: Printed) -> None:
    for system in rows[0].right:
        calls = np.mean([row.calls.get(system, 0) for row in rows])
        used = f"calls {calls:.1f}".removesuffix(".0") if calls else "the ceiling"
        lines.say(system, f"{share([row.right[system] for row in rows])}  {used}")


def best(rows: Sequence[Row], names: Sequence[str]) -> str:
    """The most accurate of the members ``names``."""
    return max((f"tiny:{name}" for name in names), key=lambda member: accuracy(rows, member))


def report(rows: Sequence[Row]) -> dict[str, str]:
    """Print the tables of one-part questions; what they say, by name."""
    lines = Printed()
    if not rows:
        return lines
    print(f"\n{len(rows)} test questions, {len(rows) // len(FAMILIES)} of each family\n")
    _systems(rows, lines)
    print("\nby family")
    for member in (*MEMBERS, "judge by itself"):
        for family in FAMILIES:
            own = [row.right[member] for row in rows if row.family == family]
            lines.say(f"{member} on {family}", share(own))
    print("\ndoes it help?")
    for one, other in _questions(rows):
        lines.say(f"{one} − {other}", bootstrap(rows, minus(one, other)))
    print("\nthe judge")
    for pool in rows[0].verdicts:
        given = [verdict for row in rows for verdict in row.verdicts[pool]]
        lines.say(f"balanced accuracy on {pool}", bootstrap(rows, balanced_accuracy(pool)))
        lines.say(
            f"verdicts on {pool} that could not be read",
            f"{sum(score is None for _, score in given)} of {len(given)}",
        )
    for which in rows[0].flips:
        flips, pairs = (sum(row.flips[which][i] for row in rows) for i in (0, 1))
        lines.say(
            f"pairs that flip with the order: {which}",
            share([True] * flips + [False] * (pairs - flips)) + f"  {flips} of {pairs}",
        )
    print("\nthe same answer from the reversed pool")
    asked = [row.same for row in rows if row.same]
    for system in asked[0] if asked else ():
        same = sum(one[system] for one in asked)
        lines.say(f"same: {system}", f"{same} of {len(asked)} questions")
    print("\ndebate: answers of members that turned")
    for pool in rows[0].turned:
        worse, better = (sum(row.turned[pool][i] for row in rows) for i in (0, 1))
        lines.say(f"{pool}: right→wrong, wrong→right", f"{worse}, {better}")
    return lines


def _questions(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The differences that a sceptic asks for."""
    specialist, generalist = best(rows, SPECIALISTS), best(rows, GENERALISTS)
    pointwise = "best-of over specialists, pointwise"
    last = "vote after round 2"
    return [
        (pointwise, specialist),
        ("any of the specialists", pointwise),
        (pointwise, "judge by itself"),
        ("best-of over specialists, pairwise", pointwise),
        ("best-of over specialists, listwise", pointwise),
        ("vote over specialists", specialist),
        ("vote over generalists", generalist),
        ("vote over generalists", "vote over 3 samples of tiny:c"),
        (
            "best-of over generalists, pointwise",
            "vote over 2 samples of each generalist",
        ),
        ("best-of over generalists, pointwise", "vote over 6 samples of tiny:c"),
        ("best-of over generalists, pointwise", "judge by itself"),
        (f"debate of generalists, {last}", "vote over generalists"),
        (f"debate of generalists, {last}", "vote over 3 samples of each generalist"),
        (f"debate of specialists, {last}", "vote over specialists"),
        ("debate of generalists, judged", "best-of over generalists, pointwise"),
        ("debate of specialists, judged", pointwise),
    ]


def report_parts(rows: Sequence[Row]) -> dict[str, str]:
    """Print the tables of two-part questions; what they say, by name."""
    lines = Printed()
    if not rows:
        return lines
    print(f"\n{len(rows)} two-part test questions; right is right in both parts\n")
    _systems(rows, lines)
    print()
    for pool, names in (("specialists", SPECIALISTS), ("generalists", GENERALISTS)):
        for other in (best(rows, names), "judge by itself"):
            one = f"merge over {pool}"
            lines.say(f"{one} − {other}", bootstrap(rows, minus(one, other)))
    return {f"two parts: {name}": text for name, text in lines.items()}
