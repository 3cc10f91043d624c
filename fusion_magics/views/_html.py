"""HTML from hostile text: nothing that a model, a prompt or an error says becomes markup.

Texts are shown as they are, not rendered as Markdown: links and images in them stay letters.
"""

from __future__ import annotations

import html
import re

from ..answers import split_answer
from ..text import trim
from ._words import EMPTY, beginning, clean, first_line, one_line, seconds

# Longer texts are folded.
SHORT = 280
SHORT_LINES = 5
_PREVIEW = 90
_LONG_PREVIEW = 160

# A fenced block of code, with its fences; one that is left open goes on to the end.
_CODE = re.compile(
    r"^ {0,3}(```|~~~)[^\n`]*(?:\n(?:.*?^ {0,3}\1[`~]*[ \t]*$\n?|.*)|\Z)", re.MULTILINE | re.DOTALL
)

# MathJax would typeset what stands between two dollars, prices too. These classes keep it out:
# JupyterLab's MathJax knows the first, nbconvert's and nbviewer's the second.
NO_MATH = "mathjax_ignore tex2jax_ignore"


def esc(text: str) -> str:
    """``text`` for element content and quoted attributes."""
    return html.escape(clean(text), quote=True)


def lines(text: str) -> str:
    """``text`` with line breaks and blocks of code as elements.

    So they survive where style sheets are removed.
    """
    text, parts, end = clean(text), [], 0
    for code in _CODE.finditer(text):
        parts += [_content(text[end : code.start()]), f"<pre>{_content(code[0])}</pre>"]
        end = code.end()
    return "".join((*parts, _content(text[end:])))


def _content(text: str) -> str:
    """``text`` as an element's content, in as few letters as that takes.

    Quotes need no escape there. A line break of its own, in code too, would begin and indent a
    new string in a notebook's file.
    """
    return html.escape(text, quote=False).replace("\n", "<br>")


def name(text: str) -> str:
    """A name inside other words, kept from reordering them if it is written right to left."""
    return f"<bdi>{esc(one_line(text))}</bdi>"


def time(value: float) -> str:
    """Seconds, never broken from their unit."""
    return seconds(value).replace(" ", "&nbsp;")


def block(text: str, css: str = "", attributes: str = "") -> str:
    """``text`` as a block of its own, in its own direction."""
    classes = f"fz-x {css}".strip()
    return f'<div class="{classes}" dir="auto"{attributes}>{lines(text)}</div>'


def is_short(text: str) -> bool:
    """Whether ``text`` is shown at once."""
    return len(text) <= SHORT and text.count("\n") < SHORT_LINES


def folded(label: str, text: str, preview: str = "", css: str = "") -> str:
    """``text`` behind a line that opens it: ``label``, after its beginning."""
    # Long ones scroll, and what can be scrolled can be reached by keyboard.
    reached = "" if is_short(text) else ' tabindex="0"'
    return fold(label, block(text, css, reached), preview, css)


def said(text: str, css: str = "") -> str:
    """``text`` as a block; a long one behind its beginning."""
    if is_short(text):
        return block(text, css)
    # Cleaned first: a beginning of nothing but invisible characters is no preview.
    return folded("all of it", text, first_line(clean(text), _LONG_PREVIEW), css)


def beside(text: str) -> str:
    """``text`` on the line of the label before it, if it is a short line."""
    return f"<bdi>{esc(text)}</bdi>" if is_short(text) and "\n" not in text else said(text)


def fold(label: str, content: str, preview: str = "", css: str = "", shown: bool = False) -> str:
    """``content``, which is HTML already, behind a line that opens it, or closes it if shown."""
    classes = f"fz-p {css}".strip()
    begins = f'<span class="{classes}" dir="auto">{esc(preview)}</span> ' if preview else ""
    opened = " open" if shown else ""
    return f"<details{opened}><summary>{begins}<u>{esc(label)}</u></summary>{content}</details>"


def answer(text: str, full: bool = True) -> str:
    """A candidate's text: its final answer first, the rest beside it or folded.

    ``full=False`` says that a long text stands elsewhere in full, and is not repeated here.
    """
    text = clean(text)
    final, working = split_answer(text)
    if not final and not working:
        return f"<em>{EMPTY}</em>"
    strong = f'<strong dir="auto">{esc(final)}</strong>' if final else ""
    if is_short(working):
        return strong + (block(working, "fz-w" if final else "") if working else "")
    preview = first_line(working, _PREVIEW)
    if not full:
        return f"{strong}{block(preview)}<small>in full above</small>"
    return strong + folded(f"full answer, {len(text):,} characters", trim(text), preview)


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
