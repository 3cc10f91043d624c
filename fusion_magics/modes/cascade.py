"""``escalate``: ask one member, and more only where one is not enough.

A cascade from the first member to the whole pool, as FrugalGPT (Chen et al. 2023,
arXiv:2305.05176) and AutoMix (Aggarwal et al. 2023, arXiv:2310.12963) have it; what makes a member
sure is its own probability of what it wrote.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ..seams import Outcome
from ..types import Candidate
from .case import Case
from .vote import vote

SURE = 0.9
"""The :func:`confidence` from which a member is sure."""

TOKEN = 4
"""Bytes of English text in a token of a large vocabulary, about."""


async def cascade(case: Case, go_on: Callable[[Case], Awaitable[Outcome]], calls: int) -> Outcome:
    """The first member's answer if it is sure; else that of the first two if they agree; else what
    the mode ``go_on`` makes of all. Nobody is asked twice: the pool asks :func:`once`.

    Parameters
    ----------
    case : Case
        The first member of its pool gives log-probabilities, where its engine can.
    go_on : callable
        The mode.
    calls : int
        How many calls it makes by itself, to say how many were saved.
    """
    first, *others = case.pool.members
    alone = await case.pool.each({first.label: case.prompt})
    for candidate in alone.candidates:
        sure = confidence(candidate)
        if sure is not None and sure >= SURE and _whole_answer(case, candidate):
            return _early(Outcome(candidate.text, alone, None), f"was sure ({sure:.2f})", calls - 1)
    if others and alone.candidates:
        two = case.pool.of([first, others[0]])
        both = (await two.each({member.label: case.prompt for member in two.members})).candidates
        if len(both) == 2 and _agree(case, *both):
            outcome = await vote(replace(case, pool=two, early_stop=None))
            return _early(outcome, f"and {others[0].label} agreed", calls - 2)
    return await go_on(case)


def confidence(candidate: Candidate) -> float | None:
    """The geometric mean of the probabilities of what it wrote; None where they are unknown.

    It is taken over :data:`TOKEN` bytes at a time, whatever the vocabulary: a model that writes
    byte by byte is nearly certain of most bytes, and its mean over them would tell nothing.
    """
    size = sum(len(token.token.encode()) for token in candidate.logprobs)
    if size == 0:
        return None
    return math.exp(TOKEN * sum(token.logprob for token in candidate.logprobs) / size)


def _whole_answer(case: Case, candidate: Candidate) -> bool:
    return candidate.finish_reason == "stop" and bool(case.read(candidate.text))


def _agree(case: Case, one: Candidate, other: Candidate) -> bool:
    answer = case.read(one.text)
    return bool(answer) and answer == case.read(other.text)


def _early(outcome: Outcome, why: str, saved: int) -> Outcome:
    calls = "1 call" if saved == 1 else f"{saved} calls"
    note = f"{outcome.answers.candidates[0].member} {why}: {calls} saved."
    return replace(outcome, notes=(*outcome.notes, note), saved_calls=saved)
