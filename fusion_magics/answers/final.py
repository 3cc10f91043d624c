"""The final answer inside a text, in a form that can be compared, and apart from the rest.

Models end their working with a short answer, in one of a few customs; two answers are the same
when their normalised forms are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple

from ..text import trim

# ``Answer: 5``, ``**Answer**: 5``, ``the answer is: 5``; the group is what follows.
_WORDS = r"answer(?:\s+is)?[\s*_]*:[*_]{0,3}\s*([^\n]*)"
# A stop ends a sentence, but not in 3.5, and not in St. Louis.
_SENTENCE_END = r"(?<!\b(?-i:St|Dr|Mr|Ms|Mt))(?<!\b(?-i:Mrs))[.!?][*_\"'”)]*(?:\s|$)"
# LaTeX's box, as in MATH; braces nest in \boxed{\frac{\sqrt{2}}{2}}.
BOXED = re.compile(r"\\boxed\{((?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+)\}")
# The customs, strongest first: LaTeX's box, GSM8K's marker, a JSON field, and words (not those of
# "let me know if the answer is unclear").
_SIGNS = (BOXED, re.compile(r"^####\s*(.+)$", re.MULTILINE))
_MARKS = (
    *_SIGNS,
    re.compile(r'"answer"\s*:\s*"?([^"\n}]*)"?', re.IGNORECASE),
    re.compile(rf"\b_{{0,2}}{_WORDS}", re.IGNORECASE),
    re.compile(
        r"(?<!\bif the )(?<!\bwhether the )(?<!\bthis )"
        rf"\banswer\s+is\s+((?:(?!{_SENTENCE_END})[^\n])+)",
        re.IGNORECASE,
    ),
)
# A line that states the answer and nothing else: its emphasis, and the answer.
_LINE = re.compile(rf"(?:#+\s+)?([*_]{{0,3}})(?:the\s)?(?:final\s)?{_WORDS}", re.IGNORECASE)
_LONGEST_LINE = 240  # characters: a final answer is short
_LONGEST_UNMARKED = 40  # characters: a text that is nothing but its answer is shorter still
_NUMBER = re.compile(r"[-+]?[$€£¥]?\s?((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)\s?[%$€£¥]?")
_WRAPPING = " \t\n.,;:!?*_`'\"()[]{}$“”‘’"


def final_answer(text: str) -> str:
    """The final answer that ``text`` states, as written.

    It is what follows the last mark of the strongest custom used: ``\\boxed{…}``, ``#### …``, a
    JSON field ``"answer"``, ``Answer: …`` to the end of its line, ``the answer is …`` to the end
    of its sentence; without any, the last line. Empty if the mark has nothing behind it.
    """
    # A text without the word is told far sooner by looking for that alone.
    for mark in _MARKS if "answer" in text.casefold() else _SIGNS:
        found = mark.findall(text)
        if found:
            return str(found[-1]).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def is_stated(text: str) -> bool:
    """Whether ``text`` marks its final answer, or is short enough to be nothing else."""
    return len(text.strip()) <= _LONGEST_UNMARKED or any(mark.search(text) for mark in _MARKS)


class Stated(NamedTuple):
    """A text in two: the final answer it states on a line of its own, and all other lines."""

    final: str
    working: str


def split_answer(text: str) -> Stated:
    """Take the line that states the final answer out of ``text``, if nothing is lost by that.

    It must be the first or the last line, the only one of its kind, and outside a code fence: in
    the middle of a list, a file or a dialogue it belongs where it stands. Else ``final`` is empty
    and ``working`` is the whole text.
    """
    text = trim(text)
    lines = text.split("\n")
    stated = [i for i, line in enumerate(lines) if _LINE.fullmatch(line)]
    if stated not in ([0], [len(lines) - 1]) or _in_fence(lines[: stated[0]]):
        return Stated("", text)
    line = lines.pop(stated[0])
    final = _after_mark(line)
    lost = len(line) > _LONGEST_LINE or not final or final.endswith(":")
    if lost or comparable(line) != comparable(text):
        return Stated("", text)
    return Stated(final, trim("\n".join(lines)))


def _after_mark(line: str) -> str:
    """What an answer's line states, without the emphasis around it: ``**Answer: 5**``."""
    found = _LINE.fullmatch(line)
    assert found is not None
    emphasis, final = found[1], found[2].strip()
    whole = re.fullmatch(r"(\*{1,3})([^*]+)\1", final)
    return whole[2].strip() if whole else final.removesuffix(emphasis).rstrip()


def _in_fence(before: Sequence[str]) -> bool:
    """Whether a code fence is open after these lines."""
    marks = [line.lstrip()[:3] for line in before]
    return any(marks.count(fence) % 2 for fence in ("```", "~~~"))


def normalise(answer: str) -> str:
    """``answer`` in the form in which it is compared.

    Without case, surrounding punctuation and repeated spaces; a number also without digit
    grouping, trailing zeros, currency and per cent signs (``$1,000.0`` is ``1000``, ``50%`` is
    ``50``), and exact however long it is.
    """
    bare = _bare(" ".join(answer.casefold().replace("−", "-").split()))
    if not _NUMBER.fullmatch(bare):
        return bare
    digits = re.sub(r"[^\d.+-]", "", bare)
    value = f"{Decimal(digits):f}"
    if "." in value:
        value = value.rstrip("0").rstrip(".")
    return "0" if value == "-0" else value


def _bare(answer: str) -> str:
    """``answer`` without the punctuation around it, but with all of ``.5`` and ``f(x)``."""
    bare = answer.strip(_WRAPPING)
    start = len(answer) - len(answer.lstrip(_WRAPPING))
    if bare[:1].isdigit() and answer[:start].endswith("."):
        bare = "." + bare
    for opening, closing in ("()", "[]", "{}"):
        steps = [1 if char == opening else -1 for char in bare if char in (opening, closing)]
        lowest = min(accumulate(steps, initial=0))
        bare = opening * -lowest + bare + closing * (sum(steps) - lowest)
    return bare


def comparable(text: str) -> str:
    """The normalised final answer of ``text``."""
    return normalise(final_answer(text))
