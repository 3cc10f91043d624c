"""Votes: weights, readers, early stop, and groups by meaning."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cases import Answered, candidate, member, scripted
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import by_meaning, reader_of
from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.errors import UsageError
from fusion_magics.modes import Case
from fusion_magics.modes.early_stop import stays_ahead
from fusion_magics.modes.vote import count, vote
from fusion_magics.pool import Member, Recorder
from fusion_magics.seams import Outcome
from fusion_magics.types import Prompt, SamplingParams


def members(texts: Sequence[str], weights: Sequence[float] | None = None) -> list[Member]:
    """One scripted member per text."""
    by = weights or [1.0] * len(texts)
    return [member(f"m{i}", t, weight=w) for i, (t, w) in enumerate(zip(texts, by, strict=True))]


def of(pool: Sequence[Member], **more: Any) -> Case:
    return scripted(pool, **more)[0]


def run(a_case: Case) -> Outcome:
    return asyncio.run(vote(a_case))


# ── weights and readers ──────────────────────────────────────────────────────────────────────


def test_weights_decide_and_the_rationale_counts_them() -> None:
    outcome = run(of(members(["1", "2", "2"], [2.5, 1, 0.5])))
    assert outcome.text == "1"
    judgment = outcome.judgment
    assert judgment is not None
    assert [v.rationale for v in judgment.verdicts] == [
        "2.5 of 4 votes for 1",
        "1.5 of 4 votes for 2",
        "1.5 of 4 votes for 2",
    ]
    assert [v.rank for v in judgment.verdicts] == [1, 2, 2]
    assert judgment.agreement == 1 / 3  # a share of members, whatever they weigh
    assert judgment.ties == ()


def test_equal_weights_in_sum_are_a_tie_by_the_stated_rule() -> None:
    outcomes = [run(of(members(["1", "2", "2"], [0.3, 0.1, 0.2]), seed=s)) for s in range(20)]
    for outcome in outcomes:
        assert outcome.judgment is not None
        assert outcome.judgment.ties == (0, 1, 2)
        assert outcome.judgment.rule.startswith("tied answers")
    assert {outcome.text for outcome in outcomes} == {"1", "2"}


def test_the_reader_decides_what_the_answer_is() -> None:
    texts = ["(A), 5", "(B), 5", "(A), 6"]
    assert run(of(members(texts), read=reader_of("number"))).text.endswith("5")
    assert run(of(members(texts), read=reader_of("letter"))).text.startswith("(A)")


def test_a_users_reader_that_raises_is_one_usage_error() -> None:
    def mine(text: str) -> str:
        raise KeyError(text)

    with pytest.raises(UsageError, match="The reader mine failed: KeyError"):
        run(of(members(["1", "2"]), read=reader_of(mine)))


MEMBERS = st.lists(
    st.tuples(st.sampled_from(["1", "2", "3", "", "so\nAnswer: 1"]), st.sampled_from([0.5, 1, 3])),
    min_size=1,
    max_size=6,
)


@given(MEMBERS, st.integers(0, 99), st.none() | st.floats(0.5, 1), st.booleans(), st.randoms())
def test_shuffling_members_never_changes_the_vote(
    asked: list[tuple[str, float]],
    seed: int,
    early_stop: float | None,
    weighted: bool,
    dice: Any,
) -> None:
    texts, weights = zip(*asked, strict=True)
    pool = members(texts, weights if weighted else None)
    shuffled = list(pool)
    dice.shuffle(shuffled)
    one = run(of(pool, seed=seed, early_stop=early_stop))
    other = run(of(shuffled, seed=seed, early_stop=early_stop))
    assert one.text == other.text
    assert one.saved_calls == other.saved_calls


# ── early stop ───────────────────────────────────────────────────────────────────────────────


def test_the_probability_is_that_of_the_paper() -> None:
    assert stays_ahead(0, 0) == 0.5
    assert stays_ahead(3, 0) == 15 / 16
    assert stays_ahead(4, 0) == 31 / 32
    assert stays_ahead(600, 400) > 0.999999


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (4, 1), (7, 5), (40, 25)])
def test_the_probability_is_the_tail_of_a_beta_distribution(first: int, second: int) -> None:
    betainc = pytest.importorskip("scipy.special").betainc
    assert stays_ahead(first, second) == pytest.approx(betainc(second + 1, first + 1, 0.5))


def test_sampling_ends_as_soon_as_the_lead_is_safe() -> None:
    outcome = run(of(members(["7"] * 20), early_stop=0.95))
    assert outcome.text == "7"
    assert len(outcome.answers.candidates) == 4
    assert outcome.saved_calls == 16
    assert outcome.notes == ("The lead was safe before all were asked: 16 calls saved.",)
    assert run(of(members(["7"] * 20))).saved_calls == 0


def test_a_divided_pool_is_asked_to_the_end() -> None:
    outcome = run(of(members(["1", "2"] * 3), early_stop=0.95))
    assert outcome.saved_calls == 0
    assert outcome.notes == ()
    assert [c.member for c in outcome.answers.candidates] == [f"m{i}" for i in range(6)]


def test_a_lead_that_nobody_left_can_overtake_is_safe() -> None:
    assert run(of(members(["7"] * 3), early_stop=1.0)).saved_calls == 1
    assert run(of(members(["7"] * 3, [1, 1, 3]), early_stop=1.0)).saved_calls in (0, 1)


def test_unequal_weights_stop_only_where_nobody_left_can_overtake() -> None:
    pool = members(["7"] * 20, [1.0] * 19 + [1.5])
    # More than half of 20.5 were heard: eleven, or ten with the heavy one.
    assert run(of(pool, early_stop=0.5)).saved_calls in (8, 10)


def test_who_is_asked_first_is_drawn_by_the_seed() -> None:
    pool = members(["7"] * 20)
    asked = {
        tuple(c.member for c in run(of(pool, seed=s, early_stop=0.9)).answers.candidates)
        for s in range(5)
    }
    assert len(asked) > 1


def test_failures_are_kept_and_do_not_vote() -> None:
    broken = ScriptedModel("scripted:m", Script("It broke", fail_after=1))
    pool = [replace(m, model=broken) if i < 2 else m for i, m in enumerate(members(["7"] * 8))]
    outcome = run(of(pool, early_stop=0.99))
    assert [f.member for f in outcome.answers.failures] == ["m0", "m1"]
    assert outcome.text == "7"


# ── groups by meaning ────────────────────────────────────────────────────────────────────────


def judged(script: Script, texts: Sequence[str], **more: Any) -> tuple[Outcome, Recorder]:
    a_case, recorder = scripted([], script, read=by_meaning, **more)
    pool = Answered([candidate(t, member=f"m{i}") for i, t in enumerate(texts)])
    return run(replace(a_case, pool=pool)), recorder


def by_animal(prompt: Prompt, params: SamplingParams) -> str:
    """Groups the answers that name the same animal."""
    shown = re.findall(r"\[(\d)\]\n<[0-9a-f]{8}>\n(.*)\n", prompt.text)
    groups: dict[str, list[int]] = {}
    for n, text in shown:
        groups.setdefault("cat" if "cat" in text else "dog", []).append(int(n))
    return json.dumps({"groups": list(groups.values())})


TEXTS = ("A cat.", "It is a dog", "The cat", "a cat", "")


def test_free_texts_are_grouped_by_the_judge() -> None:
    outcome, recorder = judged(Script(by_animal), TEXTS)
    assert "cat" in outcome.text
    judgment = outcome.judgment
    assert judgment is not None
    assert judgment.protocol == "vote"
    assert judgment.judge == "scripted:judge"
    assert judgment.agreement == 3 / 5
    assert [v.rank for v in judgment.verdicts] == [1, 2, 1, 1, 3]
    assert judgment.verdicts[4].rationale == "gives no final answer: does not vote"
    # "A cat." and "a cat" are equal texts: one of them is shown, and the empty one is not.
    assert len(judgment.order) == 3
    assert [c.label for c in recorder.calls] == ["scripted:judge: groups"]


@given(st.permutations(TEXTS), st.integers(0, 9))
def test_shuffling_members_never_changes_the_groups(texts: list[str], seed: int) -> None:
    one, _ = judged(Script(by_animal), TEXTS, seed=seed)
    other, _ = judged(Script(by_animal), texts, seed=seed)
    assert one.text == other.text


def test_equal_texts_need_no_judge() -> None:
    outcome, recorder = judged(Script("no JSON"), ["Yes.", "yes", ""])
    assert recorder.calls == ()
    assert outcome.judgment is not None
    assert outcome.judgment.judge is None
    assert outcome.judgment.agreement == 2 / 3


@pytest.mark.parametrize(
    "reply",
    [
        "no JSON",
        json.dumps({"groups": [[1, 2]]}),
        json.dumps({"groups": [[1, 2], [2, 3]]}),
        json.dumps({"groups": [[0, 1], [2, 3]]}),
        json.dumps({"groups": [[1, 2, 3], []]}),
    ],
)
def test_groups_that_are_no_partition_are_not_guessed(reply: str) -> None:
    outcome, recorder = judged(Script(reply), TEXTS)
    assert len(recorder.calls) == 2
    assert "only equal texts are one answer" in outcome.notes[0]
    assert outcome.text in ("A cat.", "a cat")
    assert outcome.judgment is not None
    assert outcome.judgment.agreement == 2 / 5


def test_a_judge_that_fails_groups_nothing_and_it_is_said() -> None:
    outcome, _ = judged(Script("one two", fail_after=1), TEXTS)
    assert "broke off" in outcome.notes[0]


@given(st.lists(st.text(), min_size=1, max_size=5), st.text() | st.just('{"groups": [[1], [2]]}'))
def test_any_texts_and_any_reply_end_with_a_result(texts: list[str], reply: str) -> None:
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    outcome, _ = judged(Script(reply), texts)
    assert outcome.text in texts


READ: list[Callable[[str], str]] = [reader_of(w) for w in ("auto", "number", "text", "json:x")]


@given(st.lists(st.text(), min_size=1, max_size=5), st.sampled_from(READ))
def test_any_texts_and_any_reader_end_with_one_of_them(
    texts: list[str], read: Callable[[str], str]
) -> None:
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    candidates = [candidate(t) for t in texts]
    assert 0 <= count(candidates, 0, read).best < len(texts)
