"""Where formulas stand in Markdown: ``$…$``, ``$$…$$``, ``\\(…\\)`` and ``\\[…\\]``.

The bounds and the rules for prices are why no plugin does this: a search for the other end of a
formula must not go through the whole text once for every dollar in it. As in Pandoc's
``tex_math_dollars`` no space stands inside the dollars, and no digit behind them; and no letter.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from .tex import LONGEST

_ENDS = {"$$": "$$", "$": "$", "\\(": "\\)", "\\[": "\\]"}
_BLOCKS = ("$$", "\\[")
# ``10 and 20``, between the dollars of two prices
_PRICE = re.compile(r"[\d.,]+\s+[^\W\d]{2}")


def formulas(md: MarkdownIt) -> None:
    """Teach ``md`` to read formulas as tokens ``math_inline`` and ``math_block``."""
    md.inline.add_terminator_char("$")
    md.inline.ruler.before("escape", "math_inline", _inline)
    interrupts = ["paragraph", "blockquote", "list"]
    md.block.ruler.before("fence", "math_block", _block, {"alt": interrupts})


def _inline(state: StateInline, silent: bool) -> bool:
    opening = next((o for o in _ENDS if state.src.startswith(o, state.pos)), "")
    if not opening:
        return False
    closing, start = _ENDS[opening], state.pos + len(opening)
    limit = min(state.posMax, start + LONGEST + len(closing))
    end = state.src.find(closing, start, limit)
    content = state.src[start:end]
    if end < 0 or not content.strip() or "`" in content:
        return False
    if opening == "$" and not _is_formula(state, content, end):
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = content, opening
    state.pos = end + len(closing)
    return True


def _is_formula(state: StateInline, content: str, end: int) -> bool:
    before = state.src[state.pos - 1 : state.pos]
    after = state.src[end + 1 : end + 2]
    apart = not (before.isalnum() or after.isalnum() or content[-1] == "\\" or before == "$")
    return apart and content == content.strip() and not _PRICE.match(content)


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = next((o for o in _BLOCKS if _line(state, start).startswith(o)), "")
    if not opening or state.is_code_block(start):
        return False
    closing, lines, number = _ENDS[opening], [_line(state, start)[2:].rstrip()], start
    # A second opening ends the search: else each of them would search through all others.
    while not lines[-1].endswith(closing):
        number += 1
        if number >= end or state.sCount[number] < state.blkIndent:
            return False
        lines.append(_line(state, number).rstrip())
        if not lines[-1] or opening in lines[-1].removesuffix(closing):
            return False
    content = "\n".join(lines).removesuffix(closing)
    if closing in content or not content.strip():
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content, token.markup, token.block = content, opening, True
        token.map = [start, number + 1]
        state.line = number + 1
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
