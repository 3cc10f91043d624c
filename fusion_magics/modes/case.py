"""What a mode is given: the question, whom to ask, who compares, and what the user chose."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..answers import Read, comparable
from ..asking import Asking
from ..pool import Pool
from ..seams import Judge, Load, Outcome
from ..types import Prompt, Purpose

Loads = dict[Purpose, Load]
"""What a mode takes, of members and of the judge, where nothing goes wrong."""


@dataclass(frozen=True)
class Case:
    """One question before a pool and a judge.

    Attributes
    ----------
    prompt : Prompt
        The question.
    pool : Pool
        Asks the members.
    judge : Judge
        Compares candidates.
    asking : Asking
        The judge's model, for replies of another form: an analysis, a merged answer, groups.
    seed : int
        Of draws and shuffles.
    read : callable
        How the final answer is read from a text, see :func:`fusion_magics.answers.reader_of`.
    rounds : int
        The most rounds of a debate, at least 1.
    early_stop : float, optional
        ``vote`` asks no more samples once the lead is safe with this probability; None: asks all.
    reviewer : Judge, optional
        Judges a merged answer, once it is written.
    reads_ahead : bool
        Whether the judge's model may read what it will be asked while members still write.
    so_far : list of Outcome
        Where a mode that is stopped leaves what it has, if that is more than its members' answers.
    """

    prompt: Prompt
    pool: Pool
    judge: Judge
    asking: Asking
    seed: int = 0
    read: Read = comparable
    rounds: int = 2
    early_stop: float | None = None
    reviewer: Judge | None = None
    reads_ahead: bool = True
    so_far: list[Outcome] = field(default_factory=list)

    @property
    def weights(self) -> dict[str, float]:
        """Member → what its vote counts."""
        return {member.label: member.weight for member in self.pool.members}

    @property
    def labels(self) -> tuple[str, ...]:
        """The members, in pool order."""
        return tuple(member.label for member in self.pool.members)
