"""A merged answer: who supports which passage, and the analysis that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...text import trim
from ...types import Contradiction, Fusion, Point
from .outline import Item, Section
from .rows import cited, numbers
from .texts import clean, one_line

# An analysis of more points is folded.
_SHOWN = 16


class Piece(NamedTuple):
    """A part of the answer, and the rows it rests on: ``[1 2]``, ``[own]``; empty: not known."""

    text: str
    mark: str = ""


def pieces(fusion: Fusion) -> list[Piece]:
    """The whole answer in pieces: its passages, and what stands between them.

    The answer is shown as it is: a passage that is not found in it, after the one before, has no
    place there.
    """
    text, end = trim(clean(fusion.text)), 0
    places = numbers(fusion)
    found: list[Piece] = []
    for passage in fusion.passages:
        words = clean(passage.text).strip()
        at = text.find(words, end)
        if not words or at < 0:
            continue
        # The indentation of its first line is part of a block of code.
        start = at if "\n" not in words else end + len(text[end:at].rstrip(" \t"))
        stop = at + len(words)
        mark = cited(passage.candidates, places)
        found += [Piece(text[end:start]), Piece(text[start:stop], mark)]
        end = stop
    return [piece for piece in (*found, Piece(text[end:])) if piece.text]


def analysis(fusion: Fusion) -> Section | None:
    """What the candidates share and where they differ; parts with nothing in them are left out."""
    judgment = fusion.judgment
    if judgment is None or judgment.analysis is None:
        return None
    found = judgment.analysis
    places = numbers(fusion)
    parts = {
        "consensus": _points(found.consensus, places),
        "contradictions": [_contradiction(c, places) for c in found.contradictions],
        "partial coverage": _points(found.partial_coverage, places),
        "unique insights": _points(found.unique_insights, places),
        "blind spots": [Item(text=spot) for spot in found.blind_spots],
    }
    items = [Item(lead, items=tuple(said)) for lead, said in parts.items() if said]
    points = sum(len(said) for said in parts.values())
    title = "analysis" if items else "analysis: nothing was found to report"
    if found.working:
        names = [one_line(c.member) for c in fusion.candidates]
        # The working numbers the candidates as they were shown.
        shown = ", ".join(names[i] for i in judgment.order)
        items.append(Item("shown", shown, working=found.working))
    return Section(title, tuple(items), "fusion.judgment.analysis", shown=points <= _SHOWN)


def _points(points: Sequence[Point], places: dict[int, int]) -> list[Item]:
    return [Item(text=p.text, mark=_who(p, places)) for p in points]


def _contradiction(found: Contradiction, places: dict[int, int]) -> Item:
    return Item(text=found.topic, items=tuple(_points(found.stances, places)))


def _who(point: Point, places: dict[int, int]) -> str:
    return cited(point.candidates, places) if point.candidates else ""
