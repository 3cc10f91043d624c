"""Votes and draws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import draw, reader_of, votes


def test_texts_without_an_answer_do_not_vote() -> None:
    assert votes(["Answer: 3", "3.0", "", "  \n ", "8+7=15\nAnswer:"]) == {"3": 2}


def test_weights_and_readers_count() -> None:
    assert votes(["a 3", "b 3", "c 4"], reader_of("number"), [1, 0.5, 2]) == {"3": 1.5, "4": 2}


@given(st.lists(st.floats(0, 10), min_size=1), st.randoms())
def test_the_order_of_voters_does_not_change_a_sum(weights: list[float], dice: object) -> None:
    texts = ["same"] * len(weights)
    shuffled = list(weights)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert votes(texts, weights=weights) == votes(texts, weights=shuffled)


def test_draws_depend_on_seed_and_text_alone() -> None:
    assert draw(1, "a") == draw(1, "a")
    assert len({draw(seed, text) for seed in range(9) for text in "abc"}) == 27
