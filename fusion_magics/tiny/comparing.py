"""The judge's lessons on several answers to one question: what each says, and which are right.

``Task`` and the requests serve ``merging`` as well.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from ..answers import final_answer, normalise
from .foreign import sometimes_swayed
from .lessons import (
    Conversation,
    comparison,
    plain_characters,
    right_candidate,
    wrong_candidate,
)
from .questions import Question

COMPARE = "Compare the answers."
COUNTS = ((2, 3, 4, 5), (30, 50, 12, 8))  # of answers, and how often there are so many


@dataclass(frozen=True)
class Task:
    """A question, the parts it is made of (itself, if it is plain), and what members answered."""

    question: Question
    parts: tuple[Question, ...]
    texts: tuple[str, ...]

    def given(self, part: int) -> list[str]:
        """What each text answers to a part; empty where it has nothing for it."""
        finals = [final_answer(text) for text in self.texts]
        if len(self.parts) == 1:
            return finals
        pieces = [final.split(";") for final in finals]
        return [found[part].strip() if part < len(found) else "" for found in pieces]

    def plain(self, part: int) -> list[str]:
        """The same as it is put down in a reply."""
        return [plain_characters(given) for given in self.given(part)]

    def right(self, part: int) -> list[bool]:
        """Whether each text is right on a part."""
        own = normalise(self.parts[part].answer)
        return [normalise(given) == own for given in self.given(part)]


def request(instruction: str, question: str, texts: Sequence[str], fence: str) -> str:
    """What the judge is asked about several texts, each numbered and in a fence."""
    numbered = (f"[{i}]\n<{fence}>\n{text}\n</{fence}>" for i, text in enumerate(texts, 1))
    return "\n".join((instruction, f"Question: {question}", *numbered))


def new_fence(rng: Random) -> str:
    """Eight hexadecimal digits."""
    return f"{rng.getrandbits(32):08x}"


def as_json(reply: dict[str, object]) -> str:
    """A reply in the form in which it is learned."""
    return json.dumps(reply, ensure_ascii=False)


def ranking(rights: Sequence[bool]) -> list[list[int]]:
    """Groups of answer numbers: the right ones, then the wrong ones; no group is empty."""
    groups = ([i for i, r in enumerate(rights, 1) if r is best] for best in (True, False))
    return [group for group in groups if group]


def enumerated(numbers: Sequence[int]) -> str:
    """``1, 3 and 4``."""
    *head, last = map(str, numbers)
    return f"{', '.join(head)} and {last}" if head else last


def stances(task: Task, part: int) -> list[str]:
    """What each text says to a part, and that compared with the right answer.

    Put down first and compared then: to find the answer of one text among others and to compare it
    are two steps, and learned at once they took several times as long.
    """
    own = task.parts[part].answer
    return [
        f"{given or 'nothing'}: {comparison(own, given)}, {'right' if right else 'wrong'}"
        for given, right in zip(task.plain(part), task.right(part), strict=True)
    ]


def checked(task: Task, part: int) -> str:
    """Own working of a part, and each answer compared with it.

    Numbered as in the request: the same signs again help to find the place.
    """
    own = task.parts[part]
    checks = (f"[{i}] {stance}" for i, stance in enumerate(stances(task, part), 1))
    return f"{own.working} = {own.answer}; {'; '.join(checks)}"


def who_is_right(rights: Sequence[bool]) -> str:
    """``1 and 3 are right.``"""
    right = [i for i, r in enumerate(rights, 1) if r]
    who = f"{enumerated(right)} {'is' if len(right) == 1 else 'are'}" if right else "None is"
    return f"{who} right."


def compared(task: Task) -> str:
    """The judge's reply: own working, each answer compared with it, who is right, the ranking."""
    rights = task.right(0)
    reply: dict[str, object] = {
        "check": checked(task, 0),
        "rationale": who_is_right(rights),
        "ranking": ranking(rights),
    }
    return as_json(reply)


def some_answers(rng: Random, question: Question) -> Task:
    """Two to five made-up answers in random order: any number right, now and then one twice."""
    share = rng.choice((0.0, 0.3, 0.3, 0.5, 0.7, 1.0))
    texts: list[str] = []
    for _ in range(rng.choices(*COUNTS)[0]):
        make = right_candidate if rng.random() < share else wrong_candidate
        twice = texts and rng.random() < 0.08
        texts.append(rng.choice(texts) if twice else sometimes_swayed(rng, make(rng, question)))
    return Task(question, (question,), tuple(texts))


def comparing(rng: Random, task: Task) -> Conversation:
    """A request to compare the answers of a task, and the reply."""
    asked = request(COMPARE, task.question.text, task.texts, new_fence(rng))
    return [("user", asked), ("assistant", compared(task))]
