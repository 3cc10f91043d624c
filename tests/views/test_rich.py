"""Markdown as HTML: what it makes of an answer, and that nothing can hang it."""

from __future__ import annotations

from time import process_time

import pytest
from reading import Element, read

from fusion_magics.views._html import answer, headline
from fusion_magics.views._style import style
from fusion_magics.views.rich import LONGEST, LONGEST_LINE, rich, rich_answer, rich_headline


def shown(text: str) -> Element:
    """What ``rich`` makes of ``text``: its root."""
    root = read(rich(text)).one(css="fz-md")
    assert root.attributes == {"class": "fz-md", "dir": "auto"}
    return root


def test_the_blocks_of_markdown() -> None:
    root = shown(
        "Some **bold**, *slanted*, ~~gone~~ and `code`.\nA line.\n\n"
        "- one\n  1. two\n\n> said\n\n---\n"
    )
    assert root.one("strong").text == "bold"
    assert root.one("em").text == "slanted"
    assert root.one("s").text == "gone"
    assert root.one("code").text == "code"
    assert root.all("p")[0].all("br"), "a model's line break is one"
    assert root.one("ul").one("ol").one("li").text == "two"
    assert root.one("blockquote").text.strip() == "said"
    assert root.all("hr")


def test_a_star_beside_a_number_multiplies() -> None:
    for text in ("78*6: 6*8=48", "2*x*y", "3*(a+b)*4", "x*2*y"):
        assert shown(text).text.strip() == text
    root = shown("*1*, **2**, *x2*, `3*4*5` and a*b*c")
    assert [e.text for e in root.all("em")] == ["1", "x2", "b"]
    assert root.one("strong").text == "2"
    assert root.one("code").text == "3*4*5"


@pytest.mark.parametrize(("level", "below"), [(1, "5"), (2, "6"), (6, "6")])
def test_a_heading_stands_below_those_of_the_page(level: int, below: str) -> None:
    heading = shown("#" * level + " Title").one(css=f"fz-md-h{level}")
    assert (heading.tag, heading.attributes["role"]) == ("div", "heading")
    assert heading.attributes["aria-level"] == below


def test_a_table_scrolls_by_itself_and_names_its_columns() -> None:
    box = shown("| a | b |\n|:-:|--:|\n| 1 | 2 |").one(css="fz-md-wide")
    assert box.attributes["tabindex"] == "0", "the keyboard must reach what scrolls"
    assert [th.attributes["scope"] for th in box.all("th")] == ["col", "col"]
    assert [td.classes for td in box.all("td")] == [["fz-md-center"], ["fz-md-right"]]


def test_code_is_highlighted_by_classes_and_kept_to_the_letter() -> None:
    code = 'def f(x):\n    return "<b>" + x\n'
    block = shown(f"```python\n{code}```").one("pre")
    assert block.text == code
    assert {"k", "nf", "s2"} <= {css for span in block.all("span") for css in span.classes}
    assert block.attributes["dir"] == "ltr"


@pytest.mark.parametrize("language", ["", "no-such-language", "brainfuck", "python" * 99, "{.x}"])
def test_an_unknown_language_is_plain_code(language: str) -> None:
    assert shown(f"```{language}\na <b>\n```").one("pre").text == "a <b>\n"
    assert not shown(f"```{language}\na <b>\n```").one("pre").all("span")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[a](http://b.c/d?e=1&f=2)", "http://b.c/d?e=1&f=2"),
        ("[a](HTTPS://b.c 'title')", "HTTPS://b.c"),
        ("<mailto:a@b.c>", "mailto:a@b.c"),
        ("[\u0430](http://p\u0430yp\u0430l.com)", "http://xn--pypl-53dc.com"),
    ],
)
def test_a_link_shows_where_it_leads(text: str, address: str) -> None:
    link = shown(text).one("a")
    assert link.attributes == {
        "href": address,
        "title": address,
        "target": "_blank",
        "rel": "noopener noreferrer nofollow",
    }


@pytest.mark.parametrize("address", ["javascript:x", "data:text/html,x", "/x", "x.html", "#x"])
def test_any_other_link_stays_text(address: str) -> None:
    root = shown(f"[go]({address})")
    assert not root.all("a")
    assert root.text.strip() == f"[go]({address})"


def test_an_image_is_described_and_never_loaded() -> None:
    root = shown("![a *cat*](http://b.c/d.png)")
    assert root.one(css="fz-md-img").text == "image: a cat (http://b.c/d.png)"
    assert not root.all("img")


def test_raw_html_is_text() -> None:
    assert shown("<b>x</b>\n\n<div>\ny\n</div>").text.split() == [
        "<b>x</b>",
        "<div>",
        "y",
        "</div>",
    ]


def test_reference_definitions_are_shown() -> None:
    assert "[1]: http://b.c hidden words" in shown("See [1].\n\n[1]: http://b.c hidden words").text


# ── formulas ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("so $x^2$.", "inline"),
        (r"so \(x^2\).", "inline"),
        ("so $$x^2$$.", "block"),
        ("$$x^2$$", "block"),
        ("$$\nx^2\n$$", "block"),
        ("\\[\nx^2\n\\]", "block"),
        ("- \\[\n  x^2\n  \\]", "block"),
        ("text\n\\[\nx^2\n\\]\ntext", "block"),
    ],
)
def test_a_formula_is_mathml(text: str, display: str) -> None:
    math = shown(text).one("math")
    assert math.attributes == {"display": display}
    assert [part.text for part in math.one("msup").children if isinstance(part, Element)] == [
        "x",
        "2",
    ]


