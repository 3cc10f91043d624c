"""Pieces of text that are safe to show, and small words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...text import printable

# Half of a UTF-16 pair is no character: it cannot be sent or saved, and one would lose the cell.
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
# Accents stacked without end would cover the lines above and below; no script needs more.
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED = re.compile(f"([{_ACCENTS}]{{4}})[{_ACCENTS}]+")
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
EMPTY = "an empty answer"


def clean(text: str) -> str:
    """``text`` from a model, safe to hand to a terminal, to HTML's escaping and to UTF-8."""
    text = printable(text)
    if text.isascii():  # most are, and four times as fast
        return text
    text = _LONE_SURROGATES.sub("\ufffd", text)
    return _STACKED.sub(r"\1", text.replace("\u2028", "\n").replace("\u2029", "\n"))


def one_line(text: str) -> str:
    """A name or a word, for a place that has room for one line."""
    return " ".join(clean(text).split())


def first_line(text: str, limit: int) -> str:
    """The first line of ``text`` that holds anything, cut at ``limit`` characters."""
    # Only the beginning is looked at: the text may be one line of a megabyte.
    lines = (line.strip() for line in text[: 20 * limit].splitlines())
    return shortened(next((line for line in lines if line), ""), limit)


def shortened(text: str, limit: int) -> str:
    """``text`` cut at ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def beginning(text: str, characters: int, lines: int) -> str:
    """As much of ``text`` as fits both limits."""
    return "\n".join(text[:characters].split("\n", lines)[:lines])


def counted(count: int) -> str:
    """``no``, ``one`` … ``ten``, ``11``."""
    return _COUNTS[count] if count < len(_COUNTS) else f"{count:,}"


def several(count: int, what: str) -> str:
    """``1 member``, ``3 members``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
