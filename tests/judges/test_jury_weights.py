"""How much a juror counts: by labelled items, by the votes alone; and how far jurors agree."""

from __future__ import annotations

import math
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.errors import UsageError
from fusion_magics.judges import calibrate, reliability
from fusion_magics.judges.agreement import alpha
from fusion_magics.judges.jury import Jury
from fusion_magics.judges.weights import weigh

# crowd-kit's own use of pandas; Python shows such warnings to nobody but tests.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crowdkit")


def noisy(truths: list[str], accuracy: float, seed: int) -> list[str | None]:
    """Votes of a judge who is right that often."""
    rng = Random(seed)
    return [t if rng.random() < accuracy else {"1": "2", "2": "1"}[t] for t in truths]


TRUTHS = [Random(i).choice("12") for i in range(300)]
PANEL = {
    "good": noisy(TRUTHS, 0.95, 1),
    "fair": noisy(TRUTHS, 0.75, 2),
    "poor": noisy(TRUTHS, 0.6, 3),
}


def log_odds(accuracy: float) -> float:
    return math.log(accuracy / (1 - accuracy))


def test_calibrated_weights_are_the_log_odds_of_the_accuracy() -> None:
    weights = calibrate(PANEL, TRUTHS, shrinkage=1e-9)
    right = {j: sum(map(str.__eq__, v, TRUTHS)) / len(TRUTHS) for j, v in PANEL.items()}
    mean = sum(map(log_odds, right.values())) / 3
    assert weights == pytest.approx({j: log_odds(a) / mean for j, a in right.items()})


def test_few_labels_leave_the_weights_nearly_equal() -> None:
    assert calibrate({j: v[:0] for j, v in PANEL.items()}, []) == dict.fromkeys(PANEL, 1.0)
    few = calibrate({"a": ["1"], "b": ["2"]}, ["1"])
    many = calibrate({"a": ["1"] * 50, "b": ["2"] * 50}, ["1"] * 50)
    assert 1 < few["a"] <= many["a"]


def test_a_vote_that_was_not_given_is_not_counted() -> None:
    votes = {"a": ["1", "2"], "b": ["1", None]}
    assert calibrate(votes, ["1", "1"])["b"] > calibrate(votes, ["1", "1"])["a"]


def test_labels_of_another_number_are_refused() -> None:
    with pytest.raises(UsageError, match="good has 300 votes for 2 labelled items"):
        calibrate(PANEL, ["1", "2"])


@given(
    st.lists(
        st.tuples(st.sampled_from("12"), *[st.sampled_from(["1", "2", None])] * 3), max_size=12
    )
)
def test_weights_are_never_negative_and_1_on_average(rows: list[tuple[str | None, ...]]) -> None:
    votes = {name: [row[i + 1] for row in rows] for i, name in enumerate("abc")}
    weights = calibrate(votes, [row[0] for row in rows])
    assert min(weights.values()) >= 0
    assert sum(weights.values()) == pytest.approx(3)


def test_reliability_finds_the_good_judge_without_labels() -> None:
    weights = reliability(PANEL)
    assert weights["good"] > weights["fair"] > weights["poor"]
    assert sum(weights.values()) == pytest.approx(3)


def test_reliability_does_not_depend_on_the_labels_names() -> None:
    renamed = {j: [v == "1" for v in votes] for j, votes in PANEL.items()}
    assert reliability(renamed) == pytest.approx(reliability(PANEL))


@pytest.mark.parametrize("votes", [{"a": [], "b": []}, {"a": [True] * 3, "b": [True, None, True]}])
def test_where_all_votes_are_the_same_all_weights_are(votes: dict[str, list[bool | None]]) -> None:
    assert reliability(votes) == {"a": 1, "b": 1}


def test_reliability_of_few_votes_stays_finite() -> None:
    weights = reliability({"a": ["1"], "b": ["1"], "c": ["2"]})
    assert all(0 < w < 2 for w in weights.values())


def test_without_crowd_kit_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delitem(sys.modules, "crowdkit", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'fusion-magics\[jury\]'"):
        Jury((), "reliability")


def test_a_tally_shares_the_weight_of_those_who_vote() -> None:
    weights = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 5, "e": 0}
    assert weigh({"a": 1, "b": 1, "c": 2, "d": None, "e": 2}, weights) == {1: 0.5, 2: 0.5}
    assert weigh({"d": None, "e": 1}, weights) == {}


# ── agreement ────────────────────────────────────────────────────────────────────────────────


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    """Four observers, twelve units, with gaps; interval data (Krippendorff 2011): 0.849."""
    n = None
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, n, n, n],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, n, 3],
        [n, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, n],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, n],
    ]
    found = alpha(observers)
    assert found.value == pytest.approx(0.849, abs=0.0005)
    assert found.interval is not None
    assert found.interval[0] < found.value < found.interval[1]
    assert alpha(observers).interval == found.interval


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ([[80, 20]], "one juror"),
        ([], "one juror"),
        ([[80], [20]], "fewer than two answers"),
        ([[80, None], [None, 20]], "fewer than two answers"),
        ([[80, 20], [70, None]], "fewer than two answers"),
        ([[50, 50], [50, 50]], "all scores are equal"),
    ],
)
def test_where_alpha_is_undefined_it_says_why(scores: list[list[float | None]], why: str) -> None:
    found = alpha(scores)
    assert (found.value, found.interval) == (None, None)
    assert why in found.undefined
