"""How an engine's memory of keys and values is cut: so many streams, of so many cells each."""

from __future__ import annotations

from collections.abc import Sequence

PAGE = 256
"""Streams are a multiple of so many cells: llama.cpp rounds up to it."""

MOST_BYTES = 1 << 30
"""What several streams together may take, where one of the whole context does not take more."""

USUAL = 1024
"""Tokens of a usual call; so many streams are had as have room for one each."""


def pages(cells: int) -> int:
    """``cells`` rounded up to whole pages."""
    return -(-cells // PAGE) * PAGE


def streams_of(context: int, parallel: int, cell: int, spare: int = 0) -> int:
    """How many streams: one for each of ``parallel`` calls, as far as 1 GiB reaches.

    Parameters
    ----------
    context : int
        Tokens of the longest call.
    parallel : int
        Most calls at once.
    cell : int
        Bytes of one token's keys and values.
    spare : int
        Streams beside those of the calls.
    """
    room = MOST_BYTES // max(1, cell * min(USUAL, pages(context)))
    return max(1, min(parallel, room)) + spare


def most_cells(context: int, streams: int, cell: int, spare: int = 0) -> int:
    """How many cells in all: a whole context for each stream, as far as 1 GiB reaches.

    But one call always has its whole context.
    """
    one = pages(context)
    return max((1 + spare) * one, min(streams * one, MOST_BYTES // max(1, cell)))


def layout(
    now: tuple[int, int], busy: Sequence[int], needed: int, streams: int, most: int, spare: int = 0
) -> tuple[int, int] | None:
    """Streams, and cells of each, for one more call; None if others must end before.

    Their number changes only while no call is at work: what a stream holds can be taken along to
    longer streams, but not to more or fewer.

    Parameters
    ----------
    now : (int, int)
        Streams, and cells of each.
    busy : sequence of int
        The cells that each call at work needs.
    needed : int
        What one more needs.
    streams : int
        The usual number, from :func:`streams_of`.
    most : int
        From :func:`most_cells`.
    spare : int
        Streams beside those of the calls.
    """
    count, cells = now
    shortest = pages(max(needed, *busy, 1))
    if busy and len(busy) + spare >= count:
        return None
    if not busy:
        count = min(streams, most // shortest)
    longest = most // count // PAGE * PAGE
    return (count, max(shortest, min(cells, longest))) if shortest <= longest else None
