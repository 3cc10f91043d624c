"""What a fusion says of itself, in words: the same in every view."""

from .agreeing import Agreement, agreement, auto, jurors_agreement
from .debating import Debate, Message, Round, debate
from .jurors import Card, Scorecard, scorecard
from .merging import Piece, pieces
from .numbers import cost, score, seconds, speed, total
from .origin import origin, remarks
from .outline import Item, Section
from .rows import OWN, Row, broke, decided, failed, lost, rows
from .sections import debate_sections, sections
from .texts import EMPTY, beginning, clean, first_line, one_line, several, shortened
from .tracks import Phase, Track, tracks

__all__ = [
    "EMPTY",
    "OWN",
    "Agreement",
    "Card",
    "Debate",
    "Item",
    "Message",
    "Phase",
    "Piece",
    "Round",
    "Row",
    "Scorecard",
    "Section",
    "Track",
    "agreement",
    "auto",
    "beginning",
    "broke",
    "clean",
    "cost",
    "debate",
    "debate_sections",
    "decided",
    "failed",
    "first_line",
    "jurors_agreement",
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
