"""``debate``: members read each other's answers, revise their own, and the judge decides then.

Multi-agent debate (Du et al. 2023, arXiv:2305.14325; Chan et al. 2023, arXiv:2308.07201). Each
round shows a member the question, its own latest answer and the others' latest ones, without
names: the conversation does not grow, and user and assistant take turns in it. It ends early where
a round changes no final answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ..answers import Read, comparable, whole
from ..seams import Load, Outcome
from ..types import Answers, Candidate, Change, Prompt, Wording
from .best_of import judged
from .case import Case, Loads
from .debate_turn import revised, turn


async def debate(case: Case) -> Outcome:
    """The judge's choice after up to ``case.rounds`` rounds, verbatim.

    ``rounds`` of the outcome has what each member stood for after each round, the first before
    they met. A member that failed in a round is in its ``failures`` and keeps its former answer.
    """
    transcript = Transcript(case, await case.pool.answers(case.prompt))
    try:
        await _rounds(case, transcript)
        outcome = await judged(case, transcript.answers)
    except asyncio.CancelledError:
        case.so_far.append(transcript.of(Outcome("", transcript.answers, None)))
        raise
    return transcript.of(outcome)


def debate_load(case: Case) -> Loads:
    """One call per member and one more in each round, which shows it all answers; then the
    judge's.
    """
    count = len(case.labels)
    rounds = case.rounds if count > 1 else 0
    members = Load(count * (1 + rounds), rounds * count * count)
    return {"member": members, "judge": case.judge.load(case.labels)}


class Transcript:
    """Who said what in which round, after what each member said ``first``."""

    def __init__(self, case: Case, first: Answers) -> None:
        self.rounds = [first]
        self.changes: list[Change] = []
        self.notes: list[str] = []
        self._case = case
        self._wordings: dict[str, Wording] = {m.label: m.model.wording for m in case.pool.members}

    @property
    def answers(self) -> Answers:
        """What the members stand for by now."""
        # A member that failed later has an answer all the same: it is no failure of the fusion.
        return Answers(self.rounds[-1].candidates, self.rounds[0].failures)

    def turns(self) -> dict[str, Prompt]:
        """What each member is asked in the next round, by its label."""
        said = self.rounds[-1].candidates
        return {
            own.member: turn(
                self._case.prompt,
                own.text,
                [other.text for other in said if other is not own],
                self._wordings[own.member],
                self._case.seed,
                len(self.rounds),
            )
            for own in said
        }

    def add(self, replies: Answers) -> tuple[Change, ...]:
        """One more round, of these ``replies``; who changed in it."""
        before, number = self.rounds[-1].candidates, len(self.rounds)
        given = {reply.member: reply for reply in replies.candidates}
        after = tuple(
            revised(own, given[own.member], self._wordings[own.member])
            if own.member in given
            else own
            for own in before
        )
        changes = changes_of(before, after, number, self._case.read)
        self.rounds.append(Answers(after, replies.failures))
        self.changes += changes
        self.notes += [
            f"Round {number}: {f.member} keeps its answer, for it failed. {f.message}"
            for f in replies.failures
        ]
        return changes

    def of(self, outcome: Outcome) -> Outcome:
        """``outcome`` with all of this."""
        return replace(
            outcome,
            rounds=tuple(self.rounds),
            changes=tuple(self.changes),
            notes=(*self.notes, *outcome.notes),
        )


async def _rounds(case: Case, transcript: Transcript) -> None:
    """Let the members debate, until nobody changes or the rounds are over."""
    if len(transcript.answers.candidates) < 2:
        transcript.notes.append("There was one answer only, so there was no debate.")
        return
    for number in range(1, case.rounds + 1):
        try:
            replies = await case.pool.each(transcript.turns(), lookup=True)
        except asyncio.CancelledError:
            transcript.add(case.pool.given)
            raise
        if not transcript.add(replies) and number < case.rounds:
            why = "nobody changed" if replies.candidates else "nobody answered"
            ended = f"The debate stopped after round {number} of {case.rounds}: {why}."
            transcript.notes.append(ended)
            return


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
