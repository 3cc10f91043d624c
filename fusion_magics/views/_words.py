"""What a fusion says of itself, in words: the same in every view."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ..text import printable
from ..types import Call, Candidate, Failure, Fusion, Judgment, Usage, Verdict

# Half of a UTF-16 pair is no character: it cannot be sent or saved, and one would lose the cell.
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
# Accents stacked without end would cover the lines above and below; no script needs more.
_ACCENTS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED = re.compile(f"([{_ACCENTS}]{{4}})[{_ACCENTS}]+")
# Characters of a note, which may quote a judge's or an engine's error.
_LONGEST_NOTE = 600
EMPTY = "an empty answer"
# Seconds of writing from which no speed can be told.
_TOO_SHORT = 0.005


def clean(text: str) -> str:
    """``text`` from a model, safe to hand to a terminal, to HTML's escaping and to UTF-8."""
    text = _LONE_SURROGATES.sub("\ufffd", printable(text))
    return _STACKED.sub(r"\1", text.replace("\u2028", "\n").replace("\u2029", "\n"))


def one_line(text: str) -> str:
    """A name or a word, for a place that has room for one line."""
    return " ".join(clean(text).split())


def first_line(text: str, limit: int) -> str:
    """The first line of ``text`` that holds anything, cut at ``limit`` characters."""
    # Only the beginning is looked at: the text may be one line of a megabyte.
    lines = (line.strip() for line in text[: 20 * limit].splitlines())
    return shortened(next((line for line in lines if line), ""), limit)


def shortened(text: str, limit: int) -> str:
    """``text`` cut at ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def beginning(text: str, characters: int, lines: int) -> str:
    """As much of ``text`` as fits both limits."""
    return "\n".join(text[:characters].split("\n", lines)[:lines])


# ── numbers ──────────────────────────────────────────────────────────────────────────────────


def seconds(value: float) -> str:
    """``0.42 s``, ``4.8 s``, ``1,204 s``."""
    if value < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def speed(candidate: Candidate) -> str:
    """Tokens per second, or a dash where it was too fast or too short to tell."""
    rate, timing = candidate.tokens_per_second, candidate.timing
    spent = (timing.ended or 0.0) - (timing.writing or 0.0)
    if rate is None or spent < _TOO_SHORT:
        return "–"
    return f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"


def failed(failure: Failure) -> str:
    """``failed: out-of-memory``."""
    kind = one_line(failure.kind)
    return "failed" if kind in ("", "failed") else f"failed: {kind}"


def score(value: float) -> str:
    """``10``, ``9.2``."""
    return f"{value:.1f}".removesuffix(".0")


def total(fusion: Fusion) -> str:
    """``640 tokens written, 1,912 read, 1,204 reused``, and the cost if there was any."""
    usage: Usage = fusion.usage
    parts = [
        f"{usage.completion_tokens:,} tokens written",
        f"{usage.prompt_tokens - usage.cached_tokens:,} read",
    ]
    if usage.cached_tokens:
        parts.append(f"{usage.cached_tokens:,} reused")
    text = ", ".join(parts)
    return f"{text} · ${usage.cost:.4f}" if usage.cost else text


def several(count: int, what: str) -> str:
    """``1 member``, ``3 members``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


# ── how the answer came to be ────────────────────────────────────────────────────────────────


def decided(fusion: Fusion) -> bool:
    """Whether ``fusion.text`` is an answer, be it an empty one; after Stop there is none."""
    return bool(fusion.text) or (fusion.judgment is not None and fusion.judgment.decided)


def origin(fusion: Fusion) -> tuple[str, ...]:
    """How the answer came to be, in a few short parts: ``best of 3 members``, ``agreement …``."""
    given, asked = len(fusion.candidates), len(fusion.candidates) + len(fusion.failures)
    members = f"{given} of {asked} members" if given < asked else several(asked, "member")
    judgment, mode = fusion.judgment, one_line(fusion.mode).removesuffix("-of")
    if not given:
        return (f"no answer from {several(asked, 'member')}",)
    if judgment is None and given == 1:
        return (f"the only answer of {several(asked, 'member')}",)
    if judgment is None:
        return (f"{mode} of {members}, not compared",)
    if not judgment.decided:
        return (f"{mode} of {members}, not decided", *_judge(judgment))
    # Where no verdict could be had, the majority decided, whatever was asked for.
    unread = bool(judgment.verdicts) and all(v.error for v in judgment.verdicts)
    how = "vote" if unread or judgment.protocol == "vote" else mode
    parts = [f"{how} of {members}", f"in the words of {one_line(_best(fusion).member)}"]
    if judgment.agreement is not None:
        parts.append(f"agreement {judgment.agreement:.2f}")
    return (*parts, *_judge(judgment))


def _judge(judgment: Judgment) -> Iterator[str]:
    if judgment.judge:
        yield f"judge {one_line(judgment.judge)}"


def _best(fusion: Fusion) -> Candidate:
    assert fusion.judgment is not None
    return fusion.candidates[fusion.judgment.best]


def remarks(fusion: Fusion) -> tuple[str, ...]:
    """What a reader must know besides: a tie, and the fusion's own notes."""
    notes = (clean(note).strip() for note in (*_tie(fusion), *fusion.notes))
    return tuple(shortened(note, _LONGEST_NOTE) for note in notes if note)


def _tie(fusion: Fusion) -> Iterator[str]:
    judgment = fusion.judgment
    if judgment is None or not judgment.decided or len(judgment.ties) < 2:
        return
    names = [one_line(fusion.candidates[i].member) for i in judgment.ties]
    shown = listed(names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"])
    rule = f" ({judgment.rule})" if judgment.rule else ""
    yield f"A tie at the top between {shown}; {one_line(_best(fusion).member)} was chosen{rule}."


def listed(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate with what the judge says of it."""

    candidate: Candidate
    verdict: Verdict | None
    rank: str
    chosen: bool

    @property
    def unread(self) -> str:
        """Why there is no score, if the judge was asked for one."""
        return self.verdict.error if self.verdict else ""

    @property
    def cut(self) -> str:
        """Says so if the answer was cut at its token limit."""
        tokens = self.candidate.usage.completion_tokens
        return f"cut at {tokens:,} tokens" if self.candidate.finish_reason == "length" else ""


def rows(fusion: Fusion) -> list[Row]:
    """One row per candidate, the best first; in pool order where nothing was compared."""
    judgment = fusion.judgment
    if judgment is None:
        alone = len(fusion.candidates) == 1 and decided(fusion)
        return [Row(c, None, "1" if alone else "–", alone) for c in fusion.candidates]
    verdicts = {v.candidate: v for v in judgment.verdicts}
    sharing = Counter(v.rank for v in judgment.verdicts)

    def order(i: int) -> tuple[int, bool, int]:
        return verdicts[i].rank if i in verdicts else len(verdicts) + 1, i != judgment.best, i

    def rank(verdict: Verdict | None) -> str:
        if verdict is None or verdict.error or not judgment.decided:
            return "–"
        return ("=" if sharing[verdict.rank] > 1 else "") + str(verdict.rank)

    chosen = judgment.best if judgment.decided else None
    return [
        Row(fusion.candidates[i], verdicts.get(i), rank(verdicts.get(i)), i == chosen)
        for i in sorted(range(len(fusion.candidates)), key=order)
    ]


# ── timeline ─────────────────────────────────────────────────────────────────────────────────


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
