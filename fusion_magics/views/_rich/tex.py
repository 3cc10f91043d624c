"""TeX formulas as MathML, which browsers draw by themselves: no script, no font, no network."""

from __future__ import annotations

import html
import re
import unicodedata
from itertools import accumulate
from xml.etree.ElementTree import tostring

from .._words import clean

LONGEST = 2_000
"""The most characters of a formula; the work grows with them."""
_DEEPEST = 40

# A macro that doubles itself would grow without end; no formula of an answer needs one.
_MACROS = re.compile(r"\\(?:re)?(?:newcommand|newenvironment)|\\(?:[egx]?def|let|require)\b")


def mathml(tex: str, block: bool) -> str:
    """``tex`` as one ``<math>`` element, not sanitised yet; empty where it cannot be read."""
    if len(tex) > LONGEST or _depth(tex) > _DEEPEST or _MACROS.search(tex):
        return ""
    from latex2mathml.converter import convert_to_element

    # What it raises on a formula that is wrong has no common base, and deep nesting recurses.
    try:
        math = convert_to_element(tex, display="block" if block else "inline")
        for element in math.iter():
            # Its texts hold references such as &#x2212; as letters.
            element.text = text = clean(html.unescape(element.text or ""))
            if element.tag == "mi" and len(text) == 1 and unicodedata.category(text) == "Sm":
                element.tag = "mo"  # it takes ± for a letter, and would set it without spaces
        return tostring(math, encoding="unicode")
    except Exception:
        return ""


def _depth(tex: str) -> int:
    """How deep its braces nest."""
    return max(accumulate((char == "{") - (char == "}") for char in tex), default=0)
