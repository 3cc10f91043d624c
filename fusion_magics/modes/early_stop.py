"""When a vote may stop asking: adaptive consistency (Aggarwal et al. 2023, arXiv:2305.11860)."""

from __future__ import annotations

from math import comb, fsum

from ..answers import votes
from ..pool import Enough
from ..types import Answers
from .case import Case


def safe_lead(case: Case, threshold: float) -> Enough:
    """Whether the leading answer is safe: nobody left could overtake it, or it will stay ahead
    with a probability of at least ``threshold``.

    With unequal weights a vote is no sample of one distribution: there only the first counts.
    """
    weight = case.weights
    equal = len(set(weight.values())) == 1

    def enough(given: Answers) -> bool:
        texts = [c.text for c in given.candidates]
        weighted = votes(texts, case.read, [weight[c.member] for c in given.candidates])
        first, second = sorted((*weighted.values(), 0.0, 0.0), reverse=True)[:2]
        heard = {c.member for c in given.candidates} | {f.member for f in given.failures}
        if first - second > fsum(w for member, w in weight.items() if member not in heard):
            return True
        if not equal or first == second:
            return False
        counts = sorted((*votes(texts, case.read).values(), 0.0), reverse=True)
        return stays_ahead(int(counts[0]), int(counts[1])) >= threshold

    return enough


def stays_ahead(first: int, second: int) -> float:
    """The probability that the answer with ``first`` votes is the majority's over that with
    ``second``: the share of a Beta(first + 1, second + 1) above one half, 0.5 to 1.

    It is exact: the tail of a binomial distribution.
    """
    n = first + second + 1
    return float(sum(comb(n, k) for k in range(first + 1)) / 2**n)
