"""``best-of``: the candidate that the judge scores highest, verbatim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..answers import Read, comparable, draw, votes
from ..seams import Load, Outcome
from ..types import Answers, Candidate, Judgment
from .ahead import answers_of_pool
from .case import Case, Loads
from .vote import majority

TIE_RULE = "equal scores: the answer that more members give, then one drawn by the seed"


async def best_of(case: Case) -> Outcome:
    """The judge's choice; where no verdict could be had, the majority's, and said so.

    The judgment stays the judge's own in that case too: each verdict says what went wrong.
    """
    return await judged(case, await answers_of_pool(case, case.judge.ahead))


def best_of_load(case: Case) -> Loads:
    """One call per member, then the judge's."""
    return {"member": Load(len(case.labels)), "judge": case.judge.load(case.labels)}


async def judged(case: Case, answers: Answers) -> Outcome:
    """The judge's choice among ``answers``."""
    candidates = answers.candidates
    judgment = await case.judge(case.prompt, candidates)
    unread = [v for v in judgment.verdicts if v.error]
    scores = [v.score for v in judgment.verdicts if v.score is not None]
    notes = []
    if unread:
        notes.append(f"{len(unread)} of {len(candidates)} verdicts could not be had.")
    if scores and not any(scores):
        notes.append("The judge gives no answer more than 0.")
    if unread and not any(scores):
        # An answer that is worth nothing must not win over one that nobody judged.
        chosen = _by_majority(case, judgment, candidates)
        notes = [f"The judge decided nothing, so the majority did. {unread[0].error}", *notes[1:]]
    else:
        chosen = settle_ties(judgment, candidates, case.seed, case.read)
    return Outcome(candidates[chosen.best].text, answers, chosen, tuple(notes))


def _by_majority(case: Case, judgment: Judgment, candidates: Sequence[Candidate]) -> Judgment:
    voted = majority(case, candidates)
    return replace(
        judgment, best=voted.best, agreement=voted.agreement, ties=voted.ties, rule=voted.rule
    )


def settle_ties(
    judgment: Judgment, candidates: Sequence[Candidate], seed: int, read: Read = comparable
) -> Judgment:
    """``judgment`` with its best chosen by :data:`TIE_RULE`, and the agreement with it."""
    given = [read(c.text) for c in candidates]
    shares = votes(given, str)
    tops = judgment.ties or (judgment.best,)
    best = min(
        tops,
        key=lambda i: (
            -shares.get(given[i], 0.0),
            candidates[i].finish_reason != "stop",
            draw(seed, candidates[i].text),
        ),
    )
    agreement = shares.get(given[best], 0.0) / len(candidates)
    rule = TIE_RULE if judgment.ties else ""
    return replace(judgment, best=best, agreement=agreement, rule=rule)
