"""Questions in two parts that belong to different families (merging answers needs them)."""

from __future__ import annotations

from random import Random

from .kinds import Question

MULTI_PART = "multi"
WORDINGS = (
    "Two things: {x} And {y}",
    "Two questions. {x} And also: {y}",
    "First: {x} Second: {y}",
    "1) {x} 2) {y}",
    "{x} Also: {y}",
    "{x} And then: {y}",
    "I have two questions. {x} {y}",
    "Answer both: {x} And: {y}",
)


def _sentence(text: str) -> str:
    return text if text[-1] in ".?" else text + "."


def join_parts(rng: Random, first: Question, second: Question) -> Question:
    """Both questions as one; workings on two lines, answers joined by a semicolon."""
    return Question(
        family=MULTI_PART,
        kind=MULTI_PART,
        text=rng.choice(WORDINGS).format(x=_sentence(first.text), y=_sentence(second.text)),
        working=f"{first.working}\n{second.working}",
        answer=f"{first.answer}; {second.answer}",
        key=f"{first.key} + {second.key}",
    )
