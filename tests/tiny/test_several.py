"""Lessons on several answers: their forms are fixed, what they call right is right."""

from __future__ import annotations

import json
import re
from collections import Counter
from random import Random

import msgspec
import pytest

from fusion_magics.answers import comparable, final_answer, normalise
from fusion_magics.tiny import LONGEST_CONTEXT
from fusion_magics.tiny.comparing import Task, compared, comparing, request, some_answers
from fusion_magics.tiny.lessons import is_right
from fusion_magics.tiny.merging import (
    Covered,
    analysing,
    analysis,
    merge_request,
    merge_task,
    merging,
    supports,
    synthesis,
)
from fusion_magics.tiny.questions import Question, join_parts, sample, split_of, two_parts
from fusion_magics.tiny.replies import Analysed, Merged, Ranked
from fusion_magics.tiny.tokens import encode

FENCE = "0a1b2c3d"


def tasks(n: int, seed: int, plain: float = 0.25) -> list[Task]:
    rng = Random(seed)
    return [merge_task(rng, plain=plain) for _ in range(n)]


def two_part(texts: tuple[str, ...]) -> Task:
    """19 * 7 and the second letter of queen."""
    first = Question("sums", "multiply", "19 x 7?", "19*7: 7*9=63, 7*1=7, 7+6=13", "133", "")
    second = Question("words", "nth", "Letter 2 of queen?", "2: 1q 2u", "u", "")
    return Task(join_parts(Random(0), first, second), (first, second), texts)


def test_the_requests_to_the_letter() -> None:
    assert request("Compare the answers.", "2 + 2?", ["4", "Answer: 5"], FENCE) == (
        "Compare the answers.\nQuestion: 2 + 2?\n"
        f"[1]\n<{FENCE}>\n4\n</{FENCE}>\n[2]\n<{FENCE}>\nAnswer: 5\n</{FENCE}>"
    )
    task = two_part(("133; u",))
    asked = merge_request(task, FENCE, '{"consensus": []}')
    assert asked.startswith("Merge the answers.\nQuestion: ")
    assert asked.endswith(f'\n</{FENCE}>\nAnalysis: {{"consensus": []}}')
    assert merge_request(task, FENCE, None).endswith(f"\n</{FENCE}>")


def test_a_comparison_says_what_is_right_of_each() -> None:
    rng = Random(1)
    for _ in range(1000):
        question = sample(rng)
        task = some_answers(rng, question)
        found = msgspec.json.decode(compared(task), type=Ranked)
        right = {i for i, text in enumerate(task.texts, 1) if is_right(question, text)}
        wrong = set(range(1, len(task.texts) + 1)) - right
        assert [set(group) for group in found.ranking] == [g for g in (right, wrong) if g]
        working, _, checks = found.check.partition(f" = {question.answer}; [1] ")
        assert working == question.working
        compared_as = re.split(r"; \[\d\] ", checks)
        assert {i for i, text in enumerate(compared_as, 1) if text.endswith(", right")} == right
        for text, said in zip(compared_as, task.plain(0), strict=True):
            assert text.startswith(f"{said or 'nothing'}: {question.answer[0]}")
            assert ("/" not in text.rpartition(": ")[2]) == text.endswith(", right")
        assert found.rationale.startswith("None" if not right else str(min(right)))


def test_the_place_of_an_answer_says_nothing() -> None:
    rng, firsts = Random(2), Counter[bool]()
    for _ in range(3000):
        task = some_answers(rng, sample(rng))
        firsts[False] += task.right(0)[0]
        firsts[True] += task.right(0)[-1]
    assert abs(firsts[True] - firsts[False]) < 150


