"""``text``: the same content for terminals, logs and ``text/plain``.

Letters only: the sole escape sequences a terminal could meet would be a model's, and those are
taken out.
"""

from __future__ import annotations

import shutil

from ..answers import split_answer
from ..types import Failure, Fusion
from . import _words as words
from ._cells import cells, cut, pad, wrap

# The answer is printed whole up to so many characters and lines; fusion.text has the rest.
_LONGEST = 20_000
_MOST_LINES = 1_000
_ANSWER_LINES = 6
_MESSAGE_LINES = 20
_SHOWN = 20
_BAR = 10
_SIGN = {"loading": "·", "reading": "░", "writing": "█", "judging": "▓"}


def plain(fusion: Fusion, width: int | None = None) -> str:
    """``fusion`` as text of at most ``width`` cells a line (default: the terminal's)."""
    width = max(40, width or shutil.get_terminal_size((80, 24)).columns)
    parts = [
        _headline(fusion, width),
        _origin(fusion, width),
        *_rows(fusion, width),
        _timeline(fusion, width),
        _foot(fusion, width),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(fusion: Fusion, width: int) -> str:
    if not words.decided(fusion):
        return ""
    final, working = split_answer(words.clean(fusion.text))
    text = f"Answer: {final}\n\n{working}".strip() if final else working or words.EMPTY
    shown = words.beginning(text, _LONGEST, _MOST_LINES)
    lines = wrap(shown, width)
    if shown != text:
        lines += wrap(f"… and {len(text) - len(shown):,} more characters, in fusion.text", width)
    return "\n".join(lines)


def _origin(fusion: Fusion, width: int) -> str:
    lines = [""]
    for part in words.origin(fusion):
        joined = f"{lines[-1]} · {part}" if lines[-1] else part
        if cells(joined) <= width:
            lines[-1] = joined
        else:
            lines += wrap(part, width)
    lines = [line for line in lines if line]
    for remark in words.remarks(fusion):
        lines += _indented(f"! {remark}", width, "  ", first="")
    return "\n".join(lines)


def _indented(
    text: str, width: int, indent: str, first: str | None = None, limit: int | None = None
) -> list[str]:
    lines = wrap(text, width - cells(indent), limit)
    start = indent if first is None else first
    return [(start if i == 0 else indent) + line for i, line in enumerate(lines)]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def _rows(fusion: Fusion, width: int) -> list[str]:
    rows = words.rows(fusion)
    names = [r.candidate.member for r in rows] + [f.member for f in fusion.failures]
    column = min(
        max((cells(words.one_line(name)) for name in names), default=0), max(16, width - 52)
    )
    parts = [_row(row, fusion, column, width) for row in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        parts.append(f"… and {len(rows) - _SHOWN} more, in fusion.candidates")
    parts += [_failure(failure, column, width) for failure in fusion.failures[:_SHOWN]]
    if len(fusion.failures) > _SHOWN:
        parts.append(f"… and {len(fusion.failures) - _SHOWN} more, in fusion.failures")
    return parts


def _row(row: words.Row, fusion: Fusion, column: int, width: int) -> str:
    candidate, verdict = row.candidate, row.verdict
    facts = [
        f"{candidate.usage.completion_tokens:,} tokens",
        words.seconds(candidate.timing.seconds),
        f"{words.speed(candidate)} tokens/s",
    ]
    if verdict is not None and verdict.score is not None:
        facts.insert(0, f"{_bar(verdict.score)} {words.score(verdict.score):>4}")
    elif row.unread:
        facts.insert(0, "not scored")
    lines = [
        cut(
            f"{row.rank:>3} {pad(words.one_line(candidate.member), column)}  " + " · ".join(facts),
            width,
        )
    ]
    lines += _answer(row, fusion, width)
    if verdict is not None:
        for text in (verdict.rationale, verdict.error):
            if text:
                lines += _indented(words.clean(text).strip(), width, "    ", limit=_ANSWER_LINES)
    return "\n".join(lines)


def _bar(score: float) -> str:
    full = max(0, min(_BAR, round(score * _BAR / 10)))
    return "█" * full + "░" * (_BAR - full)


def _answer(row: words.Row, fusion: Fusion, width: int) -> list[str]:
    if row.chosen and row.candidate.text == fusion.text:
        lines = ["    chosen: the answer above"]
    else:
        final, working = split_answer(words.clean(row.candidate.text))
        text = f"Answer: {final}\n{working}".strip() if final else working or words.EMPTY
        lines = _quoted(text, width)
    return lines + ([f"    {row.cut}"] if row.cut else [])


def _quoted(text: str, width: int) -> list[str]:
    """The beginning of what a member wrote, apart from what is said of it."""
    return _indented(text, width, "    > ", limit=_ANSWER_LINES)


def _failure(failure: Failure, column: int, width: int) -> str:
    name = pad(words.one_line(failure.member), column)
    lines = [cut(f"  – {name}  {words.failed(failure)}", width)]
    for text in (failure.message, failure.hint):
        if text:
            lines += _indented(words.clean(text).strip(), width, "    ", limit=_MESSAGE_LINES)
    if partial := words.clean(failure.partial).strip():
        lines += ["    what it had written:", *_quoted(partial, width)]
    return "\n".join(lines)


# ── timeline ─────────────────────────────────────────────────────────────────────────────────


def _timeline(fusion: Fusion, width: int) -> str:
    every, whole = words.tracks(fusion), fusion.seconds
    if not every or whole <= 0:
        return ""
    tracks = every[:_SHOWN]
    labels = [track.label for track in tracks]
    column = min(max(map(cells, labels)), width // 3)
    room = width - column - 12
    lines = [
        f"{pad(label, column)}  {_strip(track, whole, room)}  {words.seconds(track.seconds):>8}"
        for label, track in zip(labels, tracks, strict=True)
    ]
    if len(every) > _SHOWN:
        lines.append(f"… and {len(every) - _SHOWN} more, in fusion.timeline")
    kinds = {phase.what for track in tracks for phase in track.phases}
    legend = "  ".join(f"{sign} {what}" for what, sign in _SIGN.items() if what in kinds)
    return "\n".join([*lines, *_indented(legend, width, " " * (column + 2))])


def _strip(track: words.Track, whole: float, room: int) -> str:
    strip = [" "] * room
    for what, start, end in track.phases:
        first = min(room - 1, int(start / whole * room))
        last = max(first + 1, round(end / whole * room))
        strip[first:last] = _SIGN[what] * (min(last, room) - first)
    return "".join(strip)


def _foot(fusion: Fusion, width: int) -> str:
    if not fusion.calls:
        return ""
    return "\n".join(wrap(f"{words.seconds(fusion.seconds)} · {words.total(fusion)}", width))
