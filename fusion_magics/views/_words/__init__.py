"""What a fusion says of itself, in words: the same in every view."""

from .jurors import Card, Scorecard, scorecard
from .merging import Piece, pieces
from .numbers import cost, score, seconds, speed, total
from .origin import origin, remarks
from .outline import Item, Section
from .rows import OWN, Row, broke, decided, failed, lost, rows
from .sections import sections
from .texts import EMPTY, beginning, clean, first_line, one_line, several, shortened
from .tracks import Phase, Track, tracks

__all__ = [
    "EMPTY",
    "OWN",
    "Card",
    "Item",
    "Phase",
    "Piece",
    "Row",
    "Scorecard",
    "Section",
    "Track",
    "beginning",
    "broke",
    "clean",
    "cost",
    "decided",
    "failed",
    "first_line",
    "lost",
    "one_line",
    "origin",
    "pieces",
    "remarks",
    "rows",
    "score",
    "scorecard",
    "seconds",
    "sections",
    "several",
    "shortened",
    "speed",
    "total",
    "tracks",
]
