"""Which part of a prompt need not be read again, and in what pieces the rest is read.

Reuse must not change the answer, to the last bit. Kernels for one or a few rows differ in rounding
from those for many, and some work on groups of up to 32 rows. So only tokens that were *read* are
kept (what was written had been computed row by row), up to a multiple of 32; pieces begin and end
where they would for a fresh model; and none is left shorter than 32 that was not so before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

GROUP = 32


def reusable(read: Sequence[int], tokens: Sequence[int], piece: int) -> int:
    """How many of ``tokens`` a model that last read ``read`` can skip: a multiple of 32."""
    keep = min(_common(read, tokens), max(0, len(tokens) - 1)) // GROUP * GROUP
    left = min(len(tokens), (keep // piece + 1) * piece) - keep
    return keep if left >= GROUP or keep % piece == 0 else keep - GROUP


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the common beginning, by comparing slices: a loop over tokens would take longer."""
    shorter = range(1, min(len(a), len(b)) + 1)
    return bisect_left(shorter, True, key=lambda count: a[:count] != b[:count])


def pieces(keep: int, end: int, piece: int) -> Iterator[tuple[int, int]]:
    """The spans from ``keep`` to ``end`` that lie between multiples of ``piece``."""
    while keep < end:
        stop = min(end, (keep // piece + 1) * piece)
        yield keep, stop
        keep = stop


def piece_size(parameters: int, flops: float) -> int:
    """Tokens (32 to 512) that a machine of ``flops`` operations a second reads in about 0.4 s.

    Where a running step cannot be aborted, the length of a step is the time a cancel takes.
    """
    tokens = 0.4 * flops / (2 * max(1, parameters))
    return next((size for size in (512, 256, 128, 64) if size <= tokens), GROUP)
