"""``listwise``: all candidates at once, in several orders, by their mean rank.

What the judge likes about a place in the list (position bias; Zheng et al. 2023) falls on each
candidate in turn, since each order puts it in another place (rows of a Latin square).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from ..types import Comparison
from .comparative import Comparative, Tally
from .compare import relations

ORDERS = 3
"""How many orders, where there are so many candidates; each order is one call."""


class Listwise(Comparative):
    """See :class:`Comparative`; n candidates take min(n, 3) calls."""

    protocol = "listwise"

    def orders(self, shuffled: Sequence[int]) -> Iterable[tuple[int, ...]]:
        """Rotations of one order, spread evenly: no candidate stands in one place twice."""
        times = min(ORDERS, len(shuffled))
        for turn in range(times):
            start = turn * len(shuffled) // times
            yield (*shuffled[start:], *shuffled[:start])

    def tally(self, comparisons: Sequence[Comparison], count: int) -> Tally:
        """See :func:`tally`."""
        return tally(comparisons, count)


def tally(comparisons: Iterable[Comparison], count: int) -> Tally:
    """Who is how good, from comparisons of all candidates in several orders.

    ``shares`` are the mean shares of others that a candidate is ranked above, equals half (Borda
    count: the mean rank on another scale). A pair is flipped where orders differ on it.
    """
    read = [comparison for comparison in comparisons if comparison.ranking]
    said: dict[frozenset[int], set[int]] = defaultdict(set)
    points: dict[int, list[float]] = defaultdict(list)
    for comparison in read:
        for a, b, sign in relations(comparison):
            said[frozenset((a, b))].add(sign if a < b else -sign)
            points[a].append((1 + sign) / 2)
            points[b].append((1 - sign) / 2)
    shares = {i: fmean(points[i]) for i in points}
    return Tally(
        tuple(shares.get(i) for i in range(count)),
        tuple(_says(shares.get(i), count, len(read)) for i in range(count)),
        len(said) if len(read) > 1 else 0,
        sum(len(signs) > 1 for signs in said.values()),
    )


def _says(share: float | None, count: int, orders: int) -> str:
    """``mean rank 1.3 of 4 in 3 orders``"""
    if share is None:
        return ""
    mean = 1 + (1 - share) * (count - 1)
    return f"mean rank {mean:.1f} of {count} in {orders} order{'s' if orders > 1 else ''}"
