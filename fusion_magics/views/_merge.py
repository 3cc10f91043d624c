"""A merged answer as HTML: each passage with the numbers of the rows that support it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..types import Fusion
from . import _words as words
from ._html import SHORT, SHORT_LINES, esc, fold, lines


def merged(fusion: Fusion) -> str:
    """The fusion's own answer, large; of a very long one the beginning, the rest folded."""
    pieces = words.pieces(fusion)
    text = "".join(piece.text for piece in pieces)
    if words.beginning(text, 20 * SHORT, 40 * SHORT_LINES) == text:
        return _shown(pieces)
    start = len(words.beginning(text, 4 * SHORT, 4 * SHORT_LINES))
    head, rest = _parted(pieces, start)
    more = f"the rest of the answer, {len(text) - start:,} characters"
    return _shown(head) + fold(more, _shown(rest))


def _parted(pieces: Iterable[words.Piece], at: int) -> tuple[list[words.Piece], list[words.Piece]]:
    """``pieces`` in two, after ``at`` characters; a passage that is cut is marked in both."""
    head, rest = [], []
    for text, mark in pieces:
        before, after = text[: max(at, 0)], text[max(at, 0) :]
        at -= len(text)
        head += [words.Piece(before, mark)] if before else []
        rest += [words.Piece(after, mark)] if after else []
    return head, rest


def _shown(pieces: Sequence[words.Piece]) -> str:
    html = []
    for i, piece in enumerate(pieces):
        # A block begins and ends its own lines.
        before = i > 0 and _is_block(pieces[i - 1])
        after = i + 1 < len(pieces) and _is_block(pieces[i + 1])
        text = piece.text.lstrip("\n") if before else piece.text
        html.append(_piece(text.rstrip("\n") if after else text, piece))
    return f'<div class="fz-h fz-x fz-u" dir="auto">{"".join(html)}</div>'


def _is_block(piece: words.Piece) -> bool:
    """What takes several lines, such as code, has a line beside it instead of one below each."""
    return bool(piece.mark) and "\n" in piece.text


def _piece(text: str, piece: words.Piece) -> str:
    if not piece.mark:
        return lines(text)
    mark = f"<sup>{esc(piece.mark)}</sup>"
    own = piece.mark == words.OWN
    css = ' class="fz-own"' if own else ""
    if _is_block(piece):
        return f"<div{css}>{lines(text)}{mark}</div>"
    tag = "span" if own else "u"
    return f"<{tag}{css}>{lines(text)}</{tag}>{mark}"
