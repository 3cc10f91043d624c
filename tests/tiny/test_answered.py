"""What members really answered, as lessons: read once, right ones known, nothing of a test."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from fusion_magics.tiny import GENERALISTS, SPECIALISTS, answered, comparing, merging
from fusion_magics.tiny.answered import Answered, plain_questions, questions_in_parts, read_answers
from fusion_magics.tiny.lessons import is_right, worked
from fusion_magics.tiny.questions import Question, split_of
from fusion_magics.tiny.recipes import RECIPES, lesson

NAMES = (*SPECIALISTS, *GENERALISTS)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answered, "PLAIN", 40)
    monkeypatch.setattr(answered, "IN_PARTS", 40)


def half_right(questions: list[Question], member: int) -> list[str]:
    """Every member is right on every second question, and says who it is."""
    return [
        worked(q) if (i + member) % 2 else f"I am {NAMES[member]}.\nAnswer: none"
        for i, q in enumerate(questions)
    ]


@pytest.fixture
def written(few: None) -> Answered:
    wholes = [whole for whole, _ in questions_in_parts()]
    return Answered(
        {
            name: {"plain": half_right(plain_questions(), i), "parts": half_right(wholes, i)}
            for i, name in enumerate(NAMES)
        }
    )


def test_one_answer_is_right_half_the_time(written: Answered) -> None:
    rng = Random(0)
    marks = [is_right(*written.one(rng)) for _ in range(2000)]
    assert 0.42 < sum(marks) / len(marks) < 0.55  # some are swayed away from what they stated


def test_tasks_have_the_members_texts(written: Answered) -> None:
    rng = Random(1)
    counts = set()
    for _ in range(400):
        task = written.to_compare(rng)
        counts.add(len(task.texts))
        known = {worked(task.question), *(f"I am {name}.\nAnswer: none" for name in NAMES)}
        assert any(text in known for text in task.texts)
        merge = written.to_merge(rng)
        assert len(merge.texts) in merging.COUNTS[0]
        assert sum(map(len, merge.texts)) <= merging.MOST_CHARACTERS
    assert counts == set(comparing.COUNTS[0])


def test_the_judges_lessons_show_them(written: Answered) -> None:
    rng = Random(2)
    asked = [lesson(rng, RECIPES["judge"], written)[0][1] for _ in range(600)]
    shown = [any(f"I am {name}." in text for name in NAMES) for text in asked]
    assert 0.25 < sum(shown) / len(shown) < 0.6


def test_no_test_problem_is_asked() -> None:
    assert {split_of(question.key) for question in plain_questions()} == {"train"}
    keys = {part.key for _, parts in questions_in_parts() for part in parts}
    assert {split_of(key) for key in keys} == {"train"}


def test_a_member_is_asked_once_and_again_when_it_has_learned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def ask(name: str, out: Path) -> dict[str, list[str]]:
        asked.append(name)
        return {"plain": [f"{len(asked)}"], "parts": []}

    monkeypatch.setattr(answered, "_ask", ask)
    checkpoint = tmp_path / "sums.pt"
    checkpoint.touch()
    first = read_answers(["sums"], tmp_path)
    assert first == {"sums": {"plain": ["1"], "parts": []}}
    assert read_answers(["sums"], tmp_path) == first
    kept = tmp_path / "sums.answers.json"
    os.utime(checkpoint, (kept.stat().st_mtime + 5,) * 2)
    assert read_answers(["sums"], tmp_path) == {"sums": {"plain": ["2"], "parts": []}}
    assert asked == ["sums", "sums"]


def test_a_member_that_is_not_trained_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"words\.pt is not there: train words first"):
        read_answers(["words"], tmp_path)
