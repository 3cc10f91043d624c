"""The order in which a model meets the answers: another one for each question, not the pool's."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import shuffled
from fusion_magics.types import Prompt

LABELS = st.lists(st.text(), min_size=1, max_size=8, unique=True)


@given(st.text(), LABELS, st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_the_order_of_the_pool_plays_no_part(
    question: str, labels: list[str], seed: int, dice: Random
) -> None:
    def met(given: list[str]) -> list[str]:
        return [given[i] for i in shuffled(Prompt.of(question), given, seed)]

    other = labels.copy()
    dice.shuffle(other)
    assert met(labels) == met(other)
    assert sorted(met(labels)) == sorted(labels)


def test_no_member_has_an_advantage() -> None:
    labels = ["a", "b", "c", "d"]
    first = Counter(shuffled(Prompt.of(f"Question {n}"), labels, 0)[0] for n in range(800))
    assert all(140 < first[i] < 260 for i in range(4))  # 200 each, five standard deviations
