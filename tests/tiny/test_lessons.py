"""Lessons: their forms are the ones the package sends, and what they call wrong is wrong."""

from __future__ import annotations

import json
import re
from random import Random

import pytest

from fusion_magics.answers import comparable, final_answer, normalise
from fusion_magics.judges.pointwise import pointwise_prompt
from fusion_magics.tiny import context
from fusion_magics.tiny.lessons import (
    debate,
    is_right,
    judge_request,
    judging_made_up,
    off_topic,
    plain,
    right_candidate,
    verdict,
    worked,
    wrong_candidate,
)
from fusion_magics.tiny.questions import KINDS, multi_part, sample
from fusion_magics.tiny.recipes import RECIPES, lesson
from fusion_magics.tiny.tokens import END, MARKS, decode, encode, prompt
from fusion_magics.types import Prompt


def test_answers_end_with_their_final_answer() -> None:
    rng = Random(0)
    for _ in range(300):
        question = sample(rng)
        assert final_answer(worked(question)) == question.answer
        assert is_right(question, worked(question))


@pytest.mark.parametrize("kind", KINDS)
def test_right_is_right_and_wrong_is_wrong_for_the_package_too(kind: str) -> None:
    rng = Random(kind)
    for _ in range(300):
        question = sample(rng, kind=kind)
        right, wrong = right_candidate(rng, question), wrong_candidate(rng, question)
        assert comparable(right) == normalise(question.answer), right
        assert comparable(wrong) != normalise(question.answer), wrong
        assert is_right(question, right)
        assert not is_right(question, wrong)


def test_verdicts_are_short_json_that_tells_the_truth() -> None:
    rng = Random(1)
    lengths = []
    for _ in range(1500):
        question = sample(rng)
        right = rng.random() < 0.5
        text = (right_candidate if right else wrong_candidate)(rng, question)
        reply = verdict(question, text)
        found = json.loads(reply)
        assert list(found) == ["check", "rationale", "score"]
        assert found["score"] == (10 if right else 0)
        assert question.answer in found["rationale"]
        assert f" = {question.answer}; " in found["check"]
        compared = found["check"].rpartition("; ")[2]
        assert ("/" not in compared) == right
        assert not re.search(r'[\\\n"]', found["check"] + found["rationale"])
        lengths.append(len(reply))
    assert sum(lengths) / len(lengths) <= 170
    assert max(lengths) < 330


def test_the_judge_reads_what_the_short_protocol_sends() -> None:
    question, answer = "What is 2 + 2?", "2+2: 2+2=4\nAnswer: 4"
    sent = pointwise_prompt(Prompt.of(question), answer, "short").text
    fence = re.findall(r"^<([0-9a-f]{8})>$", sent, re.MULTILINE)[0]
    assert sent == judge_request(question, answer, fence)


def test_judging_is_balanced() -> None:
    rng = Random(2)
    verdicts = [json.loads(judging_made_up(rng, sample(rng))[1][1]) for _ in range(1000)]
    assert 430 < sum(found["score"] == 10 for found in verdicts) < 570


def test_a_debate_ends_right_and_says_whether_it_changed() -> None:
    rng = Random(3)
    for _ in range(300):
        question = sample(rng)
        asked, own, others, last = debate(rng, question)
        assert asked == ("user", question.text)
        assert re.fullmatch(
            r"Others say:\n(\[\d\] .*\n)+Check again. Keep or change your answer.", others[1]
        )
        kept = "Keep" if is_right(question, own[1]) else "Change"
        assert last == ("assistant", f"{kept}. {worked(question)}")


def test_multi_part_answers() -> None:
    question = multi_part(Random(4))
    text = plain(Random(4), question)[-1][1]
    assert text.count("Answer:") == 1
    assert text.endswith(f"Answer: {question.answer}")


def test_off_topic_gets_an_honest_answer() -> None:
    rng = Random(5)
    for _ in range(100):
        assert off_topic(rng)[-1][1].endswith("Answer: unknown")


def test_only_the_assistants_own_words_are_learned() -> None:
    rng = Random(6)
    conversation = debate(rng, sample(rng))
    ids, learned = encode(conversation)
    taught = [token for token, mask in zip(ids, learned, strict=True) if mask]
    assert decode(taught) == conversation[-1][1]
    assert taught[-1] == END
    assert taught.count(END) == 1
    assert prompt(conversation[:1])[-1] == MARKS["assistant"]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_gives_lessons_that_fit(name: str) -> None:
    rng = Random(name)
    for _ in range(300):
        ids, learned = encode(lesson(rng, RECIPES[name]))
        assert len(ids) <= context(name)
        assert any(learned)
