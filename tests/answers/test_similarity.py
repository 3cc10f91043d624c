"""How much alike answers are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import reader_of, similarity, stated

PROSE = "Take an advisory lock per tenant, so that two deploys never race."
OTHER = "Take a lock per tenant; deploys never meet then, whatever happens to them."


def test_final_answers_are_the_same_or_not() -> None:
    texts = ["6 and 8 are 14.\nAnswer: 14", "14.0", "The answer is 12."]
    assert similarity(texts) == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_prose_has_the_share_of_its_words() -> None:
    # take, lock, per, tenant, deploys and never, of 12 words and 13.
    assert similarity([PROSE, OTHER])[0][1] == pytest.approx(2 * 6 / (12 + 13))
    assert similarity([PROSE, PROSE.upper() + "!"])[0][1] == 1


def test_an_answer_beside_prose_is_compared_by_words() -> None:
    assert similarity(["lock", PROSE])[0][1] == pytest.approx(2 / 13)


def test_the_reader_decides_what_an_answer_is() -> None:
    one, two = f"{PROSE} It takes 3 of them.", f"Not so. {OTHER} So 3."
    assert 0 < similarity([one, two])[0][1] < 1
    assert similarity([one, two], reader_of("number"))[0][1] == 1


def test_the_last_line_of_prose_is_no_final_answer() -> None:
    assert stated(f"{PROSE}\nI hope this helps.") == ""
    assert stated("I hope.") == "i hope"


def test_texts_without_words() -> None:
    assert similarity(["", " "]) == [[1, 1], [1, 1]]
    assert similarity(["", PROSE])[0][1] == 0
    assert similarity([]) == []


@given(st.lists(st.text(max_size=80), max_size=5))
def test_it_is_a_symmetric_matrix_of_shares(texts: list[str]) -> None:
    matrix = similarity(texts)
    for i, row in enumerate(matrix):
        assert row[i] == 1
        assert all(0 <= value <= 1 for value in row)
        assert row == [other[i] for other in matrix]
