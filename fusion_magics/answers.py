"""The final answer inside a text, in a form that can be compared.

Models end their working with a short answer, in one of a few customs; two answers are the same
when their normalised forms are.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

# The customs, strongest first: LaTeX's box (MATH), GSM8K's marker, a JSON field, and words.
_MARKS = (
    re.compile(r"\\boxed\{([^{}]*)\}"),
    re.compile(r"^####\s*(.+)$", re.MULTILINE),
    re.compile(r'"answer"\s*:\s*"?([^"\n}]*)"?', re.IGNORECASE),
    re.compile(r"\banswer(?:\s+is)?\s*:\s*\**\s*([^\n]*)", re.IGNORECASE),
    re.compile(r"\banswer\s+is\s+([^\n]+)", re.IGNORECASE),
)
_NUMBER = re.compile(r"[-+]?\$?\s?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s?[%€$]?")
_WRAPPING = " \t\n.,;:!?*_`'\"()[]{}$“”‘’"


def final_answer(text: str) -> str:
    """The final answer that ``text`` states, as written.

    It is what follows the last mark of the strongest custom used: ``\\boxed{…}``, ``#### …``, a
    JSON field ``"answer"``, ``Answer: …``, ``the answer is …``; without any, the last line.
    """
    for mark in _MARKS:
        found = mark.findall(text)
        if found:
            return str(found[-1]).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def normalise(answer: str) -> str:
    """``answer`` without case, surrounding punctuation, digit grouping or trailing zeros."""
    bare = " ".join(answer.casefold().strip(_WRAPPING).split())
    number = _NUMBER.fullmatch(bare)
    if number is None:
        return bare
    try:
        value = Decimal(re.sub(r"[^\d.+-]", "", bare))
    except InvalidOperation:
        return bare
    return f"{value.normalize():f}" if value else "0"


def comparable(text: str) -> str:
    """The normalised final answer of ``text``."""
    return normalise(final_answer(text))


def votes(texts: Sequence[str]) -> Counter[str]:
    """How many ``texts`` give each normalised final answer; texts without one do not vote."""
    return Counter(answer for answer in map(comparable, texts) if answer)


def draw(seed: int, text: str) -> bytes:
    """A number for ``text`` that only ``seed`` and ``text`` decide: how ties are drawn.

    Members and their order play no part, so that shuffling a pool does not change its answer.
    """
    return hashlib.blake2b(text.encode(), digest_size=8, salt=seed.to_bytes(8)).digest()
