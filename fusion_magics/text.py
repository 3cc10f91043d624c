"""Text from models is hostile: how it is made safe to print."""

from __future__ import annotations

import re

# C0 (without tab and newline), DEL, C1, and the characters that reorder or hide text: with them
# an answer can move the cursor, recolour the screen, or show something it does not say. With the
# invisible ones (soft hyphen, fillers, tags) it can say something it does not show.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """``text`` without control, bidirectional-override and zero-width characters.

    Tabs and newlines stay; ``\\r\\n`` and ``\\r`` become ``\\n``. U+200C and U+200D stay, because
    Persian, Indic scripts and emoji need them.
    """
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def trim(text: str) -> str:
    """``text`` without blank lines before it and white space behind it.

    The indentation of its first line stays: in code it is part of the text.
    """
    start = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, start) + 1 :].rstrip()


def sendable(text: str) -> str:
    """``text`` with a replacement for lone surrogates: half a character has no UTF-8 form."""
    return text.encode("utf-8", "replace").decode("utf-8")


def binary_size(size: int) -> str:
    """``size`` bytes as ``512.0 MiB`` or ``13.3 GiB``."""
    return f"{size / 2**20:,.1f} MiB" if size < 2**30 else f"{size / 2**30:,.1f} GiB"
