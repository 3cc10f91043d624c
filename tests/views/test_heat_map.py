"""Who agrees with whom: a number in every cell, and the same numbers as a frame."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fusions_by_hand import HOSTILE, candidate, fusion
from modes_by_hand import SAMPLES, jury, jury_of_models, rubric
from reading import Element, read
from test_table import ALLOWED, ATTRIBUTES

from fusion_magics.errors import UsageError
from fusion_magics.text import printable
from fusion_magics.types import Fusion
from fusion_magics.views.heat_map import agreement_panel


def maps(fused: Fusion) -> list[Element]:
    return read(agreement_panel(fused)).all("table")


def grid(table: Element) -> list[list[str]]:
    rows = table.one("tbody").all("tr")
    return [[cell.text for cell in (*row.all("th"), *row.all("td"))] for row in rows]


def test_final_answers_are_1_or_0_in_the_order_of_the_table() -> None:
    (table,) = maps(SAMPLES["vote"]())
    assert grid(table) == [
        ["1 tiny:a", "1", "1", "0"],
        ["2 tiny:c", "1", "1", "0"],
        ["3 tiny:b", "0", "0", "1"],
    ]
    assert table.one("caption").text == "agreement of 3 answers"
    assert read(agreement_panel(SAMPLES["vote"]())).one("p").text == (
        "1: the same final answer, 0: another one"
    )


def test_prose_has_shares_with_decimals() -> None:
    (table,) = maps(rubric())
    assert [row[2] for row in grid(table)] == ["0.26", "1.00", "0.73"]
    assert "words in common" in read(agreement_panel(rubric())).one("p").text


def test_both_kinds_are_told_apart() -> None:
    long = "It is a long story about three letters, and nothing else in the world."
    fused = fusion([candidate("a", "Answer: 3"), candidate("b", "3"), candidate("c", long)], None)
    root = read(agreement_panel(fused))
    assert grid(root.one("table"))[0] == ["1 a", "1", "1", "0.00"]
    assert root.one("p").text.startswith("1: the same final answer, 0: another one; with decimals:")


def test_headers_name_rows_and_columns() -> None:
    (table,) = maps(SAMPLES["best_of"]())
    heads = table.one("thead").all("th")
    assert [th.text for th in heads] == ["1 tiny:words", "2 tiny:sums", "3 tiny:logic"]
    assert {th.attributes["scope"] for th in heads} == {"col"}
    assert {th.attributes["scope"] for th in table.one("tbody").all("th")} == {"row"}


def test_jurors_agree_where_they_say_the_same() -> None:
    _, table = maps(jury())
    assert table.one("caption").text == "agreement of 5 jurors"
    rows = grid(table)
    assert rows[0] == ["1 builder", "1.00", "0.33", "0.33", "1.00", "0.67"]
    _, table = maps(jury_of_models())
    assert grid(table)[0] == ["1 tiny:a", "1.00", "–", "0.00"]


def test_of_many_the_first_are_shown_and_the_others_counted() -> None:
    (table,) = maps(SAMPLES["hundred"]())
    assert len(grid(table)) == 24
    assert table.one("caption").text == "agreement of 24 answers; 74 more members not shown"


def test_nobody_agrees_with_nobody() -> None:
    assert maps(SAMPLES["nothing"]()) == []


def test_the_frame_has_the_same_numbers_in_pool_order() -> None:
    frame = SAMPLES["vote"]().similarity()
    assert list(frame.index) == list(frame.columns) == ["tiny:a", "tiny:b", "tiny:c"]
    assert frame.loc["tiny:a", "tiny:c"] == 1
    assert frame.loc["tiny:a", "tiny:b"] == 0
    assert SAMPLES["nothing"]().similarity().empty


def test_the_reader_can_be_named() -> None:
    fused = rubric()
    same = replace(fused, candidates=tuple(replace(c, text=c.text + " So 3.")
                                           for c in fused.candidates))  # fmt: skip
    assert (same.similarity(read="number") == 1).all(axis=None)
    with pytest.raises(UsageError, match="Did you mean number"):
        same.similarity(read="nunber")


@pytest.mark.parametrize("name", SAMPLES)
def test_only_harmless_elements_and_attributes(name: str) -> None:
    for element in read(agreement_panel(SAMPLES[name]())).all():
        assert element.tag in ALLOWED
        assert set(element.attributes) <= ATTRIBUTES | {"role", "tabindex"}
        if style := element.attributes.get("style"):
            assert 0 <= float(style.removeprefix("--share:")) <= 1


def test_hostile_names_are_seen_as_they_are() -> None:
    assert printable(HOSTILE["script"]) in maps(SAMPLES["hostile"]())[0].text
