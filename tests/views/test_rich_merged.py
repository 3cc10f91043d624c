"""A merged answer as Markdown: whose words are whose, whatever the markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modes_by_hand import merge
from reading import Element, read

from fusion_magics.types import Fusion, Point
from fusion_magics.views import _words as words
from fusion_magics.views.rich import rich, rich_merged


def merged(text: str, *passages: tuple[str, tuple[int, ...]]) -> Fusion:
    """``text`` as a merged answer of three candidates."""
    return replace(merge(), text=text, passages=tuple(Point(*p) for p in passages))


def owned(root: Element) -> list[tuple[str, str]]:
    """The rows of each wrapped piece of text, and the text."""
    return [(e.attributes["data-rows"], e.text) for e in root.all("span", "fz-u")]


def joined(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for rows, text in owned(root):
        found[rows] = found.get(rows, "") + text
    return found


def without_marks(html: str) -> str:
    html = re.sub(r"<sup>.*?</sup>", "", html)
    return re.sub(r"\s+", "", read(html).text)


def test_each_passage_is_wrapped_and_followed_by_its_rows() -> None:
    text = "It is 3. In all **three** times.\n\nMore."
    html = rich_merged(merged(text, ("It is 3.", (0, 1)), ("In all **three** times.", ())))
    root = read(html)
    assert [sup.text for sup in root.all("sup")] == ["[1 2]", "[own]"]
    assert joined(root) == {"1 2": "It is 3.", "": "In all three times."}
    own = [e for e in root.all("span", "fz-u") if "fz-own" in e.classes]
    assert "".join(e.text for e in own) == "In all three times."
    assert root.one("strong").one("span").text == "three"


@pytest.mark.parametrize(
    ("text", "passage", "expected"),
    [
        ("- one\n- two", "- two", "two"),
        ("1. one\n2. two", "one\n2. two", "onetwo"),
        ("# Head\n\ntext", "# Head", "Head"),
        ("> said\n> so", "said\n> so", "saidso"),
        ("| a | a |\n|---|---|\n| 1 | 1 |", "| 1 | 1 |", "11"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "2", "2"),
        ("See [the *page*](http://a.b/c).", "the *page*", "thepage"),
        ('_so_ "it" is', '_so_ "it"', 'so"it"'),
        ('x **"y"** z', '**"y"**', '"y"'),
        ("```python\nx = 1\ny = 2\n```", "y = 2", "y=2"),
        ("```python\nx = 1\n```", "```python\nx = 1\n```", "x=1"),
        ("a\n\n    code\n", "    code", "code"),
        ("so $$x$$ and", "so $$x$$", "sox"),
        ("$$\nx\n$$\n\nb", "$$\nx\n$$", "x"),
        ("a & b < c", "& b <", "&b<"),
        ("two\nlines", "two\nlines", "twolines"),
    ],
)
def test_a_passage_is_found_in_its_markup(text: str, passage: str, expected: str) -> None:
    root = read(rich_merged(merged(text, (passage, (1,)))))
    (rows,) = {rows for rows, _ in owned(root)}
    assert re.sub(r"\s", "", joined(root)[rows]) == expected
    assert len(root.all("sup")) == 1
    assert without_marks(rich_merged(merged(text, (passage, (1,))))) == without_marks(rich(text))


def test_the_rows_of_code_stand_behind_it() -> None:
    root = read(rich_merged(merged("```\nx = 1\n```", ("x = 1", (1,)))))
    assert root.one("pre").text == "x = 1\n"
    assert root.one(css="fz-md-wide").one("sup").text == "[1]"


def test_what_is_too_long_keeps_its_rows() -> None:
    fused = merged("word " * 30_000 + "end.", ("end.", (1,)))
    assert "<sup>[1]</sup>" in rich_merged(fused)


def test_a_models_text_cannot_pose_as_a_mark() -> None:
    html = rich_merged(merged("\ufdd00\ufdd0stolen\ufdd10\ufdd1 mine &#xfdd0;0", ("mine", (1,))))
    assert owned(read(html)) == [("1", "mine")]


MARKUP = st.sampled_from(
    [
        *("word", "two words", " ", "\n", "\n\n", "**", "*", "_", "__", "~~", "`", "``", "```\n"),
        *(
            "```python\n",
            "- ",
            "1. ",
            "> ",
            "# ",
            "## ",
            "---\n",
            "| a | b |\n|---|---|\n| 1 | 2 |\n",
        ),
        *("$x^2$", "$", "$$", "\\(", "\\)", "\\[\n", "\n\\]", "\\", "&amp;", "&", "<b>", "<", '"'),
        *(
            "[a](http://b)",
            "[",
            "](http://c)",
            "![d](http://e)",
            "<http://f>",
            "    ",
            "\t",
            "é",
            "。",
        ),
    ]
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[str, list[tuple[str, tuple[int, ...]]]]:
    """Markdown of any kind, and passages cut from it anywhere."""
    text = "".join(draw(st.lists(MARKUP, min_size=1, max_size=25)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    rows = st.sampled_from([(), (0,), (0, 1), (2,)])
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return text, [(text[a:b], draw(rows)) for a, b in pairs]


@given(answers())
@settings(max_examples=400)
def test_marks_change_nothing_else(case: tuple[str, list[tuple[str, tuple[int, ...]]]]) -> None:
    fused = merged(case[0], *case[1])
    html = rich_merged(fused)
    pieces = words.pieces(fused)
    text = "".join(piece.text for piece in pieces)
    root = read(html)  # fails if it is not well nested
    assert without_marks(html) == without_marks(rich(text))
    if any("fz-x" in e.classes for e in root.all()) or not re.search(r"\w", text):
        return
    marks = [piece.mark for piece in pieces if piece.mark]
    assert [sup.text for sup in root.all("sup")] == marks
    assert not re.search("[\ufdd0-\ufdef]", html)
