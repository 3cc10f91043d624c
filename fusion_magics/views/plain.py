"""``text``: the same content for terminals, logs and ``text/plain``.

Letters only: the sole escape sequences a terminal could meet would be a model's, and those are
taken out.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from ..answers import split_answer
from ..types import CriterionScore, Failure, Fusion
from . import _words as words
from ._cells import cells, cut, pad, wrap

# The answer is printed whole up to so many characters and lines; fusion.text has the rest.
_LONGEST = 20_000
_MOST_LINES = 1_000
_ANSWER_LINES = 6
_MESSAGE_LINES = 20
_SAID_LINES = 4
_SECTION_LINES = 40
_SHOWN = 20
_BAR = 10
_SIGN = {"loading": "·", "reading": "░", "writing": "█", "judging": "▓"}


def plain(fusion: Fusion, width: int | None = None) -> str:
    """``fusion`` as text of at most ``width`` cells a line (default: the terminal's)."""
    width = max(40, width or shutil.get_terminal_size((80, 24)).columns)
    parts = [
        _headline(fusion, width),
        _origin(fusion, width),
        _jury(fusion, width),
        *_rows(fusion, width),
        *(_section(section, width) for section in words.debate_sections(fusion)),
        *(_section(section, width) for section in words.sections(fusion)),
        _timeline(fusion, width),
        _foot(fusion, width),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(fusion: Fusion, width: int) -> str:
    if not words.decided(fusion):
        return ""
    text = _merged(fusion) if fusion.passages else _own(fusion.text)
    shown = words.beginning(text, _LONGEST, _MOST_LINES)
    lines = wrap(shown, width)
    if shown != text:
        lines += wrap(f"… and {len(text) - len(shown):,} more characters, in fusion.text", width)
    return "\n".join(lines)


def _own(text: str, between: str = "\n\n") -> str:
    final, working = split_answer(words.clean(text))
    return f"Answer: {final}{between}{working}".strip() if final else working or words.EMPTY


def _merged(fusion: Fusion) -> str:
    """Each passage with the numbers of the rows that support it."""
    # Behind a line of its own, such as the end of a block of code, the numbers would join it.
    return "".join(
        text + (("\n" if "\n" in text else " ") + mark if mark else "")
        for text, mark in words.pieces(fusion)
    )


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


# ── jury ─────────────────────────────────────────────────────────────────────────────────────


def _jury(fusion: Fusion, width: int) -> str:
    found = words.scorecard(fusion)
    if found is None:
        return ""
    lines = wrap(" · ".join(found.headline), width)
    for card in found.cards[:_SHOWN]:
        lines.append(cut(f"  {card.vote:<9} {card.juror}", width))
        reason = words.clean(card.reason).strip()
        lines += _indented(reason, width, " " * 12, limit=_SAID_LINES) if reason else []
    if len(found.cards) > _SHOWN:
        lines.append(f"  … and {len(found.cards) - _SHOWN} more, in fusion.judgment.panel")
    for line in found.missing:
        lines += _indented(line, width, "  ")
    return "\n".join(lines)


# ── sections ─────────────────────────────────────────────────────────────────────────────────


def _section(section: words.Section, width: int) -> str:
    lines = [line for item in section.items for line in _item(item, width, 2)]
    shown = lines[:_SECTION_LINES]
    if len(lines) > len(shown):
        shown.append(
            cut(f"  … and {len(lines) - len(shown)} more lines, in {section.where}", width)
        )
    return "\n".join([*wrap(section.title, width), *shown])


def _item(item: words.Item, width: int, indent: int) -> list[str]:
    said = words.clean(item.text).strip()
    text = ": ".join(part for part in (item.lead, said) if part)
    text = f"{text} {item.mark}" if item.mark else text
    start, rest = " " * indent, " " * (indent + 2)
    lines = _indented(text, width, rest, first=start, limit=_SAID_LINES)
    return lines + [line for below in item.items for line in _item(below, width, indent + 2)]


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


def _rows(fusion: Fusion, width: int) -> list[str]:
    rows = words.rows(fusion)
    failures = words.lost(fusion)
    names = [r.candidate.member for r in rows] + [f.member for f in failures]
    column = min(
        max((cells(words.one_line(name)) for name in names), default=0), max(16, width - 52)
    )
    parts = [_row(row, fusion, column, width) for row in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        parts.append(f"… and {len(rows) - _SHOWN} more, in fusion.candidates")
    parts += [_failure(failure, column, width) for failure in failures[:_SHOWN]]
    if len(failures) > _SHOWN:
        parts.append(f"… and {len(failures) - _SHOWN} more, in fusion.failures")
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
    standing = "" if row.chosen else row.standing
    facts += [fact for fact in (row.split, standing, row.vote) if fact]
    name = pad(words.one_line(candidate.member), column)
    lines = [cut(f"{row.number:>3} {name}  " + " · ".join(facts), width)]
    lines += _answer(row, fusion, width)
    if row.late:
        lines += _indented(words.clean(row.late), width, "    ", limit=_ANSWER_LINES)
    if verdict is not None:
        lines += _criteria(verdict.criteria, width)
        for text in (verdict.rationale, verdict.error):
            if text:
                lines += _indented(words.clean(text).strip(), width, "    ", limit=_ANSWER_LINES)
    return "\n".join(lines)


def _criteria(criteria: Sequence[CriterionScore], width: int) -> list[str]:
    """``correct 9.2 · complete 8.4``."""
    scores = [f"{words.one_line(c.name)} {words.score(c.score)}" for c in criteria]
    return _indented(" · ".join(scores), width, "    ", limit=_SAID_LINES) if scores else []


def _bar(score: float) -> str:
    full = max(0, min(_BAR, round(score * _BAR / 10)))
    return "█" * full + "░" * (_BAR - full)


def _answer(row: words.Row, fusion: Fusion, width: int) -> list[str]:
    if row.chosen and row.candidate.text == fusion.text:
        lines = ["    chosen: the answer above"]
    else:
        lines = _quoted(_own(row.candidate.text, "\n"), width)
    if critique := words.clean(row.critique).strip():
        lines += ["    of the others it says:", *_quoted(critique, width)]
    if row.candidate.thinking:
        lines.append(f"    thought first: {len(row.candidate.thinking):,} characters")
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
