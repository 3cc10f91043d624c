"""The forms of the judge's replies on several answers, to read what it wrote."""

from __future__ import annotations

from typing import TypeVar

import msgspec

Reply = TypeVar("Reply", bound=msgspec.Struct)


class Ranked(msgspec.Struct, forbid_unknown_fields=True):
    """A comparison: ``ranking`` has groups of answer numbers, the best first."""

    check: str
    rationale: str
    ranking: list[list[int]]


class Point(msgspec.Struct, forbid_unknown_fields=True):
    """Something that answers agree on."""

    point: str
    answers: list[int]


class Stance(msgspec.Struct, forbid_unknown_fields=True):
    """What answers say on a topic."""

    stance: str
    answers: list[int]


class Contradiction(msgspec.Struct, forbid_unknown_fields=True):
    """A topic on which answers differ."""

    topic: str
    stances: list[Stance]


class Topic(msgspec.Struct, forbid_unknown_fields=True):
    """A topic that only some answers have right."""

    topic: str
    answers: list[int]


class Insight(msgspec.Struct, forbid_unknown_fields=True):
    """What one answer alone has right."""

    insight: str
    answer: int


class Analysed(msgspec.Struct, forbid_unknown_fields=True):
    """An analysis."""

    check: str
    consensus: list[Point]
    contradictions: list[Contradiction]
    partial_coverage: list[Topic]
    unique_insights: list[Insight]
    blind_spots: list[str]


class Sentence(msgspec.Struct, forbid_unknown_fields=True):
    """A piece of the merged answer and the numbers of the answers that support it."""

    text: str
    answers: list[int]


class Merged(msgspec.Struct, forbid_unknown_fields=True):
    """A merged answer: its texts, joined by line breaks."""

    sentences: list[Sentence]


def read(reply: str, form: type[Reply]) -> Reply | None:
    """The reply in its form; None where it cannot be read."""
    try:
        return msgspec.json.decode(reply, type=form)
    except (msgspec.MsgspecError, RecursionError):
        return None
