"""Text from models is hostile: how it is made safe to print."""

from __future__ import annotations

import re

# C0 (without tab and newline), DEL, C1, and the characters that reorder or hide text: with them
# an answer can move the cursor, recolour the screen, or show something it does not say.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)


def printable(text: str) -> str:
    """``text`` without control, bidirectional-override and zero-width characters.

    Tabs and newlines stay; ``\\r\\n`` and ``\\r`` become ``\\n``. U+200C and U+200D stay, because
    Persian, Indic scripts and emoji need them.
    """
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
