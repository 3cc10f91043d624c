"""Two answers side by side: what differs is marked, and nothing they say is markup."""

from __future__ import annotations

import pytest
from fusions_by_hand import HOSTILE, candidate, fusion
from modes_by_hand import SAMPLES, debate, rubric
from reading import Element, read
from test_table import ALLOWED, ATTRIBUTES

from fusion_magics.errors import UsageError
from fusion_magics.types import Fusion
from fusion_magics.views.word_diff import Diff

OLD = "One line.\n\n  two = 10\nGone.\nThe end."
NEW = "One line.\n\n  two = 20\nThe end. New."


def of(before: str, after: str) -> Diff:
    return fusion([candidate("a", before), candidate("b", after)], None).diff(0, 1)


def shown(diff: Diff) -> Element:
    return read(diff._repr_mimebundle_()["text/html"]).one("div", "fz")


def cells(diff: Diff) -> list[list[str]]:
    body = shown(diff).one("tbody")
    return [[cell.text for cell in row.all("td")] for row in body.all("tr")]


def test_words_are_marked_in_their_columns() -> None:
    table = shown(of(OLD, NEW)).one("table")
    assert [th.text for th in table.all("th")] == ["− a", "+ b"]
    assert {th.attributes["scope"] for th in table.all("th")} == {"col"}
    assert [e.text for e in table.all("del")] == ["10\nGone."]
    assert [e.text for e in table.all("ins")] == ["20", ". New"]


def test_a_row_ends_where_both_texts_begin_a_new_line() -> None:
    assert cells(of(OLD, NEW)) == [
        ["One line.\n\n", "One line.\n\n"],
        ["  two = 10\nGone.\n", "  two = 20\n"],
        ["The end.", "The end. New."],
    ]
    rows = shown(of(OLD, NEW)).one("tbody").all("tr")
    assert [row.classes for row in rows] == [["fz-same"], [], []]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("one two three four", "one two three five", "75 % of the words are in both"),
        ("one", "two", "0 % of the words are in both"),
        ("one  two\n", "one two", "word for word the same"),
        ("one.", "one!", "100 % of the words are in both"),
        ("", "", "word for word the same"),
        ("...", "!", "0 % of the words are in both"),
    ],
)
def test_the_share_of_words_is_said(before: str, after: str, said: str) -> None:
    diff = of(before, after)
    assert shown(diff).one("caption").text == said
    assert said in str(diff)


def test_the_text_has_marks() -> None:
    assert str(of(OLD, NEW)).split("\n") == [
        "--- a",
        "+++ b",
        "71 % of the words are in both",
        "  One line.",
        "",
        "-   two = 10",
        "- Gone.",
        "+   two = 20",
        "- The end.",
        "+ The end. New.",
    ]


def test_a_candidate_goes_by_index_or_member() -> None:
    assert rubric().diff(0, 2) == rubric().diff("local:mistral-small-24b", "openrouter:claude-3.7")


def test_a_debate_is_compared_round_by_round() -> None:
    assert debate().diff(0, 1, round=0).names == ("tiny:a", "tiny:b")
    assert debate().diff(0, 1, round=0).changed
    assert debate().diff_rounds("tiny:a").names == ("tiny:a, round 0", "tiny:a, round 1")
    assert debate().diff_rounds("tiny:a") == debate().diff_rounds(0, 1)
    assert not debate().diff_rounds("tiny:b", 1).changed


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: debate().diff(0, 2), ["no candidate 2", "from 0 to 1"]),
        (lambda: debate().diff("tiny:a", "tinny:b"), ["'tinny:b'", "Did you mean tiny:"]),
        (lambda: debate().diff(0, 1, round=2), ["no round 2", "from 0 to 1"]),
        (lambda: debate().diff_rounds("tiny:a", 0), ["no round 0", "from 1 to 1"]),
        (lambda: debate().diff_rounds("tiny:x", 1), ["no candidate 'tiny:x'"]),
        (lambda: rubric().diff(0, 1, round=0), ["no rounds", "debate"]),
        (lambda: rubric().diff_rounds(0), ["no rounds", "debate"]),
    ],
)
def test_bad_input_is_named_with_its_cure(wrong: object, words: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        wrong()  # type: ignore[operator]
    assert all(word in str(error.value) for word in words)


@pytest.mark.parametrize("name", [n for n, f in SAMPLES.items() if len(f().candidates) > 1])
def test_only_harmless_elements_and_attributes(name: str) -> None:
    fused: Fusion = SAMPLES[name]()
    for pair in ((0, 1), (1, 0), (0, 0)):
        for element in shown(fused.diff(*pair)).all():
            assert element.tag in ALLOWED | {"del", "ins"}
            assert set(element.attributes) <= ATTRIBUTES


def test_hostile_text_is_seen_as_it_is() -> None:
    diff = SAMPLES["hostile"]().diff(0, 1)
    for text in (shown(diff).text, str(diff)):
        assert HOSTILE["script"] in text
        assert not any(c in text for c in "\x1b\x07\x9b\u202e\u2066\u200b\ud800")


def test_it_stands_alone() -> None:
    root = shown(of("a", "b"))
    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(root.classes)
    assert root.one("style")
