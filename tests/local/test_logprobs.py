"""The likeliest tokens of one position, found without sorting a whole vocabulary."""

from __future__ import annotations

import time

import numpy as np

from fusion_magics.local.engines._logprobs import likeliest, with_logprobs


def test_the_likeliest_are_those_of_a_whole_sort_and_equals_come_in_order() -> None:
    random = np.random.default_rng(0)
    for size in range(1, 60):
        for top in (1, 3, 10, 100):
            values = random.integers(0, 6, size).astype(np.float64)
            sorted_whole = np.argsort(-values, kind="stable")[:top]
            assert list(likeliest(values, top)) == list(sorted_whole)


def test_a_large_vocabulary_does_not_take_as_long_as_a_token() -> None:
    logits = np.random.default_rng(0).normal(size=150_000).astype(np.float32)
    took = []
    for _ in range(10):
        began = time.perf_counter()
        with_logprobs(3, logits, 10)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.010  # a whole sort: 0.017 s, where nothing else runs
