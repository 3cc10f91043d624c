"""``table``: the answer, how it came to be, and one row per candidate, as static HTML.

It stands alone: no script, no image, nothing from outside. What the style sheet does, it only
adds: elements and their order carry everything, because GitHub and untrusted notebooks remove the
sheet.
"""

from __future__ import annotations

from ..types import Fusion
from . import _words as words
from ._candidates import candidates
from ._html import NO_MATH, esc, headline, time
from ._jury import jury
from ._merge import merged
from ._outline import outline
from ._style import style
from ._thread import thread
from ._timeline import timeline


def table(fusion: Fusion, key: str = "") -> str:
    """``fusion`` as HTML; a page finds it by ``key``."""
    parts = (_answer(fusion), _origin(fusion), _remarks(fusion), jury(fusion), candidates(fusion))
    sections = (thread(fusion), *map(outline, words.sections(fusion)))
    content = "".join((*parts, *sections, timeline(fusion), _foot(fusion)))
    found = f' data-fz="{key}"' if key else ""
    return f'<div class="fz {NO_MATH}"{found}>{style(content)}{content}</div>'


def _answer(fusion: Fusion) -> str:
    if not words.decided(fusion):
        return ""
    return merged(fusion) if fusion.passages else headline(fusion.text)


def _origin(fusion: Fusion) -> str:
    first, *rest = (esc(part) for part in words.origin(fusion))
    return f'<p class="fz-by">{" · ".join((f"<b>{first}</b>", *rest))}</p>'


def _remarks(fusion: Fusion) -> str:
    notes = "".join(f'<li dir="auto">{esc(note)}</li>' for note in words.remarks(fusion))
    return f'<ul class="fz-notes">{notes}</ul>' if notes else ""


def _foot(fusion: Fusion) -> str:
    if not fusion.calls:
        return ""
    return f'<p class="fz-foot"><b>{time(fusion.seconds)}</b> · {words.total(fusion)}</p>'
