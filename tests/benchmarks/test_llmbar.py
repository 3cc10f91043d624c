"""The table of recorded judges: the numbers that are promised, from the package's own protocol."""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "llmbar.py"

# crowd-kit's own use of pandas; Python shows such warnings to nobody but tests.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crowdkit")


@pytest.fixture(scope="module")
def llmbar() -> ModuleType:
    spec = importlib.util.spec_from_file_location("llmbar", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["llmbar"] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pairs(llmbar: ModuleType) -> Any:
    return llmbar.replay()


@pytest.fixture(scope="module")
def lines(llmbar: ModuleType, pairs: Any) -> dict[str, str]:
    report: dict[str, str] = llmbar.report(pairs)
    return report


def test_the_protocol_gives_back_every_recorded_verdict(llmbar: ModuleType, pairs: Any) -> None:
    with gzip.open(llmbar.DATA, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert len(rows) == len(pairs) == 100
    for row, pair in zip(rows, pairs, strict=True):
        assert pair.truth == row["human"]
        for judge, recorded in row["verdicts"].items():
            assert pair.verdicts(judge) == [v if v != "None" else None for v in recorded]
            assert pair.judgments[judge].protocol == "pairwise"


@pytest.mark.parametrize(
    ("judge", "accuracy", "flips"),
    [
        ("GPT-4", 95.5, 5),
        ("PaLM2", 83.0, 20),
        ("ChatGPT", 81.5, 29),
        ("LLaMA2", 80.5, 21),
        ("Falcon", 74.0, 48),
        ("ChatGPT-0301", 84.0, 22),
    ],
)
def test_each_judge_is_as_right_and_flips_as_often_as_recorded(
    llmbar: ModuleType, pairs: Any, lines: dict[str, str], judge: str, accuracy: float, flips: int
) -> None:
    assert 100 * llmbar.judge_right(pairs, judge).mean() == pytest.approx(accuracy)
    assert llmbar.flips(pairs, judge) == flips
    assert lines[judge].startswith(f"{accuracy} % [")
    assert f"flips {flips} of 100" in lines[judge]


def test_the_plain_majority_of_all_six(llmbar: ModuleType, pairs: Any) -> None:
    right = llmbar.jury_right(pairs, dict.fromkeys(pairs[0].judgments, 1.0))
    assert [np.sum(right == value) for value in (1.0, 0.5, 0.0)] == [91, 4, 5]
    assert right.mean() == pytest.approx(0.93)


def test_the_labelled_pairs_are_not_measured(llmbar: ModuleType) -> None:
    splits = list(llmbar.splits(100))
    assert len(splits) == 50
    for labelled, measured in splits:
        assert len(labelled) == 20
        assert sorted(labelled + measured) == list(range(100))
    assert {sum(i in measured for _, measured in splits) for i in range(100)} == {40}


def test_the_calibrated_jury_is_not_below_the_plain_majority(
    llmbar: ModuleType, pairs: Any, lines: dict[str, str]
) -> None:
    jury, _ = llmbar.held_out(pairs)
    assert np.isnan(jury).sum(axis=1).tolist() == [20] * 50
    majority = llmbar.jury_right(pairs, dict.fromkeys(pairs[0].judgments, 1.0))
    assert (np.nanmean(jury - majority, axis=1) > -1e-9).all()
    assert lines["calibrated − majority"].startswith("+")


def test_it_says_that_nothing_beats_the_best_judge(lines: dict[str, str]) -> None:
    assert "nothing beats the best single judge, GPT-4" in lines["in words"]


def test_a_jury_that_beats_the_best_judge_is_named(llmbar: ModuleType) -> None:
    judge, jury = np.array([0.0, 1.0] * 50), np.ones(100)
    words = llmbar.in_words({"the majority": judge, "reliability": jury}, "J", judge)
    assert words == ("reliability beats the best single judge, J; reliability beats the majority.")