def test_operators_are_operators() -> None:
    assert [mo.text for mo in shown(r"$a \pm b \times c$").all("mo")] == ["±", "×"]


def test_lines_of_a_formula_are_no_list() -> None:
    root = shown("$$\na\n- b\n= c\n$$")
    assert root.one("math").text == "a\u2212b=c"
    assert not root.all("ul")


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6.",
        "Between $10 and 20$ a day.",
        "$5-$6, $5/$6, US$5 or CA$6",
        "Set $HOME and $PATH, or $A/$B.",
        r"An escaped \$x\$ dollar.",
        "A lone $ and $$ here.",
        "`$x$`",
    ],
)
def test_prices_and_variables_stay_text(text: str) -> None:
    root = shown(text)
    assert not root.all("math")
    assert root.text.strip() == text.replace("\\", "").replace("`", "")


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac",
        r"\begin{array",
        "x^a^b",
        r"\newcommand{\a}{\a\a}\a",
        r"\def\a{b}\a",
        "{" * 900 + "}" * 900,
        r"\sqrt{" * 60 + "}" * 60,
        r"\left(" * 150,
    ],
)
def test_what_cannot_be_read_is_shown_as_code(tex: str) -> None:
    root = shown(f"so ${tex}$.")
    assert root.one("code").text == tex
    assert not root.all("math")


def test_a_formula_is_bounded() -> None:
    assert not shown(f"${'x' * 3_000}$").all("math")
    many = shown("$x+y+z$\n" * 9_000)
    assert len(many.all("math")) + len(many.all("code")) == 9_000
    assert many.all("code"), "all formulas together are bounded, too"


def test_characters_by_number_cannot_hide_or_reorder() -> None:
    found = shown(r"$\unicode{x202e}a\unicode{x200b}\unicode{3c}b\unicode{0}$").one("math").text
    assert found == "a<b\ufffd"


@pytest.mark.parametrize("tex", [r"\hspace{99em}", r"\color{white}{x}", r"\raise{-9em}{x}"])
def test_no_formula_moves_or_hides_what_stands_beside_it(tex: str) -> None:
    for element in shown(f"${tex}y$").one("math").all():
        assert not element.attributes.keys() & {"mathcolor", "voffset", "height", "width"}


# ── bounds ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["a\n" * LONGEST, "a" * (LONGEST_LINE + 1), "> " * 40 + "deep"])
def test_what_is_too_long_or_too_deep_is_shown_as_it_is_written(text: str) -> None:
    root = shown(text)
    assert root.one(css="fz-x").text == text
    assert not root.all("p")


def lines(piece: str, width: int = 10_000) -> str:
    return "\n".join([(piece * width)[:width]] * 9)


BOMBS = {
    "quotes": ">" * 10_000,
    "brackets": "[" * 10_000,
    "images": "![" * 9_000,
    "many brackets": lines("["),
    "links": lines("[a]("),
    "nested links": "[" * 5_000 + "a" + "](http://b)" * 1_000,
    "emphasis": lines("a**b*c_d__"),
    "ticks": lines("`a``b```"),
    "entities": lines("&"),
    "lists": "\n".join(" " * i + "- a" for i in range(400)),
    "wide table": "|" + "a|" * 2_000 + "\n|" + "-|" * 2_000 + "\n" + "|a\n" * 40,
    "dollars": lines("$a "),
    "formulas": lines("$x$ "),
    "parentheses": lines("\\("),
    "open formulas": "\\[\na\n" * 15_000,
    "formula blocks": "$$\na\n" * 15_000,
    "code": "```python\nx = 'a' + 1\n```\n" * 3_500,
    "slow code": "```cs\n" + "a\n " * 6_000 + "\n```\n```java\n" + "\n" * 18_000 + "```",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_nothing_can_hang_it(text: str) -> None:
    rich("warm $x$\n```python\nx\n```")  # imports
    began = process_time()  # of this process alone: the machine may be busy
    html = rich(text)
    assert process_time() - began < 10
    read(html)


# ── the answer first ─────────────────────────────────────────────────────────────────────────


def test_the_final_answer_is_first_and_large() -> None:
    root = read(rich_headline("Because **of this**.\n\nAnswer: $x^2$"))
    first, rest = root.children
    assert isinstance(first, Element)
    assert isinstance(rest, Element)
    assert first.classes == ["fz-md", "fz-h"]
    assert first.one("strong").one("math").text == "x2"
    assert rest.classes == ["fz-w"]
    assert rest.one("strong").text == "of this"


TEXTS = ["", "Answer: 42", "No.\nAnswer: 42", "plain", "long\n\n" * 300, "w\n" * 9 + "Answer: 42"]


@pytest.mark.parametrize("text", TEXTS)
def test_it_says_what_the_static_headline_says(text: str) -> None:
    for markdown, letters in ((rich_headline, headline), (rich_answer, answer)):
        ours, theirs = read(markdown(text)), read(letters(text))
        assert "".join(ours.text.split()) == "".join(theirs.text.split())
        assert len(ours.all("details")) == len(theirs.all("details"))


def test_the_sheet_has_its_part_only_where_markdown_is() -> None:
    assert ".fz-md" in style(rich("x"))
    assert ".fz-md" not in style("<p>class=fz-md</p>")
