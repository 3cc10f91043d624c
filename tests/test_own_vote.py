"""The user's own vote beside those of the judge and the jurors."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.errors import UsageError
from fusion_magics.own_vote import hidden, letters, letters_of
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
    Vote,
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


# ── casting ──────────────────────────────────────────────────────────────────────────────────


def fresh(**changes: object) -> Fusion:
    return replace(FUSION, vote=None, **changes)  # type: ignore[arg-type]


def test_a_vote_is_the_last_one_that_was_cast() -> None:
    fusion = fresh()
    assert fusion.vote is None
    assert fusion.cast_vote("a") == FUSION.compare_vote("a")
    assert fusion.vote == Vote(0, blind=False)
    fusion.cast_vote(1, blind=True)
    assert fusion.vote == Vote(1, blind=True)
    assert fusion.cast_vote(None) == (None, {})
    assert fusion.vote is None


def test_a_vote_is_no_part_of_what_a_fusion_is() -> None:
    voted = fresh()
    voted.cast_vote("b")
    assert voted == fresh()
    assert hash(voted) == hash(fresh())


def test_a_vote_for_nobody_changes_nothing() -> None:
    fusion = fresh()
    fusion.cast_vote("b")
    with pytest.raises(UsageError, match="There is no candidate 'A'"):
        fusion.cast_vote("A")
    assert fusion.vote == Vote(1)


def test_a_vote_is_kept_in_json_and_its_candidate_must_be_there() -> None:
    fusion = fresh()
    fusion.cast_vote("c", blind=True)
    saved = fusion.to_json()
    assert Fusion.from_json(saved).vote == Vote(2, blind=True)
    odd = json.loads(saved) | {"vote": {"candidate": 3}}
    with pytest.raises(UsageError, match=r"vote.candidate names candidate 3, and it has 3"):
        Fusion.from_json(json.dumps(odd))


def test_a_vote_is_a_column() -> None:
    fusion = fresh()
    assert not fusion.to_frame()["vote"].any()
    fusion.cast_vote("c")
    frame = fusion.to_frame()
    assert list(frame["vote"]) == [False, False, True]
    assert list(frame["best"]) == [False, True, False]


# ── blind ────────────────────────────────────────────────────────────────────────────────────

ABC = st.lists(st.text(max_size=5), unique=True, max_size=30)


@given(ABC, st.integers(), st.text(max_size=5), st.randoms())
def test_letters_depend_on_labels_seed_and_prompt_alone(
    labels: list[str], seed: int, prompt: str, random: Random
) -> None:
    drawn = letters(labels, seed, prompt)
    assert sorted(drawn) == sorted(labels)
    assert list(drawn.values()) == [*ascii_uppercase, "AA", "AB", "AC", "AD"][: len(labels)]
    random.shuffle(labels)
    assert letters(labels, seed, prompt) == drawn


def test_letters_are_drawn_anew_for_each_question_and_seed() -> None:
    first = {letters("abc", 0, f"question {i}")["a"] for i in range(30)}
    assert first == {"A", "B", "C"}
    assert {letters("abc", seed, "q")["a"] for seed in range(30)} == {"A", "B", "C"}


def test_letters_stand_for_all_members_and_only_candidates_have_theirs() -> None:
    whole = letters("abcd", 0, "q")
    fusion = fresh(pool=("a", "b", "c", "d"))
    assert letters_of(fusion) == {i: whole[m] for i, m in enumerate("abc")}
    assert list(letters_of(fusion).values()) == sorted(letters_of(fusion).values())


def test_a_letter_is_a_blind_vote_while_the_names_are_hidden() -> None:
    fusion = fresh(blind=True)
    assert hidden(fusion)
    letter = letters_of(fusion)[2]
    fusion.cast_vote(letter)
    assert fusion.vote == Vote(2, blind=True)
    assert not hidden(fusion)
    other = letters_of(fusion)[0]
    fusion.cast_vote(other)
    assert fusion.vote == Vote(0, blind=False), "the names were in view by then"


def test_what_cannot_be_told_apart_is_not_hidden() -> None:
    assert not hidden(fresh(blind=True, candidates=FUSION.candidates[:1], judgment=None))
    assert not hidden(fresh())


def test_an_error_names_nobody_while_the_names_are_hidden() -> None:
    fusion = fresh(
        blind=True,
        pool=("tiny:x", "tiny:y"),
        candidates=tuple(
            replace(c, member=f"tiny:{m}") for c, m in zip(FUSION.candidates[:2], "xy", strict=True)
        ),
        judgment=None,
    )
    with pytest.raises(UsageError, match="Give a letter: A, B") as error:
        fusion.cast_vote("tiny:")
    assert "tiny:x" not in str(error.value)
