"""Questions with worked answers, in three families, split into train, validation and test.

``sample`` draws one, ``test_set`` a fixed even set. A question belongs to a split by a hash of its
canonical problem (``Question.key``), so a test problem cannot come up in training in any wording.
"""

from __future__ import annotations

import hashlib
from random import Random

from . import logic, sums, words
from .kinds import Kind, Problem, Question
from .parts import MULTI_PART, join_parts

FAMILIES: dict[str, dict[str, Kind]] = {
    "sums": {kind.name: kind for kind in sums.KINDS},
    "words": {kind.name: kind for kind in words.KINDS},
    "logic": {kind.name: kind for kind in logic.KINDS},
}
KINDS: dict[str, Kind] = {name: kind for kinds in FAMILIES.values() for name, kind in kinds.items()}
FAMILY_OF = {name: family for family, kinds in FAMILIES.items() for name in kinds}
SPLITS = ("train", "validation", "test")

__all__ = [
    "FAMILIES",
    "FAMILY_OF",
    "KINDS",
    "MULTI_PART",
    "SPLITS",
    "Question",
    "even_set",
    "join_parts",
    "multi_part",
    "near_miss",
    "sample",
    "split_of",
    "test_set",
    "two_parts",
]


def split_of(key: str) -> str:
    """The split of a problem: about 8 % test, 4 % validation, the rest train."""
    share = hashlib.sha256(key.encode()).digest()[0] / 256
    return "test" if share < 0.08 else "validation" if share < 0.12 else "train"


def _key(kind: str, problem: Problem) -> str:
    return "/".join((kind, *KINDS[kind].canonical(problem)))


def _solved(kind: Kind, problem: Problem, text: str) -> tuple[str, str]:
    """Working and answer; the working puts the question in order first."""
    working, answer = kind.solve(problem)
    restated = kind.restate(problem, text)
    return f"{restated}: {working}" if restated else working, answer


def sample(
    rng: Random,
    split: str = "train",
    family: str | None = None,
    kind: str | None = None,
) -> Question:
    """One question of a split; family and kind are drawn evenly where not given.

    Raises KeyError for an unknown family or kind, ValueError for an unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f"split is one of {SPLITS}, not {split!r}")
    if kind is None:
        kind = rng.choice(list(FAMILIES[family or rng.choice(list(FAMILIES))]))
    while True:
        problem = KINDS[kind].draw(rng)
        key = _key(kind, problem)
        if split_of(key) == split:
            text = KINDS[kind].ask(rng, problem)
            return Question(FAMILY_OF[kind], kind, text, *_solved(KINDS[kind], problem, text), key)


def multi_part(rng: Random, split: str = "train") -> Question:
    """A question in two parts from different families; family and kind are ``multi``."""
    return join_parts(rng, *two_parts(rng, split))


def two_parts(rng: Random, split: str = "train") -> tuple[Question, Question]:
    """Two questions from different families."""
    first, second = (sample(rng, split, family) for family in rng.sample(list(FAMILIES), 2))
    return first, second


def near_miss(rng: Random, question: Question) -> tuple[str, str] | None:
    """Working and answer of somebody who slipped at one step and carried on.

    None where five tries give the right answer, or the solution of a test problem. Raises KeyError
    for a multi-part question.
    """
    kind = KINDS[question.kind]
    for _ in range(5):
        problem = kind.near(rng, tuple(question.key.split("/")[1:]))
        working, answer = _solved(kind, problem, question.text)
        if answer != question.answer and split_of(_key(question.kind, problem)) != "test":
            return working, answer
    return None


def even_set(split: str, n: int, seed: int) -> list[Question]:
    """``n`` questions of a split, even over families and over the kinds of each.

    No key twice, as long as the kind has enough problems.
    """
    rng = Random(f"{split}/{seed}")
    found: list[Question] = []
    seen: set[str] = set()
    families = list(FAMILIES)
    for i in range(n):
        family = families[i % len(families)]
        kinds = list(FAMILIES[family])
        kind = kinds[i // len(families) % len(kinds)]
        question = sample(rng, split, family, kind)
        for _ in range(100):  # a few kinds have too few problems for a large set
            if question.key not in seen:
                break
            question = sample(rng, split, family, kind)
        seen.add(question.key)
        found.append(question)
    return found


def test_set(n: int = 600, seed: int = 0) -> list[Question]:
    """The test questions that all reported numbers use."""
    return even_set("test", n, seed)
