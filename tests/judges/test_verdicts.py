"""Ranks by score."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.judges.verdicts import leaders, rank
from fusion_magics.types import Verdict


@given(st.lists(st.none() | st.integers(0, 10), min_size=1, max_size=8))
def test_ranks_count_the_better_ones(scores: list[int | None]) -> None:
    ranked = rank([Verdict(i, 0, None if s is None else float(s)) for i, s in enumerate(scores)])
    values = [-1 if s is None else s for s in scores]
    assert [v.rank for v in ranked] == [1 + sum(o > mine for o in values) for mine in values]
    best = max(values)
    assert leaders(ranked) == tuple(i for i, s in enumerate(scores) if s == best)
