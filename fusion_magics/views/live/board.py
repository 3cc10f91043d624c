"""What a page is told of a running pool: everything once, then only what is new."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from .. import _words as words
from ..progress import Board, Line
from ..screens import doing, heading

Message = dict[str, Any]

# Characters of a text that a column shows; the result has all of it.
_SHOWN = 8_000
# Seconds between two readings of a speed: faster ones only flicker.
_STEADY = 0.5


@dataclass(slots=True)
class _Told:
    """What the page knows of one line."""

    asked: int = 0
    pieces: int = 0
    phases: int = 0
    doing: str = ""
    at: float = -inf


class BoardStream:
    """Turns a :class:`~fusion_magics.views.progress.Board` into messages for a page.

    Parameters
    ----------
    about : str
        What stands beside the heading, such as the mode.
    """

    def __init__(self, about: str = "") -> None:
        self._about = about
        self._number = 0
        self._told: dict[str, _Told] = {}
        self._common: Message = {}

    def whole(self, board: Board) -> Message:
        """All there is: for a page that sees this run for the first time, or lost a message."""
        self._told = {label: _Told() for label in board.members}
        self._common = {}
        columns = [self._column(line, board.now) or {} for line in board.members.values()]
        labels = [words.one_line(label) for label in board.members]
        return {
            "k": "board",
            "about": self._about,
            "columns": [{"label": label, **c} for label, c in zip(labels, columns, strict=True)],
            **self._of_all(board),
        }

    def changes(self, board: Board) -> Message:
        """What is new since the last message."""
        columns = {
            i: column
            for i, line in enumerate(board.members.values())
            if (column := self._column(line, board.now))
        }
        return {"k": "delta", "columns": columns, **self._of_all(board)}

    def _of_all(self, board: Board) -> Message:
        """What is said of the run as a whole, and was not said before."""
        self._number += 1
        now = {"title": heading(board), "judge": _judging(board)}
        new = {key: value for key, value in now.items() if self._common.get(key) != value}
        self._common = now
        return {"n": self._number, "now": round(board.now, 2), **new}

    def _column(self, line: Line, now: float) -> Message | None:
        told = self._told[line.label]
        column: Message = {}
        if told.asked != line.asked:  # in a debate each round begins anew
            told.asked, told.pieces, told.phases = line.asked, 0, 0
            column["text"] = ""
        if len(line.pieces) > told.pieces:
            fresh = "".join(line.pieces[told.pieces :])
            column["cut"] = len(fresh) > _SHOWN
            column["add"] = words.clean(fresh[-_SHOWN:])
            told.pieces = len(line.pieces)
        if len(line.phases) > told.phases or now - told.at > _STEADY:
            self._state(line, now, told, column)
        return column or None

    def _state(self, line: Line, now: float, told: _Told, column: Message) -> None:
        told.at = now
        if (text := doing(line, now)) != told.doing or len(line.phases) > told.phases:
            told.doing, told.phases = text, len(line.phases)
            column |= {"doing": text, "state": line.state, "phases": _phases(line)}


def _phases(line: Line) -> list[list[str | float]]:
    return [[state, round(start, 2)] for state, start in line.phases]


def _judging(board: Board) -> Message | None:
    """The judge's calls as one line, and how many of them are done."""
    now = board.judges_now
    if now is None:
        return None
    lines = list(board.judging.values())
    label = words.one_line(board.judge or "the judge")
    first = min((line.phases[0][1] for line in lines if line.phases), default=None)
    since = None if first is None else round(first, 2)
    return {
        "label": label,
        "doing": doing(now, board.now),
        "done": sum(line.ended for line in lines),
        "of": len(lines),
        "since": since,
    }
