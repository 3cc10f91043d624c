"""Passages of a source text in the HTML made from it.

Where a passage begins and ends is carried past the parser as an offset, and becomes a token of its
own only once the structure is known: so marks cannot change how a text is read. In the sanitised
HTML the tokens are noncharacters (Unicode 3.4, ``U+FDD0`` to ``U+FDEF``, meant for such use inside
a program), and every piece of text between two of them is wrapped.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_BEGIN, _END = "\ufdd0", "\ufdd1"
_NONCHARACTERS = dict.fromkeys(range(0xFDD0, 0xFDF0))
# A mark, a formula as one, a tag; what stands between them is text.
_PARTS = re.compile(
    rf'({_BEGIN}\d+{_BEGIN}|{_END}\d+{_END}|<math\b.*?</math>|<(?:[^<>"]|"[^"]*")*>)', re.DOTALL
)
_LETTERS = re.compile(r"<[^>]*>|(&[^;\s]*;|.)", re.DOTALL)


class Span(NamedTuple):
    """A passage of the source, from ``start`` to ``stop`` in characters."""

    start: int
    stop: int


def unmarked(text: str) -> str:
    """``text`` without the characters that serve as marks."""
    return text.translate(_NONCHARACTERS)


def passages(md: MarkdownIt) -> None:
    """Teach ``md`` to keep the places of ``env["spans"]``."""
    md.core.ruler.before("inline", "places", _place)
    md.core.ruler.at("inline", _inline)
    md.inline.ruler.before("text", "mark", _mark)
    md.inline.ruler.at("text", _text)


# ── from the source to the content of tokens ─────────────────────────────────────────────────


class _Line(NamedTuple):
    """A line of a token's content: where it is in the source, and in the content."""

    start: int
    stop: int
    token: Token
    offset: int


def _place(state: StateCore) -> None:
    spans: Sequence[Span] = state.env.get("spans", ())
    lines = list(_lines(state.tokens, state.src)) if spans else []
    starts, stops = [line.start for line in lines], [line.stop for line in lines]
    for number, (start, stop) in enumerate(spans if lines else ()):
        first, last = bisect_right(stops, start), bisect_left(starts, stop) - 1
        if first > last:  # nothing of it is shown: a mark alone, behind what stands before it
            first = last = max(last, 0)
            start = stop = max(stop, lines[last].start)
        _put(lines[first], start, f"{_BEGIN}{number}{_BEGIN}")
        _put(lines[last], stop, f"{_END}{number}{_END}")


def _put(line: _Line, at: int, mark: str) -> None:
    offset = line.offset + min(max(at, line.start), line.stop) - line.start
    line.token.meta.setdefault("marks", []).append((offset, mark))


def _lines(tokens: Sequence[Token], source: str) -> Iterator[_Line]:
    lines = source.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    end = 0
    for i, token in enumerate(tokens):
        if token.map is None or not token.content:
            continue
        cell = tokens[i - 1].type in ("th_open", "td_open")
        offset, number = 0, token.map[0] + (token.type == "fence")
        for content in token.content.split("\n"):
            if content and number < len(lines):
                # Cells stand side by side; else there are only markers before the content.
                after = max(end - starts[number], 0) if cell else 0
                find = lines[number].find if cell else lines[number].rfind
                start = starts[number] + max(find(content, after), after)
                end = start + len(content)
                yield _Line(start, end, token, offset)
            offset += len(content) + 1
            number += 1


# ── from content to HTML ─────────────────────────────────────────────────────────────────────


def _inline(state: StateCore) -> None:
    """As markdown-it's own rule, with the marks of each token at hand."""
    for token in state.tokens:
        if token.type == "inline":
            token.children = token.children or []
            marks = state.env["marks"] = deque(token.meta.get("marks", ()))
            state.env["marked"] = token.children
            state.md.inline.parse(token.content, state.md, state.env, token.children)
            for _, mark in marks:
                token.children.append(Token("mark", "", 0, content=mark))


def _marks(state: StateInline) -> deque[tuple[int, str]]:
    """The marks to come; none inside an image's description, which is read by itself."""
    ours = state.tokens is state.env.get("marked")
    return state.env["marks"] if ours else deque()


def _mark(state: StateInline, silent: bool) -> bool:
    marks = deque() if silent else _marks(state)
    while marks and marks[0][0] <= state.pos:
        state.push("mark", "", 0).content = marks.popleft()[1]
    return False


def _text(state: StateInline, silent: bool) -> bool:
    """As markdown-it's own rule, but it stops at a mark too."""
    found = state.md.inline.terminator_re.search(state.src, state.pos)
    end = found.start() if found else state.posMax
    if not silent and (marks := _marks(state)):
        end = min(end, marks[0][0])
    if end <= state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def inserted(html: str, token: Token) -> str:
    """``html`` of a block of code or a formula, with the marks that stand in its content."""
    marks = deque(token.meta.get("marks", ()))
    if not marks:
        return html
    if token.type == "math_block":
        before = "".join(mark for _, mark in marks if mark[0] == _BEGIN)
        return before + html + "".join(mark for _, mark in marks if mark[0] == _END)
    out, count = [], 0
    for letter in _LETTERS.finditer(html):
        while letter[1] and marks and marks[0][0] <= count:
            out.append(marks.popleft()[1])
        out.append(letter[0])
        count += bool(letter[1])
    return "".join((*out, *(mark for _, mark in marks)))


def attributed(html: str, before: Sequence[str], after: Sequence[str]) -> str:
    """``html`` with the text of passage ``i`` in ``before[i]`` … ``</span>``, then ``after[i]``.

    Text is wrapped piece by piece between tags, so that the elements stay well nested.
    """
    out: list[str] = []
    waiting: list[str] = []
    missing = dict(enumerate(after))
    current: int | None = None
    in_code = False
    for part in _PARTS.split(html):
        if part[:1] == _BEGIN:
            current = int(part.strip(_BEGIN))
        elif part[:1] == _END:
            number = int(part.strip(_END))
            current = None if current == number else current
            # In a block of code the sources would be copied with it.
            (waiting if in_code else out).append(missing.pop(number))
        elif part[:1] == "<" and not part.startswith("<math"):
            in_code = part.startswith("<pre") or (in_code and part != "</pre>")
            out.append(part)
            if not in_code:
                out += waiting
                waiting = []
        elif current is None or not part.strip():
            out.append(part)
        else:
            out.append(f"{before[current]}{part}</span>")
    return "".join((*out, *missing.values()))  # of passages without any text
