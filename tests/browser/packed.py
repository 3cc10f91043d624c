"""Fusions that hold many hostile texts at once, for the cells of browser tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fusions_by_hand import candidate
from payloads import PAYLOADS
from test_hostile import everywhere

from fusion_magics.types import (
    Analysis,
    Answers,
    Ballot,
    Change,
    Comparison,
    Contradiction,
    CriterionScore,
    Failure,
    Fusion,
    Judgment,
    Panel,
    Point,
    Verdict,
)

TEXTS = [text for text in PAYLOADS.values() if len(text) <= 2_000]
LONG = [text for text in PAYLOADS.values() if len(text) > 2_000]
_SIZE = 50
_FIRST = "Said first, so that the text is long enough to be folded. " * 6


def _packed(texts: Sequence[str]) -> Fusion:
    """Each text in every place of a fusion that has room for many; in the others all of them."""
    count = range(len(texts))
    answers = tuple(
        candidate(text, f"{_FIRST}\n\n{text}\nAnswer: {text}", thinking=text, critique=text)
        for text in texts
    )
    points = tuple(Point(text, (i,)) for i, text in enumerate(texts))
    contradictions = tuple(Contradiction(p.text, (p,)) for p in points)
    verdicts = tuple(
        Verdict(i, i + 1, 9.0, text, text, "", (CriterionScore(f"c{i % 3}", 9.0, text),))
        for i, text in enumerate(texts)
    )
    ballots = tuple(Ballot(text, i, True, 90, text) for i, text in enumerate(texts))
    judgment = Judgment(
        verdicts,
        0,
        "pointwise",
        texts[0],
        0.5,
        comparisons=tuple(Comparison((0, i), ((0,), (i,)), texts[i], texts[i]) for i in count[1:]),
        panel=Panel(tuple(texts), tuple(texts), ballots),
        analysis=Analysis(points, contradictions, (), (), tuple(texts), texts[0]),
    )
    return replace(
        everywhere("\n".join(texts)),
        candidates=answers,
        judgment=judgment,
        failures=tuple(Failure(t, t, t, hint=t, partial=t) for t in texts),
        passages=points,
        rounds=(Answers(answers[:1]), Answers(answers)),
        changes=tuple(Change(1, t, t, t, (t,)) for t in texts),
        notes=tuple(texts),
    )


def packed() -> list[Fusion]:
    """All but the long payloads."""
    return [_packed(TEXTS[at : at + _SIZE]) for at in range(0, len(TEXTS), _SIZE)]


def joined() -> Fusion:
    """The same as one text, in every place."""
    return everywhere("\n\n".join(TEXTS))


def long() -> Fusion:
    """The long ones, up to a megabyte, as answers and as names."""
    first = everywhere("short")
    answers = tuple(candidate(text[:400], text) for text in LONG)
    return replace(first, candidates=answers, judgment=None, text=LONG[0], passages=(), rounds=())
