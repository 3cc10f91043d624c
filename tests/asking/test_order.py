"""The order in which a model meets the answers: another one for each question, not the pool's."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import Asking, shuffled
from fusion_magics.members import open_pool
from fusion_magics.pool import Recorder, names_of
from fusion_magics.types import Prompt, SamplingParams

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


async def test_differently_set_members_of_one_model_keep_their_order_in_a_shuffled_pool() -> None:
    """Their labels count places in the pool; what a judge reads must not."""
    pool = [f"scripted:echo@temperature={t}" for t in (0.1, 0.5, 0.9)]
    met = []
    for each in (pool, pool[::-1], [pool[1], pool[0], pool[2]]):
        members = open_pool(each, SamplingParams())
        names = names_of(members)
        assert len(set(names.values())) == 3
        asking = Asking(members[0].model, Recorder().ask, names=names)
        order = asking.order(Prompt.of("q"), [member.label for member in members])
        met.append([members[i].params.temperature for i in order])
    assert met[0] == met[1] == met[2]
