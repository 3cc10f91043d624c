"""What the trained members really answer to train questions: the judge learns on these, too.

Made-up wrong answers are tidy: a slip, or the working of another question. A member out of its
depth misreads the question: its numbers with another sign, its people in another order. A judge
that had met only the former took over the workings of the latter: it merged 77 % of made-up
answers rightly, and 42 % of real ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

from . import GENERALISTS, SPECIALISTS, comparing, merging
from .comparing import Task
from .foreign import sometimes_swayed
from .lessons import is_right
from .questions import KINDS, Question, join_parts, sample, two_parts

PLAIN, IN_PARTS = 4000, 5000  # questions
MOST_TOKENS = 320  # of an answer in two parts; a plain one has half

Texts = dict[str, list[str]]
"""A member's answers to the ``plain`` questions and to those in ``parts``."""


class Answered:
    """The members' greedy answers to fixed questions of the train split, as tasks for a judge."""

    def __init__(self, texts: dict[str, Texts]) -> None:
        self._texts = texts
        self.questions = plain_questions()
        self.in_parts = questions_in_parts()

    def one(self, rng: Random) -> tuple[Question, str]:
        """A question, now and then in two parts, and one answer: a right one half the time."""
        task = (self._in_parts if rng.random() < 0.2 else self._plain)(rng, len(self._texts))
        wanted = rng.random() < 0.5
        fitting = [t for t in task.texts if is_right(task.question, t) == wanted]
        return task.question, rng.choice(fitting or task.texts)

    def to_compare(self, rng: Random) -> Task:
        """As :func:`comparing.some_answers`."""
        return self._plain(rng, rng.choices(*comparing.COUNTS)[0])

    def to_merge(self, rng: Random) -> Task:
        """As :func:`merging.merge_task`."""
        while True:
            make = self._plain if rng.random() < 0.15 else self._in_parts
            task = make(rng, rng.choices(*merging.COUNTS)[0])
            if sum(map(len, task.texts)) <= merging.MOST_CHARACTERS:
                return task

    def _plain(self, rng: Random, count: int) -> Task:
        at = rng.randrange(len(self.questions))
        question = self.questions[at]
        return Task(question, (question,), self._some(rng, "plain", at, count))

    def _in_parts(self, rng: Random, count: int) -> Task:
        at = rng.randrange(len(self.in_parts))
        return Task(*self.in_parts[at], self._some(rng, "parts", at, count))

    def _some(self, rng: Random, which: str, at: int, count: int) -> tuple[str, ...]:
        """At most ``count`` members' answers in random order."""
        names = rng.choice((SPECIALISTS, GENERALISTS, tuple(self._texts)))
        chosen = rng.sample(names, min(count, len(names)))
        return tuple(sometimes_swayed(rng, self._texts[name][which][at]) for name in chosen)


def plain_questions() -> list[Question]:
    """Questions of every kind."""
    rng = Random(61)
    return [sample(rng, kind=rng.choice(list(KINDS))) for _ in range(PLAIN)]


def questions_in_parts() -> list[tuple[Question, tuple[Question, ...]]]:
    """Questions in two parts, and their parts."""
    rng = Random(67)
    parts = [two_parts(rng) for _ in range(IN_PARTS)]
    return [(join_parts(rng, *both), both) for both in parts]


def read_answers(names: Sequence[str], out: Path) -> dict[str, Texts]:
    """What the named models answer; asked once, kept in ``NAME.answers.json``.

    Raises FileNotFoundError for one that is not trained.
    """
    return {name: _texts_of(name, out) for name in names}


def _texts_of(name: str, out: Path) -> Texts:
    checkpoint, kept = out / f"{name}.pt", out / f"{name}.answers.json"
    if not checkpoint.exists():
        raise FileNotFoundError(f"{checkpoint} is not there: train {name} first")
    if kept.exists() and kept.stat().st_mtime >= checkpoint.stat().st_mtime:
        found: Texts = json.loads(kept.read_text())
        return found
    texts = _ask(name, out)
    kept.write_text(json.dumps(texts))
    return texts


def _ask(name: str, out: Path) -> Texts:
    # Lessons are made without PyTorch, too.
    from .evaluate import answers
    from .generate import load

    model = load(name, out)
    in_parts = [whole for whole, _ in questions_in_parts()]
    return {
        "plain": answers(model, plain_questions(), MOST_TOKENS // 2),
        "parts": answers(model, in_parts, MOST_TOKENS),
    }
