"""How the answer came to be, and what a reader must know besides."""

from __future__ import annotations

from collections.abc import Iterator

from ...types import Analysis, Candidate, Fusion, Judgment
from .rows import decided
from .texts import clean, counted, listed, one_line, several, shortened
from .voting import own_vote

# Characters of a note, which may quote a judge's or an engine's error.
_LONGEST_NOTE = 600
_LONGEST_TOPIC = 120


def origin(fusion: Fusion) -> tuple[str, ...]:
    """How the answer came to be, in a few short parts: ``best of 3 members``, ``agreement …``."""
    every = (*_decision(fusion), *_late(fusion), *_saved(fusion), own_vote(fusion))
    return tuple(part for part in every if part)


def _decision(fusion: Fusion) -> Iterator[str]:
    given, asked = len(fusion.candidates), _asked(fusion)
    members = f"{given} of {asked} members" if given < asked else several(asked, "member")
    judgment = fusion.judgment
    if not given:
        yield f"no answer from {several(asked, 'member')}"
    elif given == 1 and (judgment is None or fusion.mode == "merge"):
        yield _alone(fusion, asked)
    elif not decided(fusion) or judgment is None:
        state = "not decided" if judgment else "not compared"
        yield f"{_mode(fusion)} of {members}, {state}"
        yield from _judge(fusion)
    else:
        yield _how(fusion, judgment, members)
        yield from _rounds(fusion)
        yield from _words_of(fusion, judgment)
        if judgment.agreement is not None:
            yield f"agreement {judgment.agreement:.2f}"
        yield from _contradictions(fusion, judgment.analysis)
        yield from _judge(fusion)


def _alone(fusion: Fusion, asked: int) -> str:
    if fusion.saved_calls and asked == 1 < len(fusion.pool):
        return f"the only one asked of {len(fusion.pool)} members"
    return f"the only answer of {several(asked, 'member')}"


def _asked(fusion: Fusion) -> int:
    lost = [f.member for f in fusion.failures]
    late = [c.member for c in fusion.late if c.member not in lost]
    return len(fusion.candidates) + len(lost) + len(late)


def _mode(fusion: Fusion) -> str:
    return one_line(fusion.mode).removesuffix("-of")


def _how(fusion: Fusion, judgment: Judgment, members: str) -> str:
    if fusion.passages:
        return f"merged from {members}"
    # Where no verdict could be had, the majority decided, whatever was asked for.
    verdicts = judgment.verdicts
    unread = any(v.error for v in verdicts) and not any(v.score for v in verdicts)
    if unread or judgment.protocol == "vote":
        return f"vote of {members}"
    if fusion.mode == "merge":
        return f"not merged: one answer of {members}"
    return f"{_mode(fusion)} of {members}"


def _rounds(fusion: Fusion) -> Iterator[str]:
    if len(fusion.rounds) > 1:
        yield several(len(fusion.rounds) - 1, "round")


def _words_of(fusion: Fusion, judgment: Judgment) -> Iterator[str]:
    if not fusion.passages:
        yield f"in the words of {one_line(_best(fusion, judgment).member)}"


def _contradictions(fusion: Fusion, analysis: Analysis | None) -> Iterator[str]:
    """``one contradiction kept: …``; without a merged answer nothing was kept or lost."""
    if not fusion.passages or analysis is None or not analysis.contradictions:
        return
    topics = [shortened(one_line(c.topic), _LONGEST_TOPIC) for c in analysis.contradictions]
    what = "contradiction" if len(topics) == 1 else "contradictions"
    shown = topics if len(topics) <= 3 else [*topics[:2], f"{len(topics) - 2} more"]
    yield f"{counted(len(topics))} {what} kept: {listed(shown)}"


def _judge(fusion: Fusion) -> Iterator[str]:
    judgment = fusion.judgment
    if judgment is not None and judgment.judge:
        yield f"judge {one_line(judgment.judge)}"
    if judgment is not None and judgment.rubric:
        yield f"rubric {shortened(one_line(judgment.rubric), _LONGEST_TOPIC)}"


def _late(fusion: Fusion) -> Iterator[str]:
    if fusion.late:
        yield f"{counted(len(fusion.late))} came late"


def _saved(fusion: Fusion) -> Iterator[str]:
    if fusion.saved_calls:
        calls = several(len(fusion.calls) + fusion.saved_calls, "call")
        yield f"{fusion.saved_calls:,} of {calls} saved"


def _best(fusion: Fusion, judgment: Judgment) -> Candidate:
    return fusion.candidates[judgment.best]


def remarks(fusion: Fusion) -> tuple[str, ...]:
    """What a reader must know besides: a tie, and the fusion's own notes."""
    notes = (clean(note).strip() for note in (*_tie(fusion), *fusion.notes))
    return tuple(shortened(note, _LONGEST_NOTE) for note in notes if note)


def _tie(fusion: Fusion) -> Iterator[str]:
    judgment = fusion.judgment
    if judgment is None or not judgment.decided or len(judgment.ties) < 2 or fusion.passages:
        return
    if judgment.agreement == 1.0:  # all gave this one answer: whose words it has is no matter
        return
    names = [one_line(fusion.candidates[i].member) for i in judgment.ties]
    shown = listed(names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"])
    rule = f" ({judgment.rule})" if judgment.rule else ""
    chosen = one_line(_best(fusion, judgment).member)
    yield f"A tie at the top between {shown}; {chosen} was chosen{rule}."
