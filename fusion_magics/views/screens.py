"""Where a progress is drawn: in a notebook's output, or on one line of a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TextIO

from . import _words as words
from ._cells import cut
from ._html import NO_MATH, esc, name
from ._output import Output

if TYPE_CHECKING:
    from ..types import Fusion
    from .progress import Board, Line, Screen

# Letters of what a member writes: the end of it, so the style sheet's own cut comes too late.
_LAST = 60

# In the label of a judge's call that compares answers: `tiny:judge on tiny:sums`.
_COMPARES = " on "

# More members are counted, not listed, so that the notebook does not jump.
_LISTED = 12

_STYLE = (
    "<style>.fz-run{font:13px/1.6 var(--jp-ui-font-family,system-ui,sans-serif);"
    "color:inherit;max-width:1040px;--dim:color-mix(in srgb,currentColor 70%,transparent)}"
    ".fz-run.fz-run p{margin:0;font-size:12px;color:var(--dim)}.fz-run b{font-weight:600}"
    ".fz-run.fz-run table{width:100%;table-layout:fixed;border-collapse:collapse;margin:4px 0 0;"
    "font-size:13px}"
    ".fz-run.fz-run tbody tr{background:none;border:0;border-top:1px solid "
    "color-mix(in srgb,currentColor 13%,transparent)}"
    ".fz-run.fz-run :is(th,td){padding:3px 14px 3px 0;text-align:start;border:0;font-weight:400;"
    "overflow:hidden;white-space:nowrap;text-overflow:ellipsis}"
    ".fz-run.fz-run th{width:22%;font-weight:600}.fz-run.fz-run td{width:20%}"
    ".fz-run.fz-run td:last-child{width:58%;color:var(--dim)}"
    # In the frame in which the result appears, and before the progress is taken away.
    ".jp-OutputArea-child:has(.fz-run):has(~.jp-OutputArea-executeResult){display:none}</style>"
)


def screen_for(show: bool = True, view: str = "table", about: str = "") -> Screen | None:
    """The screen that someone is looking at, or None.

    ``about`` says what runs, beside what it does.
    """
    if not show:
        return None
    if view == "live" and can_be_live():
        from .live.live import Live

        return Live(about=about)
    if front_end():
        return Notebook()
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return Terminal(sys.stderr)
    return None


def front_end() -> bool:
    """Whether this is a kernel with a person before it.

    Executors (nbclient, papermill, ``jupyter execute``) say that nobody can be asked for input;
    there a progress would only leave an empty output in the file.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return False
    parent: dict[str, Any] = kernel.get_parent() or {}
    return bool(parent.get("content", {}).get("allow_stdin", True))


def can_be_live() -> bool:
    """Whether a person looks at a front end, and the package that speaks with it is there."""
    return front_end() and find_spec("anywidget") is not None


# ── in words ─────────────────────────────────────────────────────────────────────────────────


def heading(board: Board) -> str:
    """``Asking 3 members: 1 done, 2 writing``, ``Debate, round 2: …``, then what the judge does."""
    states = [line.state for line in board.members.values()]
    if board.judging:
        answered = f"{states.count('done')} of {words.several(len(states), 'member')} answered"
        return f"{answered} · {_judging(board)}"
    counted = {state: states.count(state) for state in dict.fromkeys(states)}
    counts = ", ".join(f"{n} {state}" for state, n in counted.items())
    asked = f"Asking {words.several(len(states), 'member')}"
    return f"{f'Debate, round {board.round}' if board.round else asked}: {counts}"


def _judging(board: Board) -> str:
    """``tiny:judge is judging: 2 of 6 pairs``, ``tiny:judge: synthesis``"""
    now = board.judges_now
    if now is not None and _COMPARES not in now.label:
        return words.one_line(now.label)
    ended = [line.ended for line in board.judging.values() if _COMPARES in line.label]
    judge = words.one_line(board.judge or "the judge")
    return f"{judge} is judging: {sum(ended)} of {words.several(len(ended), board.unit)}"


def doing(line: Line, now: float) -> str:
    """``writing · 31 tokens/s``, ``done · 4.8 s``."""
    if line.state == "writing" and line.writing is not None:
        spent = now - line.writing
        # Engines send about one token per piece; the exact number comes with the end.
        return (
            f"writing · {len(line.pieces) / spent:,.0f} tokens/s"
            if spent > 0.3 and len(line.pieces) > 1
            else "writing"
        )
    if line.state == "queued":
        return "queued"
    if line.state in ("loading", "reading"):
        return f"{line.state} · {max(0.0, now - line.since):.0f} s"
    return f"{line.state} · {words.seconds(line.since)}"


def tail(line: Line) -> str:
    """The last of what a member has written, on one line."""
    text = words.one_line(line.tail)
    return text if len(text) <= _LAST else "…" + text[1 - _LAST :]


# ── a notebook ───────────────────────────────────────────────────────────────────────────────


def board_html(board: Board) -> str:
    """A board as HTML, of a height that depends only on the members and whether someone judges."""
    lines = list(board.members.values())
    lines = lines if len(lines) <= _LISTED else []
    rows = "".join(_row(line, line.label, board.now) for line in lines)
    if judging := board.judges_now:
        # Whom it judges would not fit, and change too fast to be read.
        rows += _row(judging, judging.label.partition(_COMPARES)[0], board.now)
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    clock = words.seconds(board.now)
    return (
        f'<div class="fz fz-run {NO_MATH}" role="status" aria-live="off">{_STYLE}'
        f"<p><b>{esc(heading(board))}</b> · {clock}</p>{table}</div>"
    )


def _row(line: Line, who: str, now: float) -> str:
    return (
        f'<tr><th scope="row">{name(who)}</th><td>{esc(doing(line, now))}</td>'
        f'<td dir="auto">{esc(tail(line))}</td></tr>'
    )


class Notebook(Output):
    """An output of the running cell, drawn anew each time.

    The style sheet hides it in the frame in which the result appears.
    """

    ticks = 3

    def draw(self, board: Board) -> None:
        # No text/plain: a console would print it at every update.
        self.put({"text/html": board_html(board)})


# ── a terminal ───────────────────────────────────────────────────────────────────────────────


def board_line(board: Board, width: int) -> str:
    """A board as one line of a terminal."""
    text = f"{words.seconds(board.now)} · {heading(board)}"
    if board.judging and (line := board.judges_now):
        return cut(f"{text} · {doing(line, board.now)}", width)
    active = [m for m in board.members.values() if m.state not in ("queued", "done")]
    for line in active:
        text += f" · {words.one_line(line.label)} {doing(line, board.now)}"
    return cut(text, width)


class Terminal:
    """One line, written again and again."""

    ticks = 3

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn = False

    def draw(self, board: Board) -> None:
        width = shutil.get_terminal_size((80, 24)).columns - 1
        self._write(board_line(board, width))
        self._drawn = True

    def close(self, result: Fusion | None) -> None:
        if self._drawn:
            self._write("")

    def _write(self, text: str) -> None:
        # Back to the first column, and clear to the end of the line.
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()