def test_an_analysis_of_two_parts() -> None:
    half = "19*7: 7*9=63, 7*1=7, 7+6=13\n2: 1q\nAnswer: 133; q"
    other = "19*7: 7*9=56\n2: 1q 2u\nAnswer: 136; u"
    found = json.loads(analysis(two_part((half, other, "Answer: 133"))))
    assert found == {
        "check": (
            "Part 1: 19*7: 7*9=63, 7*1=7, 7+6=13 = 133; [1] 133: 1=1 3=3 3=3, right; "
            "[2] 136: 1=1 3=3 3/6, wrong; [3] 133: 1=1 3=3 3=3, right; 1 and 3 are right. "
            "Part 2: 2: 1q 2u = u; [1] q: u/q, wrong; [2] u: u=u, right; "
            "[3] nothing: u/., wrong; 2 is right."
        ),
        "consensus": [],
        "contradictions": [
            {
                "topic": "Part 1",
                "stances": [
                    {"stance": "133", "answers": [1, 3]},
                    {"stance": "136", "answers": [2]},
                ],
            },
            {
                "topic": "Part 2",
                "stances": [
                    {"stance": "q", "answers": [1]},
                    {"stance": "u", "answers": [2]},
                    {"stance": "nothing", "answers": [3]},
                ],
            },
        ],
        "partial_coverage": [
            {"topic": "Part 1: 133", "answers": [1, 3]},
            {"topic": "Part 2: u", "answers": [2]},
        ],
        "unique_insights": [{"insight": "Part 2: u", "answer": 2}],
        "blind_spots": [],
    }


def test_what_all_say_is_consensus_right_or_wrong() -> None:
    found = json.loads(analysis(two_part(("133; q", "Answer: 133; q"))))
    assert [point["point"] for point in found["consensus"]] == ["Part 1: 133", "Part 2: q"]
    assert found["contradictions"] == found["partial_coverage"] == []
    assert found["blind_spots"] == ["Part 2: u"]


def test_every_analysis_has_the_form_and_is_true() -> None:
    for task in tasks(600, seed=3):
        found = msgspec.json.decode(analysis(task), type=Analysed)
        assert len(found.consensus) + len(found.contradictions) == len(task.parts)
        sides = [side for topic in found.contradictions for side in topic.stances]
        everyone = len(task.texts) * len(found.contradictions)
        assert sum(len(side.answers) for side in sides) == everyone
        covered = {topic.topic: topic.answers for topic in found.partial_coverage}
        for part in (Covered(task, i) for i in range(len(task.parts))):
            every = len(part.right) == len(task.texts)
            assert covered.get(part.short, []) == ([] if every else part.right)
            assert (part.short in found.blind_spots) == (not part.right)
            assert part.check in found.check


def test_the_merged_answer_is_right_and_names_who_says_so() -> None:
    for task in tasks(600, seed=4):
        found = msgspec.json.decode(synthesis(task), type=Merged)
        text = "\n".join(sentence.text for sentence in found.sentences)
        assert comparable(text) == normalise(task.question.answer)
        assert final_answer(text) == task.question.answer
        *parts, whole = (sentence.answers for sentence in found.sentences)
        assert parts == [Covered(task, i).right for i in range(len(task.parts))]
        right = [i for i, t in enumerate(task.texts, 1) if is_right(task.question, t)]
        assert set(right) <= set(whole)
        assert not right or set(whole) == set.intersection(*map(set, parts))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("133; u", "133; q"), [[1, 2], [1], [1]]),
        (("133; q", "1; u"), [[1], [2], [1, 2]]),
        (("1; q", "unknown"), [[], [], []]),
    ],
)
def test_who_supports_what(texts: tuple[str, ...], expected: list[list[int]]) -> None:
    assert supports(two_part(texts)) == expected


def test_answers_in_every_mixture() -> None:
    seen = Counter(
        tuple(min(2, len(Covered(task, part).right)) for part in (0, 1))
        for task in tasks(1000, seed=5, plain=0)
    )
    assert all(seen[first, second] > 30 for first in range(3) for second in range(3))


def test_no_test_problem_is_merged() -> None:
    for task in tasks(300, seed=6):
        assert {split_of(part.key) for part in task.parts} == {"train"}


def test_two_parts_are_the_ones_of_the_whole() -> None:
    first, second = two_parts(Random(7), "validation")
    assert {split_of(first.key), split_of(second.key)} == {"validation"}
    assert first.family != second.family


def test_nearly_every_lesson_can_be_read_whole() -> None:
    """The training leaves out the others: answers with much text of scripts that take bytes."""
    rng = Random(8)
    lessons = [comparing(rng, some_answers(rng, sample(rng))) for _ in range(300)]
    lessons += [make(rng, merge_task(rng)) for _ in range(300) for make in (analysing, merging)]
    assert sum(len(encode(lesson)[0]) > LONGEST_CONTEXT for lesson in lessons) <= 2
    asked = [lesson[0][1] for lesson in lessons if lesson[0][1].startswith("Merge")]
    assert 0.1 < sum("\nAnalysis: " not in text for text in asked) / len(asked) < 0.2
