"""Names of control tokens in text that is only data.

A tokenizer may find some of them in any text, whatever it is told: those that its makers added
without the mark "special" (DeepSeek-R1's distilled models name the turns so).
"""

from __future__ import annotations

import re
from collections.abc import Iterable


def could_be_control(text: str) -> bool:
    """Whether an added token of this text may be more than a piece of text.

    Runs of white space are not, and many vocabularies add them.
    """
    return len(text.replace("▁", " ").strip()) > 1


class Names:
    """Cuts text so that no part holds one of ``names``, each of two characters or more, whole."""

    def __init__(self, names: Iterable[str]) -> None:
        found = "|".join(map(re.escape, names))
        self._finder = re.compile(found) if found else None

    def cut(self, text: str) -> list[str]:
        """The parts of ``text``. What begins before the first name cannot end inside it."""
        parts, start = [], 0
        while self._finder and (name := self._finder.search(text, start)):
            parts.append(text[start : name.start() + 1])
            start = name.start() + 1
        return [*parts, text[start:]]
