"""``pairwise``: every pair of candidates in both orders, ranked by a Bradley–Terry model.

Judges prefer the first or the second place (position bias; Zheng et al. 2023), so a pair counts as
decided only where both orders agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import combinations

from ..types import Candidate, Comparison, Judgment, Prompt
from .comparative import Comparative, Tally
from .compare import relations

# The weight of a tie that each pair is given beforehand. Without it the strength of a candidate
# that beats all others has no bound (Ford 1957); with it a score moves by less than what is shown.
_PRIOR = 0.001

Pairs = dict[tuple[int, int], list[int]]
"""Pair → what each order says of it: 1, 0 or -1 for the first being better, equal or worse."""


class Pairwise(Comparative):
    """See :class:`Comparative`; n candidates take n(n-1) calls."""

    protocol = "pairwise"

    async def __call__(self, prompt: Prompt, candidates: Sequence[Candidate]) -> Judgment:
        # The library takes a second to load: it does so while the judge reads.
        asyncio.get_running_loop().run_in_executor(None, import_module, "evalica")
        return await super().__call__(prompt, candidates)

    def orders(self, shuffled: Sequence[int]) -> Iterable[tuple[int, ...]]:
        """Every pair, and at once the other way round."""
        for a, b in combinations(shuffled, 2):
            yield a, b
            yield b, a

    def tally(self, comparisons: Sequence[Comparison], count: int) -> Tally:
        """See :func:`tally`."""
        return tally(comparisons, count)


def tally(comparisons: Iterable[Comparison], count: int) -> Tally:
    """Who is how good, from comparisons of pairs in both orders.

    A pair whose verdict changes with the order is a tie, and counted as flipped. One that was read
    in one order only is left out, since nothing tells its verdict from position bias. ``shares``
    are the expected shares of wins in the Bradley–Terry model of these outcomes.

    Parameters
    ----------
    comparisons : iterable of Comparison
        Of two candidates each.
    count : int
        How many candidates there are.
    """
    said: Pairs = {}
    for comparison in comparisons:
        for a, b, sign in relations(comparison):
            if (b, a) in said:
                said[b, a].append(-sign)
            else:
                said.setdefault((a, b), []).append(sign)
    both = {pair: signs for pair, signs in said.items() if len(signs) == 2}
    outcomes = {pair: one if one == two else 0 for pair, (one, two) in both.items()}
    flipped = [pair for pair, (one, two) in both.items() if one != two]
    shares = expected_shares(outcomes)
    return Tally(
        tuple(shares.get(i) for i in range(count)),
        tuple(_says(i, outcomes, flipped) for i in range(count)),
        len(both),
        len(flipped),
    )


def expected_shares(outcomes: Mapping[tuple[int, int], int]) -> dict[int, float]:
    """Each candidate's expected share of wins against all others, ties half, 0 to 1.

    Bradley–Terry (1952) with a tie as half a win of each. Newman's model (2023) has a parameter
    for ties instead; the few outcomes of one question do not determine it, and where there are no
    ties, or nothing else, its fit diverges. For a full round robin both give the observed shares;
    the model is for missing pairs.

    Parameters
    ----------
    outcomes : mapping
        Pair → 1, 0 or -1 for the first being better, equal or worse.
    """
    if not outcomes:
        return {}
    from evalica import Winner, bradley_terry, pairwise_scores

    winners = {1: Winner.X, 0: Winner.Draw, -1: Winner.Y}
    met = list(dict.fromkeys(i for pair in outcomes for i in pair))
    rows = [(a, b, winners[sign], 1.0) for (a, b), sign in outcomes.items()]
    rows += [(a, b, Winner.Draw, _PRIOR) for a, b in combinations(met, 2)]
    xs, ys, results, weights = map(list, zip(*rows, strict=True))
    fit = bradley_terry(xs, ys, results, weights=weights, tolerance=1e-9, limit=100_000)
    wins = pairwise_scores(fit.scores.loc[met].to_numpy())
    others = len(met) - 1
    return {i: float((wins[at].sum() - wins[at, at]) / others) for at, i in enumerate(met)}


def _says(
    index: int, outcomes: Mapping[tuple[int, int], int], flipped: Sequence[tuple[int, int]]
) -> str:
    """``beats 2, ties with 1 (1 flipped with the order)``"""
    signs = [s if pair[0] == index else -s for pair, s in outcomes.items() if index in pair]
    flips = sum(index in pair for pair in flipped)
    of_them = f" ({flips} flipped with the order)" if flips else ""
    said = (
        (signs.count(1), "beats {}"),
        (signs.count(0), f"ties with {{}}{of_them}"),
        (signs.count(-1), "loses to {}"),
    )
    return ", ".join(words.format(count) for count, words in said if count)
