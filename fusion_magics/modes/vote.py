"""``vote``: the answer that most members give, the plain baseline of every consensus.

Majority over normalised final answers (self-consistency, Wang et al. 2022). No judge is asked,
unless it is to group free texts by what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..answers import Read, by_meaning, comparable, draw, votes
from ..seams import Load, Outcome
from ..types import Answers, Candidate, Judgment, Verdict
from .case import Case, Loads
from .early_stop import safe_lead
from .grouping import group

# Characters of an answer that a rationale repeats; a text without any mark is an answer as a whole.
_SHOWN = 80

TIE_RULE = "tied answers: one is drawn by the seed, whatever the order of the pool"


async def vote(case: Case) -> Outcome:
    """The majority's answer, in the words of one of its members."""
    enough = None if case.early_stop is None else safe_lead(case, case.early_stop)
    answers = await case.pool.answers(case.prompt, enough, case.seed)
    judgment, notes = await _counted(case, answers)
    saved = case.pool.saved
    if saved:
        calls = "1 call" if saved == 1 else f"{saved} calls"
        notes += (f"The lead was safe before all were asked: {calls} saved.",)
    text = answers.candidates[judgment.best].text
    return Outcome(text, answers, judgment, notes, saved_calls=saved)


def vote_load(case: Case) -> Loads:
    """One call per member at most, and one of the judge where it groups."""
    count = len(case.labels)
    grouping = Load(1, count) if case.read is by_meaning and count > 1 else Load()
    return {"member": Load(count), "judge": grouping}


async def _counted(case: Case, answers: Answers) -> tuple[Judgment, tuple[str, ...]]:
    candidates = answers.candidates
    if case.read is not by_meaning:
        return majority(case, candidates), ()
    grouped = await group(case, candidates)
    judgment = majority(replace(case, read=grouped.read), candidates)
    judge = case.asking.model.name if grouped.order else None
    notes = (grouped.note,) if grouped.note else ()
    return replace(judgment, judge=judge, order=grouped.order), notes


def majority(case: Case, candidates: Sequence[Candidate]) -> Judgment:
    """The vote of ``candidates``, read and weighted as the case says."""
    return count(candidates, case.seed, case.read, case.weights)


def count(
    candidates: Sequence[Candidate],
    seed: int,
    read: Read = comparable,
    weights: Mapping[str, float] | None = None,
) -> Judgment:
    """Rank ``candidates`` by the votes for their final answer.

    Parameters
    ----------
    candidates : sequence of Candidate
        At least one.
    seed : int
        Of draws.
    read : callable
        How the final answer is read.
    weights : mapping, optional
        Member → what its vote counts; default 1.
    """
    given = [read(c.text) for c in candidates]
    by = [1.0 if weights is None else weights[c.member] for c in candidates]
    shares = votes(given, str, by)
    most = max(shares.values(), default=0.0)
    tied = sorted((a for a, n in shares.items() if n == most), key=lambda a: draw(seed, a))
    winner = tied[0] if tied else ""
    spokesmen = [i for i, answer in enumerate(given) if answer == winner]
    return Judgment(
        verdicts=tuple(
            Verdict(i, _rank(a, shares), rationale=_says(a, shares)) for i, a in enumerate(given)
        ),
        best=min(spokesmen, key=lambda i: _preference(candidates[i], seed)),
        protocol="vote",
        agreement=len(spokesmen) / len(candidates) if winner else 0.0,
        ties=tuple(i for i, a in enumerate(given) if a in tied) if len(tied) > 1 else (),
        rule=TIE_RULE if len(tied) > 1 else "",
    )


def _rank(answer: str, shares: Mapping[str, float]) -> int:
    mine = shares.get(answer, -1.0)
    return 1 + sum(n > mine for n in shares.values())


def _says(answer: str, shares: Mapping[str, float]) -> str:
    if not answer:
        return "gives no final answer: does not vote"
    shown = answer if len(answer) <= _SHOWN else f"{answer[: _SHOWN - 1].rstrip()}…"
    return f"{shares[answer]:g} of {sum(shares.values()):g} votes for {shown}"


def _preference(candidate: Candidate, seed: int) -> tuple[bool, bytes]:
    """Who speaks for a group: a whole answer before one cut at its token limit."""
    return candidate.finish_reason != "stop", draw(seed, candidate.text)
