"""A debate: who changed its answer, when, and towards whose; and what was said in each round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...types import Answers, Candidate, Change, Fusion
from .outline import Item, Section
from .rows import failed
from .texts import clean, listed, one_line, several, shortened

# Characters of an answer in the change log.
_LONGEST = 80
# Longer answers of the last round stand in the table only.
_REPEATED = 280
_SHOWN = 12


def changes(fusion: Fusion) -> Section | None:
    """``2 of 3 members changed their answer``, and how; None where nobody could."""
    if len(fusion.rounds) < 2:
        return None
    changed = {change.member for change in fusion.changes}
    members = {c.member for round_ in fusion.rounds for c in round_.candidates}
    asked = several(len(members), "member")
    their = "its" if len(changed) == 1 else "their"
    title = f"{len(changed)} of {asked} changed {their} answer" if changed else "nobody changed"
    items = tuple(Item(f"round {c.round}", _change(c)) for c in fusion.changes)
    return Section(title, items, "fusion.changes", shown=len(items) <= _SHOWN)


def _change(change: Change) -> str:
    """``tiny:a changed 12 → 14, towards tiny:b``."""
    before, after = (
        shortened(one_line(answer), _LONGEST) or "no answer"
        for answer in (change.before, change.after)
    )
    towards = f", towards {listed(map(one_line, change.towards))}" if change.towards else ""
    return f"{one_line(change.member)} changed {before} → {after}{towards}"


def transcript(fusion: Fusion) -> Section | None:
    """What each member said in each round; an answer that it repeats is not repeated here."""
    if not fusion.rounds:
        return None
    rounds = (_round(fusion, i) for i in range(len(fusion.rounds)))
    return Section("transcript", tuple(rounds), "fusion.rounds")


def _round(fusion: Fusion, number: int) -> Item:
    round_ = fusion.rounds[number]
    before = fusion.rounds[number - 1] if number else Answers(())
    items = (*_said(fusion, round_, before), *_lost(round_))
    return Item(f"round {number}" if number else "before they saw each other", items=items)


def _said(fusion: Fusion, round_: Answers, before: Answers) -> Iterator[Item]:
    for candidate in round_.candidates:
        # Who failed in this round keeps its answer, and what it said in an earlier one.
        new = candidate.critique and candidate not in before.candidates
        critique = (Item("critique", clean(candidate.critique)),) if new else ()
        yield Item(one_line(candidate.member), _answer(candidate, before, fusion), items=critique)


def _answer(candidate: Candidate, before: Answers, fusion: Fusion) -> str:
    if _among(candidate, before.candidates):
        return "as before"
    long = len(candidate.text) > _REPEATED
    in_table = long and _among(candidate, fusion.candidates)
    return "in full in the table" if in_table else candidate.text


def _among(candidate: Candidate, others: Sequence[Candidate]) -> bool:
    return any(c.member == candidate.member and c.text == candidate.text for c in others)


def _lost(round_: Answers) -> Iterator[Item]:
    for failure in round_.failures:
        yield Item(one_line(failure.member), f"{failed(failure)}. {failure.message}")
