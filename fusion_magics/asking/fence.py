"""Candidates are data, not instructions: the fence around them.

A judge reads text that another model wrote, and that text may try to pass for the judge's own
instructions, or to close its quotation and go on outside (prompt injection; Perez & Ribeiro 2022).
So it stands between two lines whose mark it cannot contain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def fence_for(*texts: str, seed: int = 0) -> str:
    """Eight hexadecimal digits that occur in none of ``texts``.

    They are a digest of the texts themselves, so that a run can be repeated; whoever writes a text
    that contains its own digest only changes the digest.
    """
    digest = hashlib.blake2b(seed.to_bytes(8))
    for text in texts:
        digest.update(hashlib.blake2b(text.encode()).digest())
    while True:
        mark = digest.hexdigest()[:8]
        if not any(mark in text for text in texts):
            return mark
        digest.update(b"again")


def fenced(text: str, mark: str) -> str:
    """``text`` between ``<mark>`` and ``</mark>``, each on a line of its own."""
    return f"<{mark}>\n{text}\n</{mark}>"


def numbered(texts: Sequence[str], mark: str) -> str:
    """Each of ``texts`` in its fence, below its number from 1: ``[1]``, ``[2]`` …"""
    return "\n".join(f"[{i}]\n{fenced(text, mark)}" for i, text in enumerate(texts, 1))
