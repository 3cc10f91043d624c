"""Text in the cells of a terminal, where a Chinese character is two wide and an accent none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def cells(text: str) -> int:
    """How many cells ``text`` takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells."""
    text = text[: 8 * width]  # enough for any cut, and a megabyte is not measured
    if cells(text) <= width:
        return text
    return _head(text, width - 1) + "…"


def pad(text: str, width: int, right: bool = False) -> str:
    """``text`` cut or filled to exactly ``width`` cells."""
    text = cut(text, width)
    fill = " " * (width - cells(text))
    return fill + text if right else text + fill


def wrap(text: str, width: int, limit: int | None = None) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken at spaces where there are any.

    More than ``limit`` lines are cut with an ellipsis.
    """
    lines: list[str] = []
    for line in _wrapped(text, width):
        if limit is not None and len(lines) == limit:
            lines[-1] = cut(lines[-1] + " …", width) if lines[-1] else "…"
            break
        lines.append(line)
    return lines


def _wrapped(text: str, width: int) -> Iterator[str]:
    for line in text.expandtabs(4).split("\n"):
        start = 0
        while True:
            piece = _head(line[start : start + 8 * width], width)
            end = start + len(piece)
            if end >= len(line):
                yield line[start:].rstrip()
                break
            space = line.rfind(" ", start + 1, end + 1)
            stop = space if space > start else end
            yield line[start:stop].rstrip()
            start = stop + 1 if space > start else stop


def _head(text: str, width: int) -> str:
    """The longest beginning of ``text`` that fits ``width`` cells; at least one character."""
    if text.isascii():
        return text[:width]
    used = 0
    for i, char in enumerate(text):
        used += _width(char)
        if used > width:
            return text[: max(i, 1)]
    return text
