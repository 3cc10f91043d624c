"""Pairs in both orders: flips are ties, and ranks are those of a Bradley–Terry model."""

from __future__ import annotations

import subprocess
import sys
import warnings
from itertools import combinations, permutations

import pytest
from comparing import by_value, first_shown, judge, said, script, shown
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.backends.scripted import Script
from fusion_magics.judges.compare import relations
from fusion_magics.judges.pairwise import expected_shares, tally
from fusion_magics.judges.verdicts import rank
from fusion_magics.types import Comparison, Prompt, SamplingParams, Verdict


def met(a: int, b: int, sign: int | None) -> Comparison:
    """``a`` was shown before ``b`` and is better (1), equal (0), worse (-1) or unread (None)."""
    if sign is None:
        return Comparison((a, b), error="unread")
    groups = {1: ((a,), (b,)), 0: ((a, b),), -1: ((b,), (a,))}
    return Comparison((a, b), groups[sign])


async def test_every_pair_is_met_in_both_orders() -> None:
    texts = ["a", "bb", "ccc", "dddd"]
    judgment, recorder = await judge("pairwise", script(by_value(len)), texts)
    assert len(recorder.calls) == 4 * 3
    assert sorted(c.order for c in judgment.comparisons) == sorted(permutations(range(4), 2))
    assert (judgment.pairs, judgment.flips) == (6, 0)
    assert [v.score for v in judgment.verdicts] == [0, 3.3, 6.7, 10]
    assert [v.rank for v in judgment.verdicts] == [4, 3, 2, 1]
    assert judgment.best == 3
    assert judgment.verdicts[2].rationale.startswith("beats 2, loses to 1. [")
    assert judgment.protocol == "pairwise"


async def test_a_judge_who_takes_the_first_ties_all() -> None:
    judgment, _ = await judge("pairwise", script(first_shown), ["a", "b", "c"])
    assert (judgment.pairs, judgment.flips) == (3, 3)
    assert [v.score for v in judgment.verdicts] == [5, 5, 5]
    assert judgment.ties == (0, 1, 2)
    assert judgment.verdicts[0].rationale.startswith("ties with 2 (2 flipped with the order). [")


async def test_which_pair_is_shown_first_is_of_the_seed() -> None:
    orders = set()
    for seed in range(6):
        judgment, _ = await judge("pairwise", script(first_shown), ["a", "b", "c"], seed)
        orders.add(judgment.comparisons[0].order)
    assert len(orders) > 1


async def test_a_candidate_nobody_could_be_compared_with_has_no_score() -> None:
    def opinion(texts: list[str]) -> list[list[int]] | str:
        return "I cannot say." if "x" in texts else by_value(len)(texts)  # type: ignore[return-value]

    judgment, _ = await judge("pairwise", script(opinion), ["a", "x", "cc"])
    assert [v.score for v in judgment.verdicts] == [0, None, 10]
    assert [v.rank for v in judgment.verdicts] == [2, 3, 1]
    assert "could not be read, twice" in judgment.verdicts[1].error
    assert judgment.pairs == 1


async def test_a_pair_read_in_one_order_only_is_left_out() -> None:
    def opinion(texts: list[str]) -> list[list[int]] | str:
        return "?" if texts == ["b", "a"] else first_shown(texts)

    judgment, _ = await judge("pairwise", script(opinion), ["a", "b"])
    assert [v.score for v in judgment.verdicts] == [None, None]
    assert all("could not be read" in v.error for v in judgment.verdicts)
    assert judgment.pairs == 0


SIGNS = st.sampled_from([1, 1, 0, -1, -1, None])


@st.composite
def verdicts(draw: st.DrawFn) -> tuple[int, list[Comparison]]:
    """Any verdict of every pair of up to six candidates, in both orders."""
    count = draw(st.integers(2, 6))
    return count, [met(a, b, draw(SIGNS)) for a, b in permutations(range(count), 2)]


@given(verdicts())
def test_any_pattern_of_verdicts_is_ranked(pattern: tuple[int, list[Comparison]]) -> None:
    count, comparisons = pattern
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = tally(comparisons, count)
    read = {c.order for c in comparisons if c.ranking}
    both = [pair for pair in combinations(range(count), 2) if {pair, pair[::-1]} <= read]
    assert found.pairs == len(both)
    signs = {c.order: sign for c in comparisons for _, _, sign in relations(c)}
    assert found.flips == sum(signs[pair] != -signs[pair[::-1]] for pair in both)
    scored = {i for i, share in enumerate(found.shares) if share is not None}
    assert scored == {i for pair in both for i in pair}
    assert all(share is None or 0 <= share <= 1 for share in found.shares)
    ranked = rank(
        [Verdict(i, 0, None if s is None else round(10 * s, 1)) for i, s in enumerate(found.shares)]
    )
    for a, b in combinations(ranked, 2):
        if a.score is not None and b.score is not None:
            assert (a.rank < b.rank) == (a.score > b.score)


