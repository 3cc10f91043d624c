"""``debate``: who sees what, who changes towards whom, when it ends, and what is kept."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from cases import candidate, member, scored, scripted
from hypothesis import given
from hypothesis import strategies as st
from stopped import stopped

from fusion_magics.answers import reader_of
from fusion_magics.backends.scripted import Script
from fusion_magics.errors import ModelError
from fusion_magics.fusion import fuse
from fusion_magics.modes.debate import Turned, changes_of, debate, turned
from fusion_magics.modes.debate_turn import revised, turn
from fusion_magics.pool import Member
from fusion_magics.seams import Outcome
from fusion_magics.types import Change, Fusion, Message, Prompt, SamplingParams

Debater = Callable[[int, Prompt], str]


def debater(label: str, *replies: str | Debater, **more: Any) -> Member:
    """Says ``replies[n]`` in round n (or what that makes of the prompt), its last one from then."""
    asked = 0

    def reply(prompt: Prompt, params: SamplingParams) -> str:
        nonlocal asked
        said = replies[min(asked, len(replies) - 1)]
        asked += 1
        return said if isinstance(said, str) else said(asked - 1, prompt)

    return member(label, Script(reply, **more))


def said(answer: str) -> str:
    return f"Hm.\n\n### Revised answer\nAnswer: {answer}"


def high(prompt: Prompt, params: SamplingParams) -> str:
    """A judge for whom the answer 9 is right."""
    right = "Answer: 9" in prompt.text
    return json.dumps(scored(5 if right else 1))


def run(*members: Member, **more: Any) -> Outcome:
    return asyncio.run(debate(scripted(members, more.pop("judge", high), **more)[0]))


def test_members_revise_and_the_judge_decides_over_the_last_round() -> None:
    outcome = run(
        debater("a", "Answer: 1", said("9")),
        debater("b", "Answer: 9", said("9")),
        debater("c", "Answer: 3", said("4")),
    )
    assert outcome.text == "Answer: 9"
    assert [[c.text[-1] for c in each.candidates] for each in outcome.rounds] == [
        ["1", "9", "3"],
        ["9", "9", "4"],
        ["9", "9", "4"],
    ]
    assert outcome.changes == (
        Change(1, "a", "1", "9", ("b",)),
        Change(1, "c", "3", "4", ()),
    )
    assert outcome.answers.candidates == outcome.rounds[-1].candidates
    assert {c.critique for c in outcome.answers.candidates} == {"Hm."}
    assert outcome.judgment is not None
    assert outcome.judgment.protocol == "pointwise"
    assert outcome.judgment.agreement == 2 / 3
    assert outcome.notes == ()


def test_it_stops_where_nobody_changed_and_says_so() -> None:
    outcome = run(debater("a", "Answer: 1", said("1.0")), debater("b", "Answer: 2", said("2")))
    assert len(outcome.rounds) == 2
    assert outcome.changes == ()
    assert outcome.notes[0] == "The debate stopped after round 1 of 2: nobody changed."


def test_the_last_round_needs_no_such_note() -> None:
    outcome = run(debater("a", "Answer: 1"), debater("b", "Answer: 9"), rounds=1)
    assert len(outcome.rounds) == 2
    assert outcome.notes == ()


def test_free_texts_are_compared_as_a_whole() -> None:
    read = reader_of("number")
    outcome = run(
        debater("a", "A cat.", "### Revised answer\na  cat"),
        debater("b", "Blue", "### Revised answer\nGreen", "### Revised answer\ngreen!"),
        rounds=5,
        read=read,
    )
    assert outcome.changes == (Change(1, "b", "blue", "green", ()),)
    assert len(outcome.rounds) == 3


def test_each_sees_the_question_its_own_answer_and_the_others_without_names() -> None:
    seen: list[Prompt] = []

    def look(_: int, prompt: Prompt) -> str:
        seen.append(prompt)
        return said("2")

    question = Prompt((Message("system", "S"), Message("user", "Q?")))
    run(
        debater("secret-a", "mine first", look),
        debater("secret-b", "second\nof b", said("3")),
        debater("secret-c", "third of c", said("4")),
        prompt=question,
        rounds=2,
    )
    first, then = seen
    assert first.messages[:2] == then.messages[:2] == question.messages
    assert [m.role for m in first.messages] == ["system", "user", "assistant", "user"]
    assert first.messages[2].content == "mine first"
    assert then.messages[2].content == "Answer: 2"
    assert [m.role for m in then.messages] == ["system", "user", "assistant", "user"]
    fences = re.findall(r"\[\d\]\n<([0-9a-f]{8})>\n(.*?)\n</\1>", first.text, re.DOTALL)
    assert {text for _, text in fences} == {"second\nof b", "third of c"}
    assert not any("secret" in m.content for p in seen for m in p.messages)


@given(st.permutations(["x", "y", "z"]), st.integers(0, 9), st.integers(1, 3))
def test_what_a_member_sees_does_not_depend_on_pool_order(
    others: list[str], seed: int, number: int
) -> None:
    for wording in ("full", "short"):
        asked = turn(Prompt.of("q"), "own", others, wording, seed, number)  # type: ignore[arg-type]
        assert asked == turn(Prompt.of("q"), "own", ["x", "y", "z"], wording, seed, number)  # type: ignore[arg-type]


def test_the_others_stand_in_an_order_of_their_own_each_round() -> None:
    texts = [str(i) for i in range(6)]
    asked = {turn(Prompt.of("q"), "own", texts, "short", 0, n).text for n in range(4)}
    assert len(asked) == 4


def test_the_short_wording_is_the_one_the_tiny_models_learned() -> None:
    asked = turn(Prompt.of("q"), "", ["1+1=3\nAnswer: 3"], "short", 0, 1)
    request = "Others say:\n[1] 1+1=3 Answer: 3\nCheck again. Keep or change your answer."
    assert asked.messages[1:] == (Message("assistant", ""), Message("user", request))
    reply = candidate("Change. 1+1=2\nAnswer: 2")
    after = revised(candidate("own"), reply, "short")
    assert (after.critique, after.text) == ("Change.", "1+1=2\nAnswer: 2")
    assert revised(candidate("own"), candidate("Answer: 2"), "short").text == "Answer: 2"


def test_no_template_is_given_an_empty_turn() -> None:
    asked = turn(Prompt.of("q"), " \n", ["a"], "full", 0, 1)
    assert asked.messages[1] == Message("assistant", "(no answer)")


@pytest.mark.parametrize(
    ("text", "answer", "critique"),
    [
        ("I see.\n### Revised answer\n4", "4", "I see."),
        ("### Revised answer\n    code()\n", "    code()", ""),
        ("a\n## **Revised Answer:**\n\n4", "4", "a"),
        ("a\n### Revised answer: 4", "4", "a"),
        ("a\n### Revised answer\nno\n### Revised answer\n4", "4", "a\n### Revised answer\nno"),
        ("no such line", "no such line", ""),
        ("the ### Revised answer is", "the ### Revised answer is", ""),
        ("a\n### Revised answer\n \n", "own", "a"),
    ],
)
def test_the_answer_is_what_follows_the_last_marker(text: str, answer: str, critique: str) -> None:
    after = revised(candidate("own"), candidate(text), "full")
    assert (after.text, after.critique) == (answer, critique)


def test_a_reply_that_was_cut_before_its_answer_leaves_the_former_one() -> None:
    after = revised(candidate("own"), candidate("On the one hand", "length"), "full")
    assert (after.text, after.critique) == ("own", "On the one hand")


def fails(_: int, prompt: Prompt) -> str:
    raise ModelError("It is too much.", "Ask less.")


def test_a_member_that_fails_in_a_round_keeps_its_answer() -> None:
    outcome = run(
        debater("a", "Answer: 9", fails),
        debater("b", "Answer: 2", said("3"), said("9")),
        rounds=2,
    )
    assert [c.text for c in outcome.answers.candidates] == ["Answer: 9", "Answer: 9"]
    assert outcome.answers.failures == ()
    assert [f.member for f in outcome.rounds[1].failures] == ["a"]
    assert outcome.notes[0] == "Round 1: a keeps its answer, for it failed. It is too much."
    assert outcome.changes[-1] == Change(2, "b", "3", "9", ("a",))


def test_who_did_not_answer_does_not_debate() -> None:
    outcome = run(
        debater("a", "Answer: 9"), debater("b", "Answer: 2"), debater("c", fails, said("1"))
    )
    assert [f.member for f in outcome.answers.failures] == ["c"]
    assert all(len(each.candidates) == 2 for each in outcome.rounds)


def test_one_answer_is_no_debate() -> None:
    outcome = run(debater("a", "Answer: 9", said("1")), debater("b", fails))
    assert outcome.text == "Answer: 9"
    assert len(outcome.rounds) == 1
    assert outcome.notes == ("There was one answer only, so there was no debate.",)


def test_the_changes_say_how_often_the_right_answer_was_lost_and_found() -> None:
    changes = [
        Change(1, "a", "1", "9"),
        Change(1, "b", "9", "2"),
        Change(2, "b", "2", "9.5"),
        Change(2, "c", "3", "9"),
    ]
    assert turned(changes, "9.0") == Turned(right_to_wrong=1, wrong_to_right=2)
    before, after = [candidate("(A) 5"), candidate("(B) 6")], [candidate("(A) 6")]
    found = changes_of(before[:1], after, 1, reader_of("number"))
    assert turned(found, "(C) 6", reader_of("number")) == Turned(0, 1)
    assert turned(found, "5", reader_of("number")) == Turned(1, 0)


async def test_a_round_in_which_all_fail_is_told_as_that(scripts: dict[str, Script]) -> None:
    def once(prompt: Prompt, params: SamplingParams) -> str:
        if len(prompt.messages) > 1:
            raise ModelError("It is tired.", "Let it rest.")
        return f"Answer: {params.seed}"

    scripts["once"] = Script(once)
    fusion = await fuse("q", pool="scripted:once*2", judge="scripted:echo", mode="debate", rounds=2)
    assert "The debate stopped after round 1 of 2: nobody answered." in fusion.notes
    assert fusion.changes == ()


async def test_stopping_in_a_later_round_keeps_what_has_arrived(scripts: dict[str, Script]) -> None:
    def slow_later(prompt: Prompt, params: SamplingParams) -> str:
        return "Answer: 1" if len(prompt.messages) == 1 else "word " * 1000

    def quick(prompt: Prompt, params: SamplingParams) -> str:
        return "Answer: 2" if len(prompt.messages) == 1 else "### Revised answer\nAnswer: 3"

    scripts["slow-later"], scripts["quick"] = Script(slow_later, gap=0.01), Script(quick)
    fusion = await stopped(
        fuse("q", pool="scripted:slow-later,scripted:quick", judge="scripted:echo", mode="debate"),
        0.3,
    )
    assert fusion.text == ""
    assert [c.text for c in fusion.candidates] == ["Answer: 1", "Answer: 3"]
    assert fusion.failures == ()
    assert [[c.text for c in r.candidates] for r in fusion.rounds] == [
        ["Answer: 1", "Answer: 2"],
        ["Answer: 1", "Answer: 3"],
    ]
    assert fusion.changes == (Change(1, "scripted:quick", "2", "3"),)
    assert "Stopped" in fusion.notes[0]
    assert Fusion.from_json(fusion.to_json()) == fusion


async def test_stopping_the_judge_keeps_the_debate_and_its_verdicts(
    scripts: dict[str, Script],
) -> None:
    def debater(prompt: Prompt, params: SamplingParams) -> str:
        return "Answer: 1" if len(prompt.messages) == 1 else "So.\n### Revised answer\nAnswer: 2"

    def judge(prompt: Prompt, params: SamplingParams) -> str:
        return json.dumps(scored(5)) if "Answer: 2" in prompt.text else "word " * 1000

    scripts["debater"], scripts["judge"] = Script(debater), Script(judge, gap=0.01)
    scripts["stays"] = Script("Answer: 3")
    pool = "scripted:debater,scripted:stays"
    fusing = fuse("q", pool=pool, judge="scripted:judge", mode="debate")
    fusion = await stopped(fusing, 0.8)
    assert [c.text for c in fusion.candidates] == ["Answer: 2", "Answer: 3"]
    assert fusion.candidates[0].critique == "So."
    assert len(fusion.rounds) == 3
    assert len(fusion.changes) == 1
    assert fusion.judgment is not None
    assert [v.score for v in fusion.judgment.verdicts] == [10, None]
