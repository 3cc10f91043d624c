"""The user's own vote beside those of the judge and the jurors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.types import (
    Ballot,
    Candidate,
    Fusion,
    Judgment,
    Panel,
    Prompt,
    SamplingParams,
    Timing,
    Usage,
    Verdict,
)

PANEL = Panel(
    jurors=("skeptic", "creator", "founder"),
    models=("m",) * 3,
    ballots=(
        Ballot("skeptic", 0, False, 20),
        Ballot("skeptic", 1, True, 70),
        Ballot("creator", 0, True, 80),
        Ballot("creator", 1, True, 80),
        Ballot("founder", 0, True, 90),
        Ballot("founder", 1, error="its own answer"),
    ),
)
VERDICTS = (Verdict(0, 2, 6.0), Verdict(1, 1, 7.0), Verdict(2, 3, error="unreadable"))
FUSION = Fusion(
    text="b",
    prompt=Prompt.of("q"),
    mode="best-of",
    pool=("a", "b", "c"),
    candidates=tuple(Candidate(m, m, Usage(), "stop", Timing(0.0)) for m in "abc"),
    failures=(),
    judgment=Judgment(VERDICTS, 1, "jury", panel=PANEL),
    params=SamplingParams(),
)


def test_a_juror_agrees_if_it_puts_nothing_above_the_choice() -> None:
    found = FUSION.compare_vote(1)
    assert found.judgment is True
    assert found.jurors == {"skeptic": True, "creator": True, "founder": None}
    assert FUSION.compare_vote("a") == (
        False,
        {"skeptic": False, "creator": True, "founder": True},
    )


def test_nothing_is_said_of_a_candidate_that_was_not_judged() -> None:
    assert FUSION.compare_vote("c") == (None, dict.fromkeys(PANEL.jurors))
    assert replace(FUSION, judgment=None).compare_vote(0) == (None, {})


def test_a_jury_of_the_merged_answer_says_nothing_of_a_candidate() -> None:
    panel = replace(PANEL, ballots=PANEL.ballots[::2], of_answer=True)
    judged = replace(FUSION, judgment=replace(FUSION.judgment, panel=panel))
    assert judged.compare_vote(0).jurors == dict.fromkeys(PANEL.jurors)


def test_a_single_judge_has_no_jurors() -> None:
    assert replace(FUSION, judgment=Judgment(VERDICTS, 1, "pointwise")).compare_vote(1) == (
        True,
        {},
    )


@pytest.mark.parametrize("choice", [3, -1, "d", None, 1.0])
def test_a_vote_for_nobody_is_refused(choice: int) -> None:
    with pytest.raises(UsageError, match="from 0 to 2, or one of: a, b, c"):
        FUSION.compare_vote(choice)


def test_a_scorecard_is_kept_in_json() -> None:
    assert Fusion.from_json(FUSION.to_json()) == FUSION
