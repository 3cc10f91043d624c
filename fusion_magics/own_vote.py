"""The user's own vote beside those of the judge and the jurors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .errors import UsageError, did_you_mean
from .types import Candidate, Fusion, Panel


class VoteComparison(NamedTuple):
    """Who agrees with a vote: whoever puts no candidate above the one it chose.

    Attributes
    ----------
    judgment : bool, optional
        The judgment as a whole; None where it says nothing of that candidate.
    jurors : dict of str to (bool or None)
        Each juror of a jury; None where it did not judge that candidate.
    """

    judgment: bool | None
    jurors: dict[str, bool | None]


def compare_vote(fusion: Fusion, choice: int | str) -> VoteComparison:
    """Who agrees that ``choice`` is the best candidate of ``fusion``.

    Parameters
    ----------
    fusion : Fusion
        With a judgment or without.
    choice : int or str
        The candidate's index in ``fusion.candidates``, or its member.

    Raises
    ------
    UsageError
        If there is no such candidate.
    """
    index = index_of(fusion.candidates, choice)
    judgment = fusion.judgment
    if judgment is None:
        return VoteComparison(None, {})
    rank = next((v.rank for v in judgment.verdicts if v.candidate == index and not v.error), None)
    agrees = None if rank is None else rank == 1
    panel = judgment.panel
    jurors = {juror: _agrees(panel, juror, index) for juror in panel.jurors} if panel else {}
    return VoteComparison(agrees, jurors)


def _agrees(panel: Panel, juror: str, index: int) -> bool | None:
    if panel.of_answer:  # they met no candidate
        return None
    scores = {b.candidate: b.score for b in panel.ballots if b.juror == juror}
    mine = scores.get(index)
    if mine is None:
        return None
    return not any(score is not None and score > mine for score in scores.values())


def index_of(candidates: Sequence[Candidate], choice: int | str) -> int:
    """The index of the candidate that ``choice`` names by index or member, or a ``UsageError``."""
    members = [candidate.member for candidate in candidates]
    if isinstance(choice, int) and 0 <= choice < len(members):
        return choice
    if choice in members:
        return members.index(str(choice))
    near = did_you_mean(choice, members) if isinstance(choice, str) else ""
    raise UsageError(
        f"There is no candidate {choice!r}.",
        f"{near}Give a number from 0 to {len(members) - 1}, or one of: {', '.join(members)}",
    )
