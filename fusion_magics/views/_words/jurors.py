"""A jury's scorecard: who would ship what, how the panel split, and how far it agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ...types import Ballot, Fusion, Judgment, Panel
from .numbers import score
from .rows import numbers
from .texts import counted, one_line, several, shortened

_LONGEST_ERROR = 200
_NONE = "no ballot"
_AGGREGATE = {"majority": "by majority", "reliability": "weighted by reliability"}


@dataclass(frozen=True, slots=True)
class Card:
    """What one juror says of one candidate; ``word`` is ``ship``, ``skip`` or ``no ballot``."""

    juror: str
    word: str
    score: str
    reason: str

    @property
    def missing(self) -> bool:
        """Whether there is no ballot; the reason says why."""
        return self.word == _NONE

    @property
    def vote(self) -> str:
        """``ship 88``."""
        return f"{self.word} {self.score}".strip()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """``cards`` are of the candidate that ``headline`` is about; ``table`` has all of them."""

    headline: tuple[str, ...]
    cards: tuple[Card, ...]
    missing: tuple[str, ...]
    columns: tuple[str, ...]
    table: tuple[tuple[str, tuple[Card | None, ...]], ...]


def scorecard(fusion: Fusion) -> Scorecard | None:
    """The panel's scorecard, or None where no jury judged."""
    judgment = fusion.judgment
    panel = judgment.panel if judgment else None
    if judgment is None or panel is None:
        return None
    cards = {(b.juror, b.candidate): _card(b, panel) for b in panel.ballots}
    subject = 0 if panel.of_answer else judgment.best
    order = [] if panel.of_answer else list(numbers(fusion))
    names = {i: one_line(fusion.candidates[i].member) for i in order}
    return Scorecard(
        tuple(_headline(fusion, judgment, panel, subject)),
        tuple(card for (_, i), card in cards.items() if i == subject),
        tuple(_missing(subject, panel)),
        tuple(names.values()) if len(order) > 1 else (),
        tuple((_juror(j, panel), tuple(cards.get((j, i)) for i in order)) for j in panel.jurors),
    )


def _card(ballot: Ballot, panel: Panel) -> Card:
    word = _NONE if ballot.ship is None else "ship" if ballot.ship else "skip"
    points = "" if ballot.score is None else score(ballot.score)
    return Card(_juror(ballot.juror, panel), word, points, ballot.rationale or ballot.error)


def _juror(name: str, panel: Panel) -> str:
    """``builder (tiny:judge, weight 1.20)``: what is the same for all jurors is left out."""
    facts = []
    at = panel.jurors.index(name) if name in panel.jurors else -1
    models = [one_line(model) for model in panel.models]
    if 0 <= at < len(models) and len(set(models)) > 1 and models[at] != one_line(name):
        facts.append(models[at])
    if 0 <= at < len(panel.weights) and len(set(panel.weights)) > 1:
        facts.append(f"weight {panel.weights[at]:.2f}")
    return f"{one_line(name)} ({', '.join(facts)})" if facts else one_line(name)


def _headline(fusion: Fusion, judgment: Judgment, panel: Panel, subject: int) -> Iterator[str]:
    ballots = [b for b in panel.ballots if b.candidate == subject]
    about = "" if judgment.decided else f" on {one_line(fusion.candidates[subject].member)}"
    if panel.of_answer:
        about = " on the merged answer"
    yield f"Jury of {counted(len(panel.jurors))}{about}: {_decision(ballots)}"
    if panel.alpha is not None:
        low_high = panel.alpha_interval
        interval = f" [{low_high[0]:.2f}, {low_high[1]:.2f}]" if low_high else ""
        yield f"alpha {panel.alpha:.2f}{interval}"
    elif panel.alpha_undefined:
        why = shortened(one_line(panel.alpha_undefined), _LONGEST_ERROR)
        yield f"alpha is undefined: {why}"
    if panel.aggregate in _AGGREGATE:
        yield _AGGREGATE[panel.aggregate]


def _decision(ballots: list[Ballot]) -> str:
    """``ship, 4 of 5``."""
    said = [b.ship for b in ballots if b.ship is not None]
    ship, skip = sum(said), len(said) - sum(said)
    if not said:
        return _NONE
    word = "ship" if ship > skip else "skip" if skip > ship else "split"
    return f"{word}, {max(ship, skip)} of {len(said)}"


def _missing(subject: int, panel: Panel) -> Iterator[str]:
    """``2 of 10 ballots on the other answers are missing: …``; the cards tell of their own."""
    others = [b for b in panel.ballots if b.candidate != subject]
    errors = Counter(b.error for b in others if b.ship is None)
    ballots = several(len(others), "ballot")
    for error, count in errors.items():
        why = f": {shortened(one_line(error), _LONGEST_ERROR)}" if error else ""
        are = "is" if count == 1 else "are"
        yield f"{count} of {ballots} on the other answers {are} missing{why}"
