"""How memory is cut into streams, and how logits become tokens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.errors import ModelError
from fusion_magics.local.engines._sampling import Sampler, nucleus
from fusion_magics.local.engines.layout import MOST_BYTES, PAGE, layout, most_cells, streams_of
from fusion_magics.types import SamplingParams

SIZES = {
    "context": st.integers(1, 40_000),
    "parallel": st.integers(1, 16),
    "cell": st.integers(1, 1 << 20),
    "spare": st.integers(0, 1),
}


@given(**SIZES, needs=st.lists(st.floats(0.001, 1), min_size=1, max_size=30))
def test_there_is_room_for_each_call_that_is_let_in(
    context: int, parallel: int, cell: int, spare: int, needs: list[float]
) -> None:
    streams = streams_of(context, parallel, cell, spare)
    most = most_cells(context, streams, cell, spare)
    now, busy = (streams, PAGE), []
    for part in needs:
        needed = max(1, int(part * context))
        cut = layout(now, busy, needed, streams, most, spare)
        if cut is None:
            assert busy  # one call alone always has room
            busy.pop(0)
            continue
        count, cells = cut
        assert not busy or count == now[0]  # what streams hold can be taken along
        assert count >= len(busy) + 1 + spare
        assert cells % PAGE == 0
        assert cells >= max(needed, *busy, 0)
        assert count * cells <= most
        now, busy = cut, [*busy, needed]


@given(**SIZES)
def test_memory_is_bounded(context: int, parallel: int, cell: int, spare: int) -> None:
    streams = streams_of(context, parallel, cell, spare)
    most = most_cells(context, streams, cell, spare)
    whole = (1 + spare) * (context + PAGE) * cell
    assert most * cell <= max(MOST_BYTES, whole)
    assert 1 <= streams - spare <= parallel


def test_what_suffices_stays() -> None:
    assert layout((4, 1024), [], 600, 4, 8192) == (4, 1024)
    assert layout((4, 1024), [600], 600, 4, 8192) == (4, 1024)
    assert layout((4, 1024), [600], 1500, 4, 8192) == (4, 1536)
    assert layout((4, 1024), [600], 3000, 4, 8192) is None  # 4 of them would be too much
    assert layout((4, 1024), [], 3000, 4, 8192) == (2, 3072)
    assert layout((2, 3072), [3000], 100, 4, 8192) == (2, 3072)
    assert layout((2, 3072), [], 100, 4, 8192) == (4, 2048)
    assert layout((2, 3072), [1, 1], 100, 4, 8192) is None


def picks(params: SamplingParams, logits: list[float], count: int = 4000) -> list[float]:
    """How often each token is picked, as shares."""
    sampler = Sampler(params, None)
    array = np.array(logits, np.float32)
    found = np.bincount([sampler.pick(array) for _ in range(count)], minlength=len(logits))
    return list(found / count)


def test_tokens_are_drawn_as_likely_as_they_are() -> None:
    likely = np.log([0.5, 0.3, 0.15, 0.05])
    assert picks(SamplingParams(temperature=1.0), list(likely)) == pytest.approx(
        [0.5, 0.3, 0.15, 0.05], abs=0.03
    )
    squares = np.array([0.25, 0.09, 0.0225, 0.0025])
    assert picks(SamplingParams(temperature=0.5), list(likely)) == pytest.approx(
        list(squares / squares.sum()), abs=0.03
    )
    assert picks(SamplingParams(temperature=1.0, top_p=0.79), list(likely)) == pytest.approx(
        [0.625, 0.375, 0, 0], abs=0.03
    )
    assert picks(SamplingParams(), list(likely), 10) == [1, 0, 0, 0]


def test_a_seed_means_the_same_tokens_everywhere() -> None:
    """The generator's stream is fixed by its makers; these are its first draws."""
    sampler = Sampler(SamplingParams(temperature=1.0, seed=7), None)
    flat = np.zeros(100, np.float32)
    assert [sampler.pick(flat) for _ in range(6)] == SEVEN


SEVEN = [62, 89, 77, 22, 30, 87]


@pytest.mark.parametrize("size", [5, 1024, 5000])
def test_the_nucleus_is_the_smallest_set(size: int) -> None:
    random = np.random.default_rng(size)
    for scale in (0.01, 1, 10):
        logits = (random.normal(size=size) * scale).astype(np.float32)
        weights = np.exp(logits.astype(np.float64))
        weights /= weights.sum()
        for top_p in (1e-9, 0.1, 0.5, 0.9, 0.999):
            kept = nucleus(logits, top_p)
            assert weights[kept].sum() >= top_p - 1e-9
            assert weights[kept[:-1]].sum() < top_p
            assert weights[kept].min() >= np.delete(weights, kept).max(initial=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_logits_that_are_no_numbers(bad: float) -> None:
    logits = np.array([0, bad, 1], np.float32)
    for temperature in (0.0, 1.0):
        with pytest.raises(ModelError, match="no numbers"):
            Sampler(SamplingParams(temperature=temperature), None).pick(logits)
