"""Candidates are data, not instructions: how they stand in a prompt.

A judge reads text that another model wrote, and that text may try to pass for the judge's own
instructions, or to close its quotation and go on outside (prompt injection; Perez & Ribeiro 2022).
So it stands between two lines whose mark it cannot contain, and what looks like such a line, or
like the number of another candidate, loses its brackets.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from ..text import printable

# A fence with any mark: a reader who does not compare eight digits must not be fooled either.
_MARK = re.compile(r"<\s{0,3}(/?)\s{0,3}([0-9A-Fa-f]{8})\s{0,3}>")
# A line that holds nothing but a number in square brackets, however it is adorned.
_BREAK = "\n\u2028\u2029"
_ADORNED = rf"(?:_|[^\w{_BREAK}])*"
_HEADING = re.compile(
    rf"(?<![^{_BREAK}])({_ADORNED})\[([ \t]*\d+[ \t]*)\]({_ADORNED})(?![^{_BREAK}])"
)


def harmless(text: str) -> str:
    """``text`` as a judge reads it: without invisible characters, and without a fence of its own.

    ``<0123abcd>``, ``</0123abcd>`` and a line ``[2]`` keep their words, between ⟨ ⟩ and ⟦ ⟧: no
    real fence or number is written with these, and no Unicode normalisation brings the others back.
    """
    return _HEADING.sub(r"\1⟦\2⟧\3", _MARK.sub(r"⟨\1\2⟩", printable(text)))


def fence_for(*texts: str, seed: int = 0) -> str:
    """Eight hexadecimal digits that occur in none of ``texts``.

    They are a digest of the texts themselves, so that a run can be repeated; whoever writes a text
    that contains its own digest only changes the digest.
    """
    texts = tuple(map(harmless, texts))
    digest = hashlib.blake2b(seed.to_bytes(8))
    for text in texts:
        digest.update(hashlib.blake2b(text.encode()).digest())
    while True:
        mark = digest.hexdigest()[:8]
        if not any(mark in text for text in texts):
            return mark
        digest.update(b"again")


def fenced(text: str, mark: str) -> str:
    """``text``, made :func:`harmless`, between ``<mark>`` and ``</mark>`` on lines of their own."""
    return f"<{mark}>\n{harmless(text)}\n</{mark}>"


def numbered(texts: Sequence[str], mark: str | Sequence[str]) -> str:
    """Each of ``texts`` in its fence, below its number from 1: ``[1]``, ``[2]`` …

    ``mark`` is of all, or one for each (:func:`marks`).
    """
    each = [mark] * len(texts) if isinstance(mark, str) else mark
    pairs = enumerate(zip(texts, each, strict=True), 1)
    return "\n".join(f"[{i}]\n{fenced(text, own)}" for i, (text, own) in pairs)


def marks(texts: Sequence[str], seed: int = 0) -> list[str]:
    """A mark for each of ``texts`` that this text alone decides.

    So a prompt is the same up to a text that changes, or is not there yet, and what was read of it
    is not read again. A text cannot bear another's mark either: :func:`harmless` takes them out.
    """
    return [fence_for(text, seed=seed) for text in texts]
