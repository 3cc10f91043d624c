"""Counting answers, and drawing among equals."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from math import fsum

from .final import comparable
from .readers import Read


def votes(
    texts: Sequence[str], read: Read = comparable, weights: Sequence[float] | None = None
) -> dict[str, float]:
    """Final answer → the votes for it; texts without one do not vote.

    Parameters
    ----------
    texts : sequence of str
        One per voter.
    read : callable
        How the final answer is read.
    weights : sequence of float, optional
        What the vote of each text counts; default 1.
    """
    given: dict[str, list[float]] = defaultdict(list)
    for text, weight in zip(texts, weights or [1.0] * len(texts), strict=True):
        given[read(text)].append(weight)
    # fsum rounds once: the same votes in another order have the same sum. And 0.1 + 0.2 is 0.3.
    return {answer: round(fsum(each), 9) for answer, each in given.items() if answer}


def draw(seed: int, text: str) -> bytes:
    """A number for ``text`` that only ``seed`` and ``text`` decide: how ties are drawn.

    Members and their order play no part, so that shuffling a pool does not change its answer.
    """
    return hashlib.blake2b(text.encode(), digest_size=8, salt=seed.to_bytes(8)).digest()
