"""What a kind of question is: draw a problem, word it, solve it, get it slightly wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Problem = tuple[str, ...]
"""The canonical problem as strings, for example ``("strawberry", "r")``; the key is made of it."""


@dataclass(frozen=True)
class Question:
    """One question with its worked answer.

    ``key`` is the canonical problem whatever the wording ("count/strawberry/r"); the split into
    train, validation and test is a hash of it.
    """

    family: str
    kind: str
    text: str
    working: str
    answer: str
    key: str


@dataclass(frozen=True)
class Kind:
    """One kind of question, as four functions over its problem.

    ``draw(rng)`` invents a problem, ``ask(rng, problem)`` words it, ``solve(problem)`` gives the
    written working and the final answer, ``near(rng, problem)`` gives a problem that somebody who
    slips at one step would have solved instead, ``canonical(problem)`` gives the form that
    problems with the same solution share. ``restate(problem, text)`` is how a working begins by
    putting the question in order; empty where ``solve`` does that already.
    """

    name: str
    draw: Callable[[Random], Problem]
    ask: Callable[[Random, Problem], str]
    solve: Callable[[Problem], tuple[str, str]]
    near: Callable[[Random, Problem], Problem]
    canonical: Callable[[Problem], Problem] = lambda problem: problem
    restate: Callable[[Problem, str], str] = lambda problem, text: ""
