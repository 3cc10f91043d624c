"""Markdown as HTML: CommonMark with tables, strikethrough and formulas, without raw HTML.

Reference definitions are off: what they define is shown nowhere, and nothing that a model says may
be hidden. Images are never loaded, since a request for one tells its server who reads what.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from .formulas import formulas
from .highlight import highlighted
from .passages import Span, inserted, passages
from .sanitiser import sanitised
from .tex import mathml

# Work and output grow with these: of a text with more, the rest is shown as it is written.
_MOST_TEX = 20_000
_MOST_CODE = 40_000
_DEEPEST = 20

_ADDRESS = re.compile(r"https?://|mailto:", re.IGNORECASE)
_TIMES = re.compile(r"(?<=[0-9])\*(?=[0-9A-Za-z(])|(?<=[A-Za-z)])\*(?=[0-9])")


def html(text: str, spans: Sequence[Span] = ()) -> str:
    """``text`` as sanitised HTML, with a mark where each of ``spans`` begins and ends.

    It is empty where blocks are nested so deep that the parser leaves out what they hold.
    """
    md = _markdown()
    env: EnvType = {"spans": spans, "tex": _MOST_TEX, "code": _MOST_CODE}
    tokens = md.parse(text, env)
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        return ""
    return sanitised(md.renderer.render(tokens, md.options, env))


def inline_html(text: str) -> str:
    """One line of ``text`` as sanitised HTML, without a paragraph around it."""
    env: EnvType = {"tex": _MOST_TEX}
    return sanitised(_markdown().renderInline(text, env))


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:
        """Any other link stays text, with its address to be seen."""
        return bool(_ADDRESS.match(url))


@cache
def _markdown() -> MarkdownIt:
    options = {"html": False, "breaks": True, "maxNesting": _DEEPEST}
    md = _Markdown("commonmark", options, renderer_cls=_Renderer)
    md.enable(["table", "strikethrough"]).disable(["reference", "html_block", "html_inline"])
    md.inline.ruler.before("emphasis", "times", _times)
    return md.use(formulas).use(passages)


def _times(state: StateInline, silent: bool) -> bool:
    """A star beside a number multiplies; CommonMark would slant what stands between two of them."""
    if not _TIMES.match(state.src, state.pos):
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


def _wide(content: str, label: str) -> str:
    """``content`` in a box that scrolls by itself, by the keyboard too."""
    box = f'<div class="fz-md-wide" role="group" tabindex="0" aria-label="{label}">'
    return f"{box}{content}</div>\n"


class _Renderer(RendererHTML):
    """A method for each kind of token that is drawn otherwise than CommonMark does."""

    def heading_open(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        # A model's headings stand below those of the page, which end at the fourth level.
        level = int(tokens[i].tag[1])
        return f'<div class="fz-md-h{level}" role="heading" aria-level="{min(4 + level, 6)}">'

    def heading_close(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        return "</div>\n"

    def link_open(self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
        address = escapeHtml(str(tokens[i].attrGet("href")))
        return f'<a href="{address}" title="{address}">'

    def image(self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
        address = escapeHtml(str(tokens[i].attrGet("src")))
        alt = self.renderInlineAsText(tokens[i].children or [], options, env)
        return f'<span class="fz-md-img">image: {escapeHtml(alt)} ({address})</span>'

    def fence(self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[i]
        env["code"] -= len(token.content)
        language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        code = highlighted(token.content, language if env["code"] >= 0 else "")
        code = inserted(code, token)
        return _wide(f'<pre dir="ltr"><code>{code}</code></pre>', "code")

    def code_block(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        return self.fence(tokens, i, options, env)

    def math_inline(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        token = tokens[i]
        env["tex"] -= len(token.content)
        block = token.markup in ("$$", "\\[")
        shown = mathml(token.content, block) if env["tex"] >= 0 else ""
        return shown or f"<code>{escapeHtml(token.content)}</code>"

    def math_block(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        math = self.math_inline(tokens, i, options, env)
        return _wide(inserted(math, tokens[i]), "formula")

    def table_open(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        return '<div class="fz-md-wide" role="group" tabindex="0" aria-label="table"><table>'

    def table_close(
        self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType
    ) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
        return f'<th scope="col"{_side(tokens[i])}>'

    def td_open(self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
        return f"<td{_side(tokens[i])}>"

    def mark(self, tokens: Sequence[Token], i: int, options: OptionsDict, env: EnvType) -> str:
        return tokens[i].content


def _side(cell: Token) -> str:
    side = str(cell.attrGet("style") or "").removeprefix("text-align:")
    return f' class="fz-md-{side}"' if side in ("right", "center") else ""
