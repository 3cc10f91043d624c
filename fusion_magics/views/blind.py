"""A fusion before its reader has voted: the answers by letters, and nothing that tells who.

No names, scores, ranks, judge's words, fused answer or times, in text or in attributes, and the
answers in an order that the seed draws. What a model says of itself ("As Qwen, I …"), and the
style by which one may know it, are in its text and cannot be hidden.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ..own_vote import letters_of
from ..types import Fusion
from . import _words as words
from ._cells import wrap
from ._html import NO_MATH, answer, esc
from ._style import style

_LEFT = ' style="text-align:left"'
_MOST_LINES = 200  # who votes has nowhere else to read on: fusion.candidates has the names


def blind(fusion: Fusion) -> str:
    """The answers of ``fusion`` as HTML, one row each with ``data-letter``."""
    rows = "".join(_row(letter, text) for letter, text in _answers(fusion))
    head = f'<th scope="col"{_LEFT}>letter</th><th scope="col"{_LEFT}>answer</th>'
    content = (
        f'<p class="fz-by">{esc(_how(fusion))}</p>'
        f'<table class="fz-t" aria-label="answers without names"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    return f'<div class="fz {NO_MATH}">{style(content)}{content}</div>'


def plain_blind(fusion: Fusion, width: int | None = None) -> str:
    """The same as text of at most ``width`` cells a line (default: the terminal's)."""
    width = max(40, width or shutil.get_terminal_size((80, 24)).columns)
    parts = [wrap(_how(fusion), width)]
    for letter, text in _answers(fusion):
        shown = wrap(words.clean(text).strip() or words.EMPTY, width - 4, _MOST_LINES)
        parts.append([f"answer {letter}", *(f"  > {line}" for line in shown)])
    return "\n\n".join("\n".join(part) for part in parts)


def _answers(fusion: Fusion) -> Iterator[tuple[str, str]]:
    """Each answer behind its letter, in the order of the letters."""
    for index, letter in letters_of(fusion).items():
        yield letter, fusion.candidates[index].text


def _row(letter: str, text: str) -> str:
    return (
        f'<tr data-letter="{letter}"><th scope="row"{_LEFT}>{letter}</th>'
        f'<td class="fz-a"{_LEFT}>{answer(text)}</td></tr>'
    )


def _how(fusion: Fusion) -> str:
    count = words.several(len(fusion.candidates), "answer")
    first = next(iter(letters_of(fusion).values()), "A")
    return (
        f"{count}, and who wrote which is hidden until you vote. Which is the best? "
        f'fusion.cast_vote("{first}"), or a click where this view is live.'
    )
