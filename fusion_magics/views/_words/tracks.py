"""What each model did when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ...types import Call, Fusion
from .numbers import seconds
from .texts import one_line

_ORDER = ("loading", "reading", "writing", "judging")


class Phase(NamedTuple):
    """What a call did from ``start`` to ``end`` (seconds since the fusion began)."""

    what: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Track:
    """All calls of one member, or of the judge, on the fusion's time."""

    label: str
    judge: bool
    phases: tuple[Phase, ...]
    seconds: float

    @property
    def words(self) -> str:
        """``loading 0.10 s, reading 0.02 s, writing 1.2 s``."""
        spent: dict[str, float] = {}
        for what, start, end in self.phases:
            spent[what] = spent.get(what, 0.0) + end - start
        return ", ".join(f"{what} {seconds(time)}" for what, time in spent.items())


def tracks(fusion: Fusion) -> list[Track]:
    """One track per member in the order they began, then one for the judge."""
    groups: dict[tuple[bool, str], list[Call]] = {}
    for call in fusion.calls:
        judge = call.purpose == "judge"
        groups.setdefault((judge, "" if judge else call.label), []).append(call)
    named = fusion.judgment.judge if fusion.judgment else None
    return [
        Track(
            one_line(f"judge {named or ''}" if judge else label),
            judge,
            _together([phase for call in calls for phase in _phases(call, judge)]),
            _busy(calls),
        )
        for (judge, label), calls in sorted(groups.items(), key=lambda item: item[0][0])
    ]


def _together(phases: list[Phase]) -> tuple[Phase, ...]:
    """One phase at a time: where calls of one model overlap, what the furthest of them did."""
    moments = sorted({moment for phase in phases for moment in (phase.start, phase.end)})
    found: list[Phase] = []
    for start, end in pairwise(moments):
        doing = [p.what for p in phases if p.start <= start and end <= p.end]
        if not doing:
            continue
        what = max(doing, key=_ORDER.index)
        if found and found[-1].what == what and found[-1].end == start:
            start = found.pop().start
        found.append(Phase(what, start, end))
    return tuple(found)


def _busy(calls: list[Call]) -> float:
    start = min(c.timing.queued for c in calls)
    return max((c.timing.ended or c.timing.queued) for c in calls) - start


def _phases(call: Call, judge: bool) -> Iterator[Phase]:
    timing = call.timing
    end = timing.ended
    writing = "judging" if judge else "writing"
    starts = (("loading", timing.loading), ("reading", timing.reading), (writing, timing.writing))
    known = [(what, start) for what, start in starts if start is not None]
    ends = [start for _, start in known[1:]] + [end if end is not None else timing.queued]
    if not known:  # it was stopped while it waited for its turn
        return
    for (what, start), stop in zip(known, ends, strict=True):
        yield Phase(what, start, max(start, stop))
