"""All candidates at once, in several orders: the mean rank decides."""

from __future__ import annotations

from itertools import pairwise

import pytest
from comparing import by_value, first_shown, judge, script
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.judges.listwise import tally
from fusion_magics.types import Comparison


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7])
async def test_no_candidate_stands_in_one_place_twice(count: int) -> None:
    texts = ["x" * i for i in range(1, count + 1)]
    judgment, recorder = await judge("listwise", script(by_value(len)), texts)
    orders = [c.order for c in judgment.comparisons]
    assert len(recorder.calls) == len(orders) == min(3, count)
    assert judgment.order == orders[0]
    for i in range(count):
        assert len({order.index(i) for order in orders}) == len(orders)
    assert all(sorted(order) == list(range(count)) for order in orders)
    starts = [orders[0].index(order[0]) for order in orders]
    steps = [b - a for a, b in pairwise([*starts, count])]
    assert max(steps) - min(steps) <= 1  # its places are spread over the whole list
    assert [v.rank for v in judgment.verdicts] == list(range(count, 0, -1))
    assert (judgment.verdicts[0].score, judgment.verdicts[-1].score) == (0, 10)
    assert (judgment.pairs, judgment.flips) == (count * (count - 1) // 2, 0)


async def test_the_first_order_is_of_the_seed() -> None:
    orders = set()
    for seed in range(6):
        judgment, _ = await judge("listwise", script(first_shown), ["a", "b", "c"], seed)
        orders.add(judgment.order)
    assert len(orders) > 1


async def test_position_bias_falls_on_all_alike() -> None:
    judgment, _ = await judge("listwise", script(first_shown), ["a", "b", "c"])
    assert [v.score for v in judgment.verdicts] == [5, 5, 5]
    assert judgment.ties == (0, 1, 2)
    assert (judgment.pairs, judgment.flips) == (3, 3)
    assert judgment.verdicts[0].rationale.startswith("mean rank 2.0 of 3 in 3 orders. [")


async def test_equals_share_their_ranks() -> None:
    judgment, _ = await judge("listwise", script(by_value(len)), ["aa", "bb", "c"])
    assert [v.score for v in judgment.verdicts] == [7.5, 7.5, 0]
    assert judgment.ties == (0, 1)


async def test_orders_that_could_not_be_read_are_left_out() -> None:
    def opinion(texts: list[str]) -> list[list[int]] | str:
        return by_value(len)(texts) if texts[0] == "bb" else "?"

    judgment, _ = await judge("listwise", script(opinion), ["a", "bb", "ccc"])
    assert [v.score for v in judgment.verdicts] == [0, 5, 10]
    assert sum(bool(c.error) for c in judgment.comparisons) == 2
    assert (judgment.pairs, judgment.flips) == (0, 0)
    assert "in 1 order." in judgment.verdicts[0].rationale


@given(st.lists(st.permutations(range(4)), min_size=1, max_size=3))
def test_scores_are_mean_ranks_on_another_scale(rankings: list[list[int]]) -> None:
    orders = [(0, 1, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1)]
    comparisons = [
        Comparison(order, tuple((i,) for i in ranking))
        for order, ranking in zip(orders, rankings, strict=False)
    ]
    found = tally(comparisons, 4)
    for i, share in enumerate(found.shares):
        mean = sum(ranking.index(i) for ranking in rankings) / len(rankings)
        assert share == pytest.approx(1 - mean / 3)
    changed = sum(
        len({ranking.index(a) < ranking.index(b) for ranking in rankings}) > 1
        for a in range(4)
        for b in range(a)
    )
    assert found.flips == changed
    assert found.pairs == (6 if len(rankings) > 1 else 0)
