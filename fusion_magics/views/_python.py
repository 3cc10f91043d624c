"""Values as Python code, laid out as black does: on one line, or one item a line, 88 columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..types import Message, Prompt

_WIDTH = 88
_INDENT = 4


@dataclass(frozen=True)
class Code:
    """An expression: ``head`` alone, before a ``text``, or before ``items`` and ``tail``."""

    head: str = ""
    items: tuple[Code, ...] = ()
    tail: str = ""
    between: str = ", "
    text: str | None = None

    def __str__(self) -> str:
        if self.text is not None:
            return self.head + quoted(self.text)
        return f"{self.head}{self.between.join(map(str, self.items))}{self.tail}"


def quoted(text: str) -> str:
    """``text`` as a literal on one line, in double quotes where it has none itself.

    What cannot be seen, or would reorder what can, is written as an escape.
    """
    literal = repr(text)
    return f'"{literal[1:-1]}"' if '"' not in text else literal


def call(function: str, *arguments: Any, **options: Any) -> Code:
    """``function(argument, option=value)``; a value that is :class:`Code` stands as it is."""
    named = ((name, _code(value)) for name, value in options.items())
    items = (replace(code, head=f"{name}={code.head}") for name, code in named)
    return Code(f"{function}(", (*map(_code, arguments), *items), ")")


def laid_out(code: Code) -> str:
    """``code`` as one line, or as several."""
    return "\n".join(_lines(code))


def _code(value: Any) -> Code:
    match value:
        case Code():
            return value
        case str():
            return Code(text=value)
        case list():
            return Code("[", tuple(map(_code, value)), "]")
        case Prompt():
            one = len(value.messages) == 1
            turns = Code("(", tuple(map(_code, value.messages)), ",)" if one else ")")
            return Code("Prompt(", (turns,), ")")
        case Message():
            return Code("Message(", (_code(value.role), _code(value.content)), ")")
    return Code(repr(value))


def _lines(code: Code, indent: int = 0, after: str = "") -> Iterator[str]:
    """``code``, and what stands ``after`` it, as lines."""
    margin, line = " " * indent, f"{code}{after}"
    if indent + len(line) <= _WIDTH:
        yield margin + line
    elif code.text is not None:
        parts = tuple(_pieces(code.text, _WIDTH - indent - _INDENT))
        yield from _opened(Code(f"{code.head}(", parts, ")", between=" "), indent, after)
    elif code.items:
        yield from _opened(code, indent, after)
    else:
        yield margin + line


def _opened(code: Code, indent: int, after: str) -> Iterator[str]:
    margin, inner = " " * indent, " " * (indent + _INDENT)
    together = code.between.join(map(str, code.items))
    yield margin + code.head
    if len(inner + together) <= _WIDTH:
        yield inner + together
    else:
        # A lone group of brackets has no comma behind it, and a lone text no brackets around it.
        alone = len(code.items) == 1
        items = code.items
        if alone and items[0].text is not None and not items[0].head:
            items, comma = tuple(_pieces(items[0].text, _WIDTH - len(inner))), ""
        else:
            comma = "" if alone else code.between.rstrip()
        for item in items:
            yield from _lines(item, indent + _INDENT, comma)
    yield f"{margin}{code.tail}{after}"


def _pieces(text: str, room: int) -> Iterator[Code]:
    """``text`` in literals that fit into ``room``, cut behind line ends and blanks."""
    piece = ""
    for word in re.findall(r"\S+\s?|\s", text):
        for part in _parts(word, room):
            if piece.endswith("\n") or len(quoted(piece + part)) > room:
                yield Code(quoted(piece))
                piece = ""
            piece += part
    yield Code(quoted(piece))


def _parts(word: str, room: int) -> Iterator[str]:
    """``word`` whole if it fits, else in parts of which each does, whatever is escaped in it."""
    size = len(word) if len(quoted(word)) <= room else max(1, room // len(r"\U0010ffff") - 1)
    return (word[i : i + size] for i in range(0, len(word), size))
