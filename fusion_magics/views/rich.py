"""A model's Markdown as HTML that runs nothing, loads nothing and restyles nothing.

It is read as CommonMark with tables, without raw HTML; code is highlighted by CSS classes;
formulas become MathML, which browsers draw by themselves; then everything passes an allow-list.
What is too long or too deep to be read in about a second is shown as it is written.

It needs the extra ``lab`` (markdown-it-py, nh3, latex2mathml; Pygments comes with IPython), and
imports them when it is first used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..answers import split_answer
from ..text import trim
from ..types import Fusion
from . import _words as words
from ._html import SHORT, SHORT_LINES, answer, block, esc, fold, headline, is_short
from ._merge import merged

if TYPE_CHECKING:
    from ._rich.passages import Span

LONGEST = 100_000
LONGEST_LINE = 20_000
_PREVIEW = 90


def rich(text: str) -> str:
    """``text``, a model's Markdown, as ``<div class="fz-md">``.

    A text of more than 100,000 characters, or with a line of more than 20,000, is shown as letters.
    """
    text = words.clean(text)
    return _root(_html(text) or block(text))


def rich_headline(text: str) -> str:
    """The fusion's own answer, large: the final answer it states first, the rest below it.

    As ``headline`` of the table: of a very long one the beginning, the whole folded.
    """
    final, working = split_answer(words.clean(text))
    if not final and not working:
        return headline(text)
    if final:
        head = f'<p class="fz-md fz-h" dir="auto"><strong>{_inline(final)}</strong></p>'
        return head + (_working(working) if working else "")
    if words.beginning(working, 20 * SHORT, 40 * SHORT_LINES) == working:
        return _sized(working, "fz-h")
    begins = words.beginning(working, 4 * SHORT, 4 * SHORT_LINES).rstrip() + "…"
    more = f"the whole answer, {len(working):,} characters"
    return _sized(begins, "fz-h") + fold(more, rich(working))


def rich_answer(text: str) -> str:
    """A candidate's answer: the final answer it states first, the rest below it or folded."""
    final, working = split_answer(words.clean(text))
    if not final and not working:
        return answer(text)
    strong = f'<strong class="fz-md" dir="auto">{_inline(final)}</strong>' if final else ""
    if is_short(working):
        return strong + (_sized(working, "fz-w" if final else "") if working else "")
    label = f"full answer, {len(text):,} characters"
    whole = rich(trim(words.clean(text)))
    return strong + fold(label, whole, words.first_line(working, _PREVIEW))


def rich_merged(fusion: Fusion) -> str:
    """The whole merged answer; each piece of a passage is a ``<span class="fz-u">``.

    Markdown parts a passage, and code has a piece per token: ``data-passage`` has its number.
    ``data-rows`` has the numbers of the rows that support it, as the ``<sup>`` behind it has; a
    passage of the aggregator's own is of class ``fz-own``, and has none.
    """
    from ._rich.passages import Span, attributed, unmarked

    pieces = [words.Piece(unmarked(text), mark) for text, mark in words.pieces(fusion)]
    spans, marks, end = [], [], 0
    for text, mark in pieces:
        end += len(text)
        if mark:
            spans.append(Span(end - len(text), end))
            marks.append(mark)
    found = _html("".join(piece.text for piece in pieces), spans)
    if not found:
        return merged(fusion)
    sources = [f"<sup>{esc(mark)}</sup>" for mark in marks]
    return _root(attributed(found, [_open(i, mark) for i, mark in enumerate(marks)], sources))


def _open(passage: int, mark: str) -> str:
    own = mark == words.OWN
    rows = "" if own else esc(mark.strip("[]"))
    css = f"fz-u{' fz-own' if own else ''}"
    return f'<span class="{css}" data-passage="{passage}" data-rows="{rows}">'


def _html(text: str, spans: Sequence[Span] = ()) -> str:
    """``text``, which is clean, as HTML; empty if it is too long or too deep for that."""
    if len(text) > LONGEST or any(len(line) > LONGEST_LINE for line in text.split("\n")):
        return ""
    from ._rich.markdown import html

    return html(text, spans)


def _inline(text: str) -> str:
    from ._rich.markdown import inline_html

    return inline_html(text)


def _root(html: str) -> str:
    return f'<div class="fz-md" dir="auto">{html}</div>'


def _sized(text: str, css: str) -> str:
    return f'<div class="{css}">{rich(text)}</div>' if css else rich(text)


def _working(working: str) -> str:
    if is_short(working):
        return _sized(working, "fz-w")
    return fold(f"how it gets there, {len(working):,} characters", rich(working))
