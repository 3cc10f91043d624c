"""What a text answers, in a form that can be compared and counted."""

from __future__ import annotations

from .final import Stated, comparable, final_answer, normalise, split_answer
from .readers import READERS, Read, by_meaning, reader_of, whole
from .votes import draw, votes

__all__ = [
    "READERS",
    "Read",
    "Stated",
    "by_meaning",
    "comparable",
    "draw",
    "final_answer",
    "normalise",
    "reader_of",
    "split_answer",
    "votes",
    "whole",
]
