"""``debate``: members read each other's answers, revise their own, and the judge decides then.

Multi-agent debate (Du et al. 2023, arXiv:2305.14325; Chan et al. 2023, arXiv:2308.07201). Each
round shows a member the question, its own latest answer and the others' latest ones, without
names: the conversation does not grow, and user and assistant take turns in it. It ends early where
a round changes no final answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ..answers import Read, comparable, whole
from ..types import Answers, Candidate, Change, Load, Outcome, Wording
from .best_of import judged
from .case import Case, Loads
from .debate_turn import revised, turn


async def debate(case: Case) -> Outcome:
    """The judge's choice after up to ``case.rounds`` rounds, verbatim.

    ``rounds`` of the outcome has what each member stood for after each round, the first before
    they met. A member that failed in a round is in its ``failures`` and keeps its former answer.
    """
    first = await case.pool.answers(case.prompt)
    rounds, changes, notes = await _rounds(case, first)
    # A member that failed later has an answer all the same: it is no failure of the fusion.
    outcome = await judged(case, Answers(rounds[-1].candidates, first.failures))
    return replace(outcome, rounds=rounds, changes=changes, notes=tuple(notes) + outcome.notes)


def debate_load(case: Case) -> Loads:
    """One call per member and one more in each round, which shows it all answers; then the
    judge's.
    """
    count = len(case.labels)
    rounds = case.rounds if count > 1 else 0
    members = Load(count * (1 + rounds), rounds * count * count)
    return {"member": members, "judge": case.judge.load(case.labels)}


async def _rounds(
    case: Case, first: Answers
) -> tuple[tuple[Answers, ...], tuple[Change, ...], list[str]]:
    rounds, changes, notes = [first], list[Change](), list[str]()
    if len(first.candidates) < 2:
        return (first,), (), ["There was one answer only, so there was no debate."]
    for number in range(1, case.rounds + 1):
        before = rounds[-1].candidates
        after = await _round(case, before, number)
        rounds.append(after)
        notes += [
            f"Round {number}: {f.member} keeps its answer, for it failed. {f.message}"
            for f in after.failures
        ]
        changed = changes_of(before, after.candidates, number, case.read)
        changes += changed
        if not changed and number < case.rounds:
            ended = f"The debate stopped after round {number} of {case.rounds}: nobody changed."
            notes.append(ended)
            break
    return tuple(rounds), tuple(changes), notes


async def _round(case: Case, before: Sequence[Candidate], number: int) -> Answers:
    """What each member stands for after this round, in pool order."""
    wordings: dict[str, Wording] = {m.label: m.model.wording for m in case.pool.members}
    prompts = {
        own.member: turn(
            case.prompt,
            own.text,
            [other.text for other in before if other is not own],
            wordings[own.member],
            case.seed,
            number,
        )
        for own in before
    }
    given = await case.pool.each(prompts)
    replies = {reply.member: reply for reply in given.candidates}
    after = tuple(
        revised(own, replies[own.member], wordings[own.member]) if own.member in replies else own
        for own in before
    )
    return Answers(after, given.failures)


# ── who changed ──────────────────────────────────────────────────────────────────────────────


def changes_of(
    before: Sequence[Candidate], after: Sequence[Candidate], number: int, read: Read = comparable
) -> tuple[Change, ...]:
    """Who changed its final answer in round ``number``, and towards whose of the round before.

    A text without a final answer is compared as a whole.
    """
    held = {c.member: _position(c.text, read) for c in before}
    changes = []
    for candidate in after:
        old, new = held[candidate.member], _position(candidate.text, read)
        if new != old:
            towards = tuple(member for member, position in held.items() if position == new)
            changes.append(Change(number, candidate.member, old, new, towards))
    return tuple(changes)


def _position(text: str, read: Read) -> str:
    return read(text) or whole(text)


class Turned(NamedTuple):
    """How many changes of a debate went from the right answer to a wrong one, and back."""

    right_to_wrong: int
    wrong_to_right: int


def turned(changes: Sequence[Change], answer: str, read: Read = comparable) -> Turned:
    """What a debate did to right and wrong answers, where the right one is known.

    Parameters
    ----------
    changes : sequence of Change
        Of one fusion: ``fusion.changes``.
    answer : str
        The right answer, in any form that ``read`` understands.
    read : callable
        How the debate's final answers were read.
    """
    right = _position(answer, read)
    return Turned(
        sum(c.before == right != c.after for c in changes),
        sum(c.before != right == c.after for c in changes),
    )
