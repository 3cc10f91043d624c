"""Who agrees with whom: members by their answers, jurors by their ballots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...answers import Read, reader_of, similarity, stated
from ...types import Fusion, Panel
from .rows import numbers
from .texts import one_line, several

# More members are not shown: a cell must hold its number.
_MOST = 24


@dataclass(frozen=True, slots=True)
class Agreement:
    """A square of shares, 0 to 1, each with how it is written; None where nothing can be said.

    ``names`` are those of its rows, and of its columns; ``title`` and ``legend`` say what it is of.
    """

    title: str
    legend: str
    names: tuple[str, ...]
    shares: tuple[tuple[float | None, ...], ...]
    written: tuple[tuple[str, ...], ...]


def auto(read: str | Callable[[str], str | None]) -> Read:
    """The reader that ``read`` names; ``auto`` reads only final answers that are stated."""
    return stated if read == "auto" else reader_of(read)


def agreement(fusion: Fusion, read: str | Callable[[str], str | None] = "auto") -> Agreement:
    """How much alike the candidates are, in the order of their rows; of many the first."""
    reader = auto(read)
    order = list(numbers(fusion))[:_MOST]
    texts = [fusion.candidates[i].text for i in order]
    exact = [bool(reader(text)) for text in texts]
    shares = similarity(texts, reader)
    kinds = {exact[i] and exact[j] for i in range(len(texts)) for j in range(i)}
    left_out = len(fusion.candidates) - len(order)
    others = f"; {several(left_out, 'more member')} not shown" if left_out else ""
    return Agreement(
        f"agreement of {several(len(order), 'answer')}{others}",
        _legend(kinds),
        tuple(one_line(fusion.candidates[i].member) for i in order),
        tuple(map(tuple, shares)),
        tuple(
            tuple(_written(share, exact[i] and exact[j]) for j, share in enumerate(row))
            for i, row in enumerate(shares)
        ),
    )


def _written(share: float | None, exact: bool = False) -> str:
    if share is None:
        return "–"
    return f"{share:.0f}" if exact else f"{share:.2f}"


def _legend(kinds: set[bool]) -> str:
    final = "1: the same final answer, 0: another one"
    words = "the share of words in common (Sørensen–Dice)"
    if kinds == {True, False}:
        return f"{final}; with decimals: {words}"
    return final if True in kinds else words


def jurors_agreement(fusion: Fusion) -> Agreement | None:
    """The share of candidates of which two jurors say the same, ship or skip; None: no jury."""
    panel = fusion.judgment.panel if fusion.judgment else None
    if panel is None or len(panel.jurors) < 2:
        return None
    jurors = panel.jurors[:_MOST]
    shares = [[_same(panel, one, other) for other in jurors] for one in jurors]
    left_out = len(panel.jurors) - len(jurors)
    others = f"; {several(left_out, 'more juror')} not shown" if left_out else ""
    return Agreement(
        f"agreement of {several(len(jurors), 'juror')}{others}",
        "the share of answers on which both say ship, or both skip",
        tuple(map(one_line, jurors)),
        tuple(map(tuple, shares)),
        tuple(tuple(map(_written, row)) for row in shares),
    )


def _same(panel: Panel, one: str, other: str) -> float | None:
    mine, theirs = _ballots(panel, one), _ballots(panel, other)
    both = [mine[i] == theirs[i] for i in mine if i in theirs]
    return _mean(both)


def _ballots(panel: Panel, juror: str) -> dict[int, bool]:
    return {b.candidate: b.ship for b in panel.ballots if b.juror == juror and b.ship is not None}


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
