"""How often a model is right: greedy answers, by family and kind, with Wilson 95 % intervals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from scipy.stats import binomtest

from ..answers import comparable, final_answer, normalise
from .generate import greedy
from .lessons import debate, is_right, judge_request, judging_made_up
from .model import TinyLlama
from .questions import KINDS, Question, multi_part, sample
from .tokens import decode, prompt


@dataclass(frozen=True)
class Share:
    """``right`` of ``asked``; prints as percent with its Wilson 95 % interval."""

    right: int
    asked: int

    def __str__(self) -> str:
        if not self.asked:
            return "-"
        interval = binomtest(self.right, self.asked).proportion_ci(0.95, "wilson")
        share = 100 * self.right / self.asked
        return f"{share:.1f} ({100 * interval.low:.0f} to {100 * interval.high:.0f})"


def share(marks: list[bool]) -> Share:
    """How many of the marks are true."""
    return Share(sum(marks), len(marks))


def by(name: str, questions: list[Question], marks: list[bool]) -> dict[str, Share]:
    """Shares per value of the questions' field ``name`` (``family`` or ``kind``)."""
    groups: dict[str, list[bool]] = {}
    for question, mark in zip(questions, marks, strict=True):
        groups.setdefault(getattr(question, name), []).append(mark)
    return {value: share(found) for value, found in groups.items()}


def answers(model: TinyLlama, questions: list[Question], limit: int = 160) -> list[str]:
    """The model's greedy answer texts."""
    prompts = [prompt([("user", question.text)]) for question in questions]
    return [decode(ids) for ids in greedy(model, prompts, limit)]


def marks(questions: list[Question], texts: list[str]) -> list[bool]:
    """Which answer texts are right, as a vote would read them."""
    return [
        comparable(text) == normalise(question.answer)
        for question, text in zip(questions, texts, strict=True)
    ]


def second_thoughts(model: TinyLlama, questions: list[Question]) -> dict[str, Share]:
    """What a made-up debate about each question does to a right and to a wrong own answer.

    Half of the own answers are right; of the one or two others' answers three in five.
    """
    rng = Random(29)
    tasks = [debate(rng, question) for question in questions]
    owns = marks(questions, [task[1][1] for task in tasks])
    replies = greedy(model, [prompt(task[:3]) for task in tasks])
    after = marks(questions, [decode(reply) for reply in replies])
    pairs = list(zip(owns, after, strict=True))
    return {
        "debate: right answers kept": share([now for own, now in pairs if own]),
        "debate: wrong answers mended": share([now for own, now in pairs if not own]),
    }


def parts(model: TinyLlama, n: int) -> dict[str, Share]:
    """How many parts of ``n`` two-part test questions are right."""
    rng = Random(31)
    questions = [multi_part(rng, "test") for _ in range(n)]
    found = []
    for question, text in zip(questions, answers(model, questions, 320), strict=True):
        given = final_answer(text).split(";")
        for i, right in enumerate(question.answer.split(";")):
            found.append(i < len(given) and normalise(given[i]) == normalise(right))
    return {"parts of two-part questions": share(found)}


def scores(model: TinyLlama, questions: list[Question], texts: list[str]) -> list[float | None]:
    """The judge's score of each text; None where its reply cannot be read."""
    rng = Random(23)
    requests = [
        judge_request(question.text, text, f"{rng.getrandbits(32):08x}")
        for question, text in zip(questions, texts, strict=True)
    ]
    replies = greedy(model, [prompt([("user", request)]) for request in requests], 340)
    return [score_of(decode(reply)) for reply in replies]


def score_of(reply: str) -> float | None:
    """The score in a judge's reply; None where the reply cannot be read."""
    try:
        return float(json.loads(reply)["score"])
    except (ValueError, KeyError, TypeError):
        return None


def percent_by_kind(model: TinyLlama, each: int, judging: bool) -> dict[str, int]:
    """Accuracy in percent on ``each`` validation questions per kind, for the progress line.

    With ``judging``, verdicts on made-up candidates come on top, as ``judge KIND``.
    """
    rng = Random(17)
    questions = [sample(rng, "validation", kind=kind) for kind in KINDS for _ in range(each)]
    found: dict[str, list[bool]] = {}
    for question, text in zip(questions, answers(model, questions), strict=True):
        found.setdefault(question.kind, []).append(is_right(question, text))
    if judging:
        tasks = [judging_made_up(rng, question) for question in questions]
        replies = greedy(model, [prompt(task[:1]) for task in tasks], 340)
        for question, task, reply in zip(questions, tasks, replies, strict=True):
            same = score_of(decode(reply)) == score_of(task[1][1])
            found.setdefault(f"judge {question.kind}", []).append(same)
    return {kind: round(100 * sum(m) / len(m)) for kind, m in found.items()}
