"""Ranks, and the order in which candidates are met."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.judges.verdicts import leaders, rank, shuffled
from fusion_magics.types import Candidate, Timing, Usage, Verdict


@given(st.lists(st.none() | st.integers(0, 10), min_size=1, max_size=8))
def test_ranks_count_the_better_ones(scores: list[int | None]) -> None:
    ranked = rank([Verdict(i, 0, None if s is None else float(s)) for i, s in enumerate(scores)])
    values = [-1 if s is None else s for s in scores]
    assert [v.rank for v in ranked] == [1 + sum(o > mine for o in values) for mine in values]
    best = max(values)
    assert leaders(ranked) == tuple(i for i, s in enumerate(scores) if s == best)


@given(st.lists(st.text(), min_size=1, max_size=8), st.integers(0, 2**40), st.randoms())
def test_the_order_is_of_the_seed_and_the_texts(texts: list[str], seed: int, rng) -> None:  # type: ignore[no-untyped-def]
    def met(given: list[str]) -> list[str]:
        candidates = [Candidate("m", text, Usage(), "stop", Timing(0.0)) for text in given]
        return [given[i] for i in shuffled(candidates, seed)]

    other = texts.copy()
    rng.shuffle(other)
    assert met(texts) == met(other)
    assert sorted(met(texts)) == sorted(texts)
