"""What a text answers, in a form that can be compared and counted."""

from __future__ import annotations

from .final import Stated, comparable, final_answer, normalise, split_answer
from .readers import READERS, Read, by_meaning, reader_of, whole
from .similarity import similarity, stated
from .votes import draw, votes
from .words import Part, difference

__all__ = [
    "READERS",
    "Part",
    "Read",
    "Stated",
    "by_meaning",
    "comparable",
    "difference",
    "draw",
    "final_answer",
    "normalise",
    "reader_of",
    "similarity",
    "split_answer",
    "stated",
    "votes",
    "whole",
]
