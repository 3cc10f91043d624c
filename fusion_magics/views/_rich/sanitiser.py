"""The second wall: whatever the renderer made, only these elements and attributes pass.

Every attribute but a link's address and title has a fixed set of values, so that no length, colour
or position in a formula can move or hide what stands beside it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nh3 import Cleaner

Attributes = dict[str, dict[str, set[str]]]
"""Element → attribute → the values it may have."""

_SWITCH = {"true", "false"}
_FONT = {"normal", "bold", "italic", "bold-italic", "monospace", "sans-serif", "script"}
_LETTERS = {"mathvariant": {*_FONT, "fraktur", "double-struck"}}
_NARROW = {"0em", "0.05em", "0.167em", "0.17em", "0.22em", "0.222em", "0.278em", "0.5em"}
_SIZE = {"1.2em", "1.623em", "2.047em", "2.470em"}
_STRIKE = {"horizontalstrike", "updiagonalstrike", "downdiagonalstrike"}

# Of MathML what latex2mathml writes, but for links, styles, colours and boxes of any size.
MATH: Attributes = {
    **{tag: {} for tag in ("mrow", "msub", "msup", "msubsup", "munderover", "msqrt", "mroot")},
    **{tag: {} for tag in ("mtr", "mpadded", "mphantom")},
    **dict.fromkeys(("mi", "mn", "mtext"), _LETTERS),
    "math": {"display": {"block", "inline"}},
    "mo": {
        **dict.fromkeys(("stretchy", "fence", "largeop", "movablelimits"), _SWITCH),
        **dict.fromkeys(("lspace", "rspace"), _NARROW),
        **dict.fromkeys(("minsize", "maxsize"), _SIZE),
        **_LETTERS,
        "separator": _SWITCH,
        "form": {"prefix", "postfix"},
    },
    "mstyle": {"displaystyle": _SWITCH, "scriptlevel": {"0", "1", "2"}},
    "mspace": {
        "width": {*_NARROW, "1em", "2em", "thickmathspace", "thinmathspace"},
        "linebreak": {"newline"},
    },
    "mfrac": {"linethickness": {"0"}},
    "mover": {"accent": _SWITCH},
    "munder": {"accent": _SWITCH},
    "menclose": {"notation": {"box", *_STRIKE}},
    "mtable": {"displaystyle": _SWITCH},
    "mtd": {"columnalign": {"left", "right", "center"}},
}

_TEXT = ("p", "br", "hr", "strong", "em", "s", "a", "code", "span", "blockquote", "ul", "ol", "li")
_TABLE = ("table", "thead", "tbody", "tr", "td")
HTML: Attributes = {
    **{tag: {} for tag in (*_TEXT, *_TABLE)},
    "div": {
        "role": {"heading", "group"},
        "aria-level": {"5", "6"},
        "aria-label": {"code", "table", "formula"},
        "tabindex": {"0"},
    },
    "pre": {"dir": {"ltr"}},
    "th": {"scope": {"col"}},
}


@cache
def _cleaner() -> Cleaner:
    from nh3 import Cleaner
    from pygments.token import STANDARD_TYPES

    sides = {"fz-md-right", "fz-md-center"}
    headings = {f"fz-md-h{level}" for level in range(1, 7)}
    return Cleaner(
        tags={*HTML, *MATH},
        clean_content_tags=set(),
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        tag_attribute_values=HTML | MATH,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        allowed_classes={
            "div": {"fz-md-wide", *headings},
            "span": {"fz-md-img", *filter(None, STANDARD_TYPES.values())},
            "th": sides,
            "td": sides,
        },
    )


def sanitised(html: str) -> str:
    """``html`` without anything that is not on the list; well nested."""
    return _cleaner().clean(html)
