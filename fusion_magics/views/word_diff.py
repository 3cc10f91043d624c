"""Two answers side by side, their differences marked word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..answers import Part, difference
from ..answers.words import words as words_of
from ..errors import UsageError
from ..own_vote import index_of
from ..types import Candidate, Fusion
from . import _words as words
from ._html import esc, name
from ._style import alone

Pieces = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Two texts and where they differ; shows itself in notebooks and terminals.

    Attributes
    ----------
    names : (str, str)
        Whose texts they are.
    parts : tuple of Part
        The texts in stretches of the same words and of other words, as they are shown: without
        control characters.
    """

    names: tuple[str, str]
    parts: tuple[Part, ...]

    @property
    def share(self) -> float:
        """The share of the words that are in both texts, in the same order: 0 to 1."""
        same = sum(_count(part.before) + _count(part.after) for part in self.parts if part.same)
        total = sum(_count(part.before) + _count(part.after) for part in self.parts)
        return same / total if total else float(not self.changed)

    @property
    def changed(self) -> bool:
        """Whether a word or a sign differs; white space does not count."""
        return any(not part.same for part in self.parts)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": alone(diff_panel(self)), "text/plain": str(self)}

    def __str__(self) -> str:
        return "\n".join(_plain(self))


def _count(pieces: Pieces) -> int:
    return len(words_of("".join(pieces)))


def diff(fusion: Fusion, a: int | str, b: int | str, round: int | None = None) -> Diff:
    """What ``b`` says otherwise than ``a``.

    Parameters
    ----------
    a, b : int or str
        Candidates: an index in ``fusion.candidates``, or a member.
    round : int, optional
        Their answers after this round of a debate, 0 before they saw each other; default: the
        last ones.

    Raises
    ------
    UsageError
        If there is no such candidate or round.
    """
    candidates = fusion.candidates if round is None else _in_round(fusion, round)
    one, other = (candidates[index_of(candidates, choice)] for choice in (a, b))
    return _diff(one, other, (words.one_line(one.member), words.one_line(other.member)))


def diff_rounds(fusion: Fusion, member: int | str, round: int | None = None) -> Diff:
    """What ``member`` says otherwise in ``round`` of a debate than in the one before.

    Parameters
    ----------
    member : int or str
        A candidate's index, or its member.
    round : int, optional
        From 1; default: the last one, against what it said before they saw each other.

    Raises
    ------
    UsageError
        If there is no such member or round.
    """
    later = len(fusion.rounds) - 1 if round is None else round
    after = _in_round(fusion, later, first=1)
    earlier = 0 if round is None else later - 1
    before = _in_round(fusion, earlier)
    one, other = (candidates[index_of(candidates, member)] for candidates in (before, after))
    name = words.one_line(one.member)
    return _diff(one, other, (f"{name}, round {earlier}", f"{name}, round {later}"))


def _in_round(fusion: Fusion, number: int, first: int = 0) -> Sequence[Candidate]:
    last = len(fusion.rounds) - 1
    if number in range(first, last + 1):
        return fusion.rounds[number].candidates
    if last < first:
        raise UsageError("This fusion has no rounds to compare.", 'mode="debate" has them.')
    raise UsageError(f"There is no round {number!r}.", f"Give a number from {first} to {last}.")


def _diff(one: Candidate, other: Candidate, names: tuple[str, str]) -> Diff:
    return Diff(names, difference(words.clean(one.text).strip(), words.clean(other.text).strip()))


# ── in rows ──────────────────────────────────────────────────────────────────────────────────


def _rows(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """``parts`` in rows: each ends where both texts begin a new line after the same words."""
    row: list[Part] = []
    for piece in _broken(parts):
        row.append(piece)
        if _ends_line(piece) and (piece.same or len(row) == 1 or all((piece.before, piece.after))):
            yield row
            row = []
    if row:
        yield row


def _broken(parts: Sequence[Part]) -> Iterator[Part]:
    """``parts``, those of the same words cut where both texts begin a new line."""
    for part in parts:
        if not part.same:
            yield part
            continue
        start = 0
        for i, both in enumerate(zip(part.before, part.after, strict=True), 1):
            if i == len(part.before) or all("\n" in piece for piece in both):
                yield Part(True, part.before[start:i], part.after[start:i])
                start = i


def _ends_line(part: Part) -> bool:
    sides = [side for side in (part.before, part.after) if side]
    return all("\n" in side[-1] for side in sides)


# ── HTML ─────────────────────────────────────────────────────────────────────────────────────


def diff_panel(shown: Diff) -> str:
    """``shown`` as HTML, to stand within a view: a table of two columns."""
    heads = zip("−+", shown.names, strict=True)
    head = "".join(f'<th scope="col"><b>{sign}</b> {name(label)}</th>' for sign, label in heads)
    body = "".join(map(_row, _rows(shown.parts)))
    return (
        f'<div class="fz-d"><table><caption>{_share(shown)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _share(shown: Diff) -> str:
    if not shown.changed:
        return "word for word the same"
    return f"{100 * shown.share:.0f} % of the words are in both"


def _row(parts: Sequence[Part]) -> str:
    css = "" if any(not part.same for part in parts) else ' class="fz-same"'
    before = _cell(((part.before, part.same) for part in parts), "del")
    return f"<tr{css}>{before}{_cell(((part.after, part.same) for part in parts), 'ins')}</tr>"


def _cell(sides: Iterator[tuple[Pieces, bool]], tag: str) -> str:
    marked = [_marked("".join(pieces), "" if same else tag) for pieces, same in sides if pieces]
    if not marked:
        return "<td></td>"
    return f'<td><div class="fz-x" dir="auto">{"".join(marked)}</div></td>'


def _marked(text: str, tag: str) -> str:
    """``text``; the white space behind a change is not part of it."""
    if not tag:
        return _broken_lines(text)
    bare = text.rstrip()
    return f"<{tag}>{_broken_lines(bare)}</{tag}>{_broken_lines(text[len(bare) :])}"


def _broken_lines(text: str) -> str:
    return esc(text).replace("\n", "<br>")


# ── text ─────────────────────────────────────────────────────────────────────────────────────


def _plain(shown: Diff) -> Iterator[str]:
    """``-`` before the lines of the one, ``+`` before those of the other."""
    for sign, label in zip("-+", shown.names, strict=True):
        yield f"{sign * 3} {label}"
    yield _share(shown)
    for row in _rows(shown.parts):
        before = "".join(piece for part in row for piece in part.before)
        after = "".join(piece for part in row for piece in part.after)
        if all(part.same for part in row):
            yield from _signed(" ", after)
        else:
            yield from (*_signed("-", before.rstrip()), *_signed("+", after.rstrip()))


def _signed(sign: str, text: str) -> Iterator[str]:
    lines = text.removesuffix("\n").split("\n") if text else []
    return (f"{sign} {line}".rstrip() for line in lines)
