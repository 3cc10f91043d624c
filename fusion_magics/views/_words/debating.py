"""A debate: what was said in each round, who changed its answer, and towards whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...types import Answers, Candidate, Change, Failure, Fusion
from .outline import Item, Section
from .rows import broke, failed, numbers
from .texts import clean, listed, one_line, several, shortened

# Characters of an answer in the change log.
_LONGEST = 80
# Longer answers of the last round stand in the table only.
_REPEATED = 280
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Message:
    """What one member said in a round.

    Attributes
    ----------
    number : str
        The number of its row in the table; empty where it has none.
    text : str
        Its answer; empty where ``note`` says where it stands, or why there is none.
    change : str
        ``12 → 14, towards tiny:b``; empty where it stays with its answer.
    broke : bool
        Whether it failed.
    """

    member: str
    number: str
    text: str = ""
    note: str = ""
    critique: str = ""
    change: str = ""
    broke: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """The messages of one round; ``shown`` at once or folded."""

    title: str
    messages: tuple[Message, ...]
    shown: bool

    @property
    def changes(self) -> int:
        """How many members changed their answer in it."""
        return sum(bool(message.change) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Debate:
    """All rounds; the ``title`` says who changed, where anybody could."""

    title: str
    rounds: tuple[Round, ...]


def debate(fusion: Fusion) -> Debate | None:
    """The whole debate; None where there was none."""
    if not fusion.rounds:
        return None
    said = [tuple(_messages(fusion, number)) for number in range(len(fusion.rounds))]
    short = sum(map(len, said)) <= _SHOWN
    rounds = tuple(
        Round(
            f"round {number}" if number else "before they saw each other",
            messages,
            short or (len(messages) <= _SHOWN and any(m.change for m in messages)),
        )
        for number, messages in enumerate(said)
    )
    return Debate(_title(fusion), rounds)


def _title(fusion: Fusion) -> str:
    """``2 of 3 members changed their answer``; empty where nobody could."""
    if len(fusion.rounds) < 2:
        return ""
    changed = {change.member for change in fusion.changes}
    members = {c.member for round_ in fusion.rounds for c in round_.candidates}
    their = "its" if len(changed) == 1 else "their"
    asked = several(len(members), "member")
    return f"{len(changed)} of {asked} changed {their} answer" if changed else "nobody changed"


# ── messages ─────────────────────────────────────────────────────────────────────────────────


def _messages(fusion: Fusion, number: int) -> Iterator[Message]:
    round_ = fusion.rounds[number]
    before = fusion.rounds[number - 1] if number else Answers(())
    rows = {fusion.candidates[i].member: str(place) for i, place in numbers(fusion).items()}
    changes = {c.member: _moved(c) for c in fusion.changes if c.round == number}
    for candidate in round_.candidates:
        member = candidate.member
        place, change = rows.get(member, ""), changes.get(member, "")
        yield _message(fusion, candidate, before, place, change)
    for failure in round_.failures:
        yield _lost(failure, rows.get(failure.member, ""))


def _message(
    fusion: Fusion, candidate: Candidate, before: Answers, number: str, change: str
) -> Message:
    note = _elsewhere(candidate, before, fusion)
    # Who failed in this round keeps its answer, and what it said in an earlier one.
    new = candidate not in before.candidates
    critique = clean(candidate.critique) if new else ""
    text = "" if note else candidate.text
    return Message(one_line(candidate.member), number, text, note, critique, change)


def _lost(failure: Failure, number: str) -> Message:
    why = f"{failed(failure)}. {failure.message}"
    return Message(one_line(failure.member), number, note=why, broke=broke(failure))


def _elsewhere(candidate: Candidate, before: Answers, fusion: Fusion) -> str:
    """Where the answer stands, if not here."""
    if _among(candidate, before.candidates):
        return "as before"
    long = len(candidate.text) > _REPEATED
    return "in full in the table" if long and _among(candidate, fusion.candidates) else ""


def _among(candidate: Candidate, others: Sequence[Candidate]) -> bool:
    return any(c.member == candidate.member and c.text == candidate.text for c in others)


def _moved(change: Change) -> str:
    """``12 → 14, towards tiny:b``."""
    before, after = (
        shortened(one_line(answer), _LONGEST) or "no answer"
        for answer in (change.before, change.after)
    )
    towards = f", towards {listed(map(one_line, change.towards))}" if change.towards else ""
    return f"{before} → {after}{towards}"


# ── as an outline ────────────────────────────────────────────────────────────────────────────


def changes(fusion: Fusion) -> Section | None:
    """Who changed, and how; None where nobody could."""
    title = _title(fusion)
    if not title:
        return None
    items = (
        Item(f"round {c.round}", f"{one_line(c.member)} changed {_moved(c)}")
        for c in fusion.changes
    )
    return Section(title, tuple(items), "fusion.changes")


def transcript(fusion: Fusion) -> Section | None:
    """What each member said in each round; an answer that it repeats is not repeated here."""
    found = debate(fusion)
    if found is None:
        return None
    items = (Item(r.title, items=tuple(map(_item, r.messages))) for r in found.rounds)
    return Section("transcript", tuple(items), "fusion.rounds")


def _item(message: Message) -> Item:
    critique = (Item("critique", message.critique),) if message.critique else ()
    return Item(message.member, message.text or message.note, items=critique)
