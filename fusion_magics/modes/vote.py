"""``vote``: the answer that most members give, the plain baseline of every consensus.

Majority over normalised final answers (self-consistency, Wang et al. 2022). No judge is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..answers import comparable, draw, votes
from ..types import Candidate, Judgment, Outcome, Verdict
from .case import Case

# Characters of an answer that a rationale repeats; a text without any mark is an answer as a whole.
_SHOWN = 80

TIE_RULE = "tied answers: one is drawn by the seed, whatever the order of the pool"


async def vote(case: Case) -> Outcome:
    """The majority's answer, in the words of one of its members."""
    answers = await case.pool.answers(case.prompt)
    judgment = count(answers.candidates, case.seed)
    return Outcome(answers.candidates[judgment.best].text, answers, judgment)


def count(candidates: Sequence[Candidate], seed: int) -> Judgment:
    """Rank ``candidates`` by how many share their normalised final answer."""
    given = [comparable(c.text) for c in candidates]
    shares = votes([c.text for c in candidates])
    most = max(shares.values(), default=0)
    tied = sorted((a for a, n in shares.items() if n == most), key=lambda a: draw(seed, a))
    winner = tied[0] if tied else ""
    spokesmen = [i for i, answer in enumerate(given) if answer == winner]
    return Judgment(
        verdicts=tuple(
            Verdict(i, 1 + sum(n > shares[a] for n in shares.values()), rationale=_says(a, shares))
            for i, a in enumerate(given)
        ),
        best=min(spokesmen, key=lambda i: _preference(candidates[i], seed)),
        protocol="vote",
        agreement=most / len(candidates),
        ties=tuple(i for i, a in enumerate(given) if a in tied) if len(tied) > 1 else (),
        rule=TIE_RULE if len(tied) > 1 else "",
    )


def _says(answer: str, shares: dict[str, int]) -> str:
    if not answer:
        return "gives no final answer: does not vote"
    shown = answer if len(answer) <= _SHOWN else f"{answer[: _SHOWN - 1].rstrip()}…"
    return f"{shares[answer]} of {sum(shares.values())} votes for {shown}"


def _preference(candidate: Candidate, seed: int) -> tuple[bool, bytes]:
    """Who speaks for a group: a whole answer before one cut at its token limit."""
    return candidate.finish_reason != "stop", draw(seed, candidate.text)