@given(st.data(), st.integers(2, 6))
def test_where_all_pairs_are_read_a_score_is_the_share_of_wins(
    data: st.DataObject, count: int
) -> None:
    pairs = list(combinations(range(count), 2))
    outcomes = {pair: data.draw(st.sampled_from([1, 0, -1])) for pair in pairs}
    shares = expected_shares(outcomes)
    for i in range(count):
        won = sum((1 + (s if a == i else -s)) / 2 for (a, b), s in outcomes.items() if i in (a, b))
        assert shares[i] == pytest.approx(won / (count - 1), abs=0.001)


@pytest.mark.parametrize("sign", [1, 0, -1])
def test_flips_and_ties_are_counted(sign: int) -> None:
    other = {1: 0, 0: -1, -1: 1}[sign]
    same = tally([met(0, 1, sign), met(1, 0, -sign)], 2)
    assert (same.pairs, same.flips) == (1, 0)
    assert same.shares[0] == pytest.approx((1 + sign) / 2, abs=0.001)
    changed = tally([met(0, 1, sign), met(1, 0, -other)], 2)
    assert (changed.pairs, changed.flips) == (1, 1)
    assert changed.shares == (0.5, 0.5)


def test_the_model_tells_apart_who_never_met() -> None:
    """0 beats 1, 1 beats 2, 0 and 2 never met: 0 is the best, and more so than its half share."""
    shares = expected_shares({(0, 1): 1, (1, 2): 1})
    assert shares[0] > 0.99
    assert shares[1] == pytest.approx(0.5, abs=0.001)
    assert shares[2] < 0.01


def test_who_beat_a_better_rival_is_better() -> None:
    """1 and 4 have won one of their two; 1's came against the best."""
    shares = expected_shares({(0, 1): -1, (0, 2): 1, (0, 3): 1, (1, 2): -1, (3, 4): -1, (2, 4): 1})
    assert shares[1] > shares[4]


def test_two_groups_that_never_met_are_even() -> None:
    shares = expected_shares({(0, 1): 1, (2, 3): 1})
    assert shares[0] == pytest.approx(shares[2])
    assert shares[0] > shares[1]


@pytest.mark.parametrize("count", [3, 6, 9])
def test_degenerate_patterns_do_not_diverge(count: int) -> None:
    pairs = list(combinations(range(count), 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        even = expected_shares(dict.fromkeys(pairs, 0))
        order = expected_shares(dict.fromkeys(pairs, 1))
        circle = expected_shares({(i, (i + 1) % count): 1 for i in range(count)})
    assert list(even.values()) == pytest.approx([0.5] * count)
    assert list(circle.values()) == pytest.approx([0.5] * count)
    assert [order[i] for i in range(count)] == pytest.approx(
        [1 - i / (count - 1) for i in range(count)], abs=0.001
    )
    assert expected_shares({}) == {}


async def test_recorded_verdicts_of_both_orders_are_replayed_exactly() -> None:
    """A judge's accuracy is the mean of both orders; a flip is a tie and counts half."""
    verdicts = [("1", "1")] * 7 + [("2", "2")] * 2 + [("1", "2")] * 3 + [("2", "1")]
    recorded = {f"q{i}": both for i, both in enumerate(verdicts)}

    def reply(prompt: Prompt, params: SamplingParams) -> str:
        texts = shown(prompt)
        name = texts[0].split()[0]
        verdict = recorded[name][texts[0].endswith("output 2")]
        return said(by_value(lambda text: text.endswith(f"output {verdict}"))(texts))

    right, flips = 0.0, 0
    for name in recorded:
        texts = [f"{name} output 1", f"{name} output 2"]
        judgment, _ = await judge("pairwise", Script(reply), texts)
        tops = [v.candidate for v in judgment.verdicts if v.rank == 1]
        right += (0 in tops) / len(tops)
        flips += judgment.flips
    assert right == sum((a == "1") + (b == "1") for a, b in recorded.values()) / 2
    assert flips == 4


def test_the_loop_stays_awake_while_the_library_loads() -> None:
    # In a fresh process: this one has loaded it.
    code = """
import asyncio, time
from fusion_magics import fuse
from fusion_magics.backends.scripted import SCRIPTS, Script

SCRIPTS["quick"] = Script('{"check": "", "rationale": "", "ranking": [[1], [2]]}')

async def main():
    naps = []
    async def tick():
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.01)
            naps.append(time.perf_counter() - began)
    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.1)
    naps.clear()
    options = {"judge": "scripted:quick", "protocol": "pairwise"}
    await fuse("q?", pool="scripted:yes,scripted:no", **options)
    print(max(naps))

asyncio.run(main())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 0.4  # loading takes a second
