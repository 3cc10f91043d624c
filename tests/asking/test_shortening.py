"""What is left of long texts, and how fast the fitting length is found."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking.shortening import LEAST, budgets, shortened, within


def test_the_middle_is_left_out_and_counted() -> None:
    text = "head " + "x" * 20_000 + " Answer: 5"
    short = shortened(text, 200)
    assert short.startswith("head x")
    assert short.endswith("x Answer: 5")
    (said,) = re.findall(r"\n\[… ([\d,]+) characters left out …\]\n", short)
    gap = len(f"\n[… {said} characters left out …]\n")
    assert int(said.replace(",", "")) == len(text) - (len(short) - gap)


@given(st.text(max_size=3000), st.integers(0, 4000))
def test_a_text_is_as_long_as_allowed_and_no_longer(text: str, most: int) -> None:
    short = shortened(text, most)
    assert len(short) <= max(most, LEAST)
    if len(text) <= max(most, LEAST):
        assert short == text
    else:
        assert short[:10] == text[:10]
        assert short[-10:] == text[-10:]


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=6), st.integers(0, 12_000))
def test_the_longest_are_shortened_first_and_alike(sizes: list[int], budget: int) -> None:
    shown = [len(text) for text in within(["x" * size for size in sizes], budget)]
    longest = max(shown)
    for before, after in zip(sizes, shown, strict=True):
        assert after <= before
        # A text that lost something is about as long as the longest: the gap's digits vary.
        assert after == before or longest - after <= 4
    assert sum(shown) <= max(budget, len(sizes) * LEAST)
    if sum(sizes) <= budget:
        assert shown == sizes


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_few_lengths_are_tried_from_all_to_the_least(sizes: list[int]) -> None:
    texts = ["x" * size for size in sizes]
    tries = list(budgets(texts))
    assert tries[0] == sum(sizes)
    assert tries == sorted(set(tries), reverse=True)
    assert tries[-1] == sum(min(size, LEAST) for size in sizes)
    assert len(tries) <= 18
