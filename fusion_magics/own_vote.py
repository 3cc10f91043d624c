"""The user's own vote: cast, blind if asked for, and beside those of the judge and the jurors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count, islice, product
from string import ascii_uppercase
from typing import NamedTuple

from .answers import draw
from .errors import UsageError, did_you_mean
from .text import sendable
from .types import Candidate, Fusion, Panel, Vote


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


def cast_vote(fusion: Fusion, choice: int | str | None, *, blind: bool = False) -> VoteComparison:
    """Make ``choice`` the user's vote on ``fusion``, in the place of an earlier one.

    Parameters
    ----------
    fusion : Fusion
        Its ``vote`` is set in place: the one thing about a fusion that changes.
    choice : int or str, optional
        The candidate's index in ``fusion.candidates``, or its member; of a blind fusion also the
        letter of its answer (``"A"``). None takes the vote back.
    blind : bool
        It was cast before the names were shown. A letter, while they are hidden, is so anyway.

    Raises
    ------
    UsageError
        If there is no such candidate.
    """
    if choice is None:
        object.__setattr__(fusion, "vote", None)
        return VoteComparison(None, {})
    by_letter = hidden(fusion) and choice in letters_of(fusion).values()
    vote = Vote(_index(fusion, choice), blind or by_letter)
    object.__setattr__(fusion, "vote", vote)
    return compare_vote(fusion, vote.candidate)


def compare_vote(fusion: Fusion, choice: int | str) -> VoteComparison:
    """Who agrees that ``choice`` is the best candidate of ``fusion``.

    Parameters
    ----------
    fusion : Fusion
        With a judgment or without.
    choice : int or str
        The candidate's index in ``fusion.candidates``, or its member; of a blind fusion also the
        letter of its answer.

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


# ── blind ────────────────────────────────────────────────────────────────────────────────────


def hidden(fusion: Fusion) -> bool:
    """Whether the views hide who wrote what: it is blind, nobody voted, and there is a choice."""
    return fusion.blind and fusion.vote is None and len(fusion.candidates) > 1


def letters(labels: Iterable[str], seed: int, prompt: str) -> dict[str, str]:
    """Member's label → the letter that stands for it while it is hidden, in the letters' order.

    They are known before the run, and are the same after it. The prompt takes part in the draw:
    drawn from the seed alone, A would be the same member in every cell of a notebook.

    Parameters
    ----------
    labels : iterable of str
        All members of the pool, also those that will give no answer.
    seed : int
        The fusion's.
    prompt : str
        The question, ``fusion.prompt.text``.
    """
    asked = sendable(prompt)
    salt = seed % 2**64  # a saved fusion may say anything
    drawn = sorted(dict.fromkeys(labels), key=lambda label: draw(salt, sendable(label) + asked))
    return dict(zip(drawn, islice(_names(), len(drawn)), strict=True))


def letters_of(fusion: Fusion) -> dict[int, str]:
    """Candidate's index → its letter, in the order of the letters."""
    members = [candidate.member for candidate in fusion.candidates]
    drawn = letters((*fusion.pool, *members), fusion.params.seed, fusion.prompt.text)
    return {members.index(label): letter for label, letter in drawn.items() if label in members}


def _names() -> Iterable[str]:
    """A to Z, AA, AB …"""
    return ("".join(name) for size in count(1) for name in product(ascii_uppercase, repeat=size))


# ── who is meant ─────────────────────────────────────────────────────────────────────────────


def _index(fusion: Fusion, choice: int | str) -> int:
    named = {letter: i for i, letter in letters_of(fusion).items()} if fusion.blind else {}
    if isinstance(choice, str) and choice in named:
        return named[choice]
    try:
        return index_of(fusion.candidates, choice)
    except UsageError:
        if not hidden(fusion):
            raise
    # The names are not for the eyes of who votes.
    said = f"There is no candidate {choice!r}."
    raise UsageError(said, f"Give a letter: {', '.join(letters_of(fusion).values())}")


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
