"""HTML from hostile text: nothing that a model, a prompt or an error says becomes markup.

Texts are shown as they are, not rendered as Markdown: links and images in them stay letters.
"""

from __future__ import annotations

import html

from ..answers import split_answer
from ..text import trim
from ._words import EMPTY, beginning, clean, first_line, one_line, seconds

# Longer texts are folded.
SHORT = 280
SHORT_LINES = 5
_PREVIEW = 90

# MathJax would typeset what stands between two dollars, prices too. These classes keep it out:
# JupyterLab's MathJax knows the first, nbconvert's and nbviewer's the second.
NO_MATH = "mathjax_ignore tex2jax_ignore"


def esc(text: str) -> str:
    """``text`` for element content and quoted attributes."""
    return html.escape(clean(text), quote=True)


def lines(text: str) -> str:
    """``text`` with its line breaks as elements, which survive where style sheets are removed."""
    return esc(text).replace("\n", "<br>")


def name(text: str) -> str:
    """A name inside other words, kept from reordering them if it is written right to left."""
    return f"<bdi>{esc(one_line(text))}</bdi>"


def time(value: float) -> str:
    """Seconds, never broken from their unit."""
    return seconds(value).replace(" ", "&nbsp;")


def block(text: str, css: str = "") -> str:
    """``text`` as a block of its own, in its own direction."""
    classes = f"fz-x {css}".strip()
    return f'<div class="{classes}" dir="auto">{lines(text)}</div>'


def is_short(text: str) -> bool:
    """Whether ``text`` is shown at once."""
    return len(text) <= SHORT and text.count("\n") < SHORT_LINES


def folded(label: str, text: str, preview: str = "", css: str = "") -> str:
    """``text`` behind a line that opens it: ``label``, after its beginning."""
    return fold(label, block(text, css), preview, css)


def fold(label: str, content: str, preview: str = "", css: str = "") -> str:
    """``content``, which is HTML already, behind a line that opens it."""
    classes = f"fz-p {css}".strip()
    shown = f'<span class="{classes}" dir="auto">{esc(preview)}</span> ' if preview else ""
    return f"<details><summary>{shown}<u>{esc(label)}</u></summary>{content}</details>"


def answer(text: str, full: bool = True) -> str:
    """A candidate's text: its final answer first, the rest beside it or folded.

    ``full=False`` says that a long text stands elsewhere in full, and is not repeated here.
    """
    final, working = split_answer(clean(text))
    if not final and not working:
        return f"<em>{EMPTY}</em>"
    strong = f'<strong dir="auto">{esc(final)}</strong>' if final else ""
    if is_short(working):
        return strong + (block(working, "fz-w" if final else "") if working else "")
    preview = first_line(working, _PREVIEW)
    if not full:
        return f"{strong}{block(preview)}<small>in full above</small>"
    return strong + folded(f"full answer, {len(text):,} characters", trim(clean(text)), preview)


def headline(text: str) -> str:
    """The fusion's own answer, large; of a very long one the beginning, the whole folded."""
    final, working = split_answer(clean(text))
    if final:
        head = f'<p class="fz-h" dir="auto"><strong>{esc(final)}</strong></p>'
        return head + (_working(working) if working else "")
    if not working:
        return f'<p class="fz-h"><em>{EMPTY}</em></p>'
    if beginning(working, 20 * SHORT, 40 * SHORT_LINES) == working:
        return block(working, "fz-h")
    return block(beginning(working, 4 * SHORT, 4 * SHORT_LINES).rstrip() + "…", "fz-h") + folded(
        f"the whole answer, {len(working):,} characters", working
    )


def _working(working: str) -> str:
    if is_short(working):
        return block(working, "fz-w")
    return folded(f"how it gets there, {len(working):,} characters", working)
