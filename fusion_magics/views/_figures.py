"""The charts, one function each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import UsageError
from ..types import Candidate, Fusion, Usage
from . import _words as words
from ._cells import cells, cut
from ._chart import BLUE, DIM, FAINT, GREEN, INK, ORANGE, PINK, RED, SKY, Chart, look

# More members are said, not shown.
_MOST = 30
# Cells of a name, and of a line of the legend.
_LONGEST = 28
_LEGEND = 76
_LONGEST_ALT = 600
_JUROR_SCALE = 10  # of a ballot's 0 to 100 to a score's 0 to 10
_DOTS = ((ORANGE, "o"), (SKY, "s"), (GREEN, "^"), (PINK, "D"), (RED, "v"), (DIM, "P"))
_PHASES = {"loading": "#b9bfc9", "reading": SKY, "writing": BLUE, "judging": GREEN}


def _named(text: str, most: int = _LONGEST) -> str:
    """A name in at most ``most`` cells: of a path the end tells more than the middle."""
    line = words.one_line(text)
    if cells(line) <= most or not line.isascii():
        return cut(line, most)
    return f"{line[: most // 2 - 1]}…{line[-(most // 2) :]}"


def _alt(what: str, parts: Sequence[str]) -> str:
    return words.shortened(f"{what}: {', '.join(parts)}", _LONGEST_ALT)


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    """One row per label, the first at the top."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)


# ── scores ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Scored:
    """One row: ``score`` 0 to 10, by ``criteria``, and what each juror gave."""

    label: str
    score: float
    criteria: dict[str, float]
    jurors: tuple[float, ...]


def scores(fusion: Fusion) -> Chart:
    """Score by member: the total, each criterion, each juror and how far they are apart."""
    every = _scored(fusion)
    if not every:
        raise _nothing("scores")
    rows = every[:_MOST]
    criteria = len({name for row in rows for name in row.criteria})
    caption = _judged(
        fusion,
        _left_out(len(every), _MOST, "members"),
        _left_out(criteria, len(_DOTS), "criteria"),
    )
    with look():
        chart = Chart(1.5 + 0.34 * len(rows), "score by member", caption, _scores_alt(rows))
        axes = chart.plain_axes()
        axes.hlines(range(len(rows)), 0, 10, color=FAINT, linewidth=1, zorder=0)
        for y, row in enumerate(rows):
            _score(axes, y, row)
        _rows(axes, [row.label for row in rows])
        axes.set(xlim=(-0.2, 10.9), xlabel="score (0 to 10)", xticks=range(0, 11, 2))
        _scores_legend(axes, rows)
    return chart


def _scored(fusion: Fusion) -> list[_Scored]:
    judgment = fusion.judgment
    panel = judgment.panel if judgment else None
    if panel is not None and panel.of_answer:
        return _answer_scored(tuple(b.score for b in panel.ballots if b.score is not None))
    ballots = panel.ballots if panel else ()
    found = []
    for row in words.rows(fusion):
        verdict = row.verdict
        if verdict is None or verdict.score is None:
            continue
        given = [b.score for b in ballots if b.candidate == verdict.candidate]
        jurors = tuple(score / _JUROR_SCALE for score in given if score is not None)
        criteria = {words.one_line(c.name): c.score for c in verdict.criteria}
        found.append(_Scored(_named(row.candidate.member), verdict.score, criteria, jurors))
    return found


def _answer_scored(given: tuple[float, ...]) -> list[_Scored]:
    jurors = tuple(score / _JUROR_SCALE for score in given)
    return [_Scored("the merged answer", sum(jurors) / len(jurors), {}, jurors)] if jurors else []


def _score(axes: Axes, y: int, row: _Scored) -> None:
    if row.jurors:
        axes.hlines(y, min(row.jurors), max(row.jurors), color=BLUE, linewidth=5, alpha=0.25)
        axes.scatter(row.jurors, [y] * len(row.jurors), s=22, facecolor="white", edgecolor=DIM)
    for (name, value), (color, marker) in zip(_dots(row).items(), _DOTS, strict=False):
        axes.scatter([value], [y], s=30, color=color, marker=marker, label=name, alpha=0.9)
    axes.scatter([row.score], [y], s=150, color=BLUE, marker="|", linewidth=3, zorder=4)
    axes.annotate(words.score(row.score), (10.75, y), ha="right", va="center", fontweight="bold")


def _dots(row: _Scored) -> dict[str, float]:
    return dict(list(row.criteria.items())[: len(_DOTS)])


def _scores_legend(axes: Axes, rows: Sequence[_Scored]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in _dots(row)))
    entries: dict[str, Artist] = {
        "score": Line2D([], [], color=BLUE, marker="|", ms=10, mew=3, ls="")
    }
    for name, (color, marker) in zip(names, _DOTS, strict=False):
        # matplotlib leaves out what begins with an underscore.
        entries[f" {_named(name, _LONGEST // 2)}"] = Line2D(
            [], [], color=color, marker=marker, ls=""
        )
    if any(row.jurors for row in rows):
        entries["a juror's score"] = Line2D([], [], marker="o", mfc="white", mec=DIM, ls="")
        entries["their spread"] = Patch(color=BLUE, alpha=0.25)
    if len(entries) > 1:
        _legend(axes, entries)


def _legend(axes: Axes, entries: Mapping[str, Artist]) -> None:
    columns = _LEGEND // (max(map(cells, entries)) + 5)
    axes.legend(
        list(entries.values()), list(entries), loc="lower left", bbox_to_anchor=(0, 1),
        ncols=min(columns, len(entries)), frameon=False, borderpad=0, handlelength=1.2,
        handletextpad=0.5, columnspacing=1.4,
    )  # fmt: skip


def _judged(fusion: Fusion, *more: str) -> str:
    """The caption: how many answers, judged how and by whom."""
    judgment = fusion.judgment
    panel = judgment.panel if judgment else None
    scored = sum(v.score is not None for v in judgment.verdicts) if judgment else 0
    unscored = 0 if panel and panel.of_answer else len(fusion.candidates) - scored
    parts = [
        words.several(len(fusion.candidates), "answer"),
        f"{unscored} of them not scored" if unscored else "",
        *more,
        _named(judgment.protocol) if judgment else "",
        f"judge {_named(judgment.judge)}" if judgment and judgment.judge else "",
        words.several(len(panel.jurors), "juror") if panel else "",
    ]
    return ", ".join(part for part in parts if part)


def _left_out(count: int, shown: int, what: str) -> str:
    """``30 of 98 members shown``; empty where all are."""
    return f"{shown} of {count} {what} shown" if count > shown else ""


def _scores_alt(rows: Sequence[_Scored]) -> str:
    return _alt("score by member, 0 to 10", [f"{r.label} {words.score(r.score)}" for r in rows])


# ── agreement ────────────────────────────────────────────────────────────────────────────────


def agreement(fusion: Fusion) -> Chart:
    """How much alike each two answers are, 0 to 1."""
    found = words.agreement(fusion)
    count = len(found.names)
    if not count:
        raise _nothing("answers")
    names = [_named(name) for name in found.names]
    pairs = [(i, j) for i in range(count) for j in range(i)]
    alike = [f"{names[i]} and {names[j]} {found.written[i][j]}" for i, j in pairs]
    alt = _alt(found.title, alike or names)
    with look():
        chart = Chart(1.5 + 0.32 * count, found.title, found.legend, alt)
        axes = chart.plain_axes()
        shares = [[share or 0.0 for share in row] for row in found.shares]
        axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1.35, edgecolor="white", linewidth=2)
        for i, row in enumerate(found.written):
            for j, written in enumerate(row):
                color = "white" if shares[i][j] > 0.9 else INK
                axes.text(j + 0.5, i + 0.5, written, ha="center", va="center", color=color,
                          fontsize=8)  # fmt: skip
        labels = [f"{name}  {i}" for i, name in enumerate(names, 1)]
        axes.set_yticks([i + 0.5 for i in range(count)], labels)
        axes.set_xticks([i + 0.5 for i in range(count)], [str(i + 1) for i in range(count)])
        axes.set(ylim=(count, 0), xlim=(0, max(count, 8)))
        axes.xaxis.tick_top()
    return chart


# ── timeline ─────────────────────────────────────────────────────────────────────────────────


def timeline(fusion: Fusion) -> Chart:
    """What each model did when."""
    every = words.tracks(fusion)
    if not every or fusion.seconds <= 0:
        raise _nothing("calls")
    tracks = every[:_MOST]
    calls = words.several(len(fusion.calls), "call")
    left_out = _left_out(len(every), _MOST, "models")
    caption = f"{calls} of {words.several(len(every), 'model')}{left_out and ', '}{left_out}"
    alt = _alt("timeline", [f"{_named(t.label)} {words.seconds(t.seconds)}" for t in tracks])
    with look():
        chart = Chart(1.5 + 0.28 * len(tracks), "what each model did when", caption, alt)
        axes = chart.plain_axes()
        axes.hlines(range(len(tracks)), 0, fusion.seconds, color=FAINT, linewidth=1, zorder=0)
        for y, track in enumerate(tracks):
            for what, start, end in track.phases:
                axes.broken_barh([(start, end - start)], (y - 0.3, 0.6), color=_PHASES[what],
                                 edgecolor="white", linewidth=0.5)  # fmt: skip
        _rows(axes, [_named(track.label) for track in tracks])
        axes.set(xlim=(0, fusion.seconds), xlabel="seconds since the fusion began")
        used = {phase.what for track in tracks for phase in track.phases}
        _legend(axes, {w: Patch(color=color) for w, color in _PHASES.items() if w in used})
    return chart


# ── cost ─────────────────────────────────────────────────────────────────────────────────────


Place = tuple[float, float]
# As shares of the axes: the height and width of a letter, and room for names at the right.
_LINE, _LETTER, _ROOM = 0.055, 0.0165, 0.25


def cost(fusion: Fusion) -> Chart:
    """Score against what the answer cost; the best have their names beside them."""
    what, points = _points(fusion)
    most = max(x for x, _ in points) or 1.0
    labels = _labels({(x / most, y / 10): _together(who) for (x, y), who in points.items()})
    unnamed = _left_out(len(points), len(labels), "names")
    alt = _alt(
        f"score against {what}",
        [f"{_together(who)} {words.score(y)} at {x:.6g}" for (x, y), who in points.items()],
    )
    with look():
        chart = Chart(4.2, "score against cost", _judged(fusion, unnamed), alt)
        axes = chart.plain_axes()
        axes.grid(color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.scatter([x for x, _ in points], [y for _, y in points], s=48, color=BLUE, zorder=3)
        for (x, y), (text, side) in labels.items():
            axes.annotate(text, (x * most, y * 10), (8 * side, 0), textcoords="offset points",
                          va="center", ha="left" if side > 0 else "right")  # fmt: skip
        axes.set(
            xlim=(0, most * (1 + _ROOM)), ylim=(-0.4, 10.4), xlabel=what, ylabel="score (0 to 10)"
        )
    return chart


def _points(fusion: Fusion) -> tuple[str, dict[Place, list[str]]]:
    """What was spent; and who is where: what it spent, and its score."""
    verdicts = fusion.judgment.verdicts if fusion.judgment else ()
    what, spent = _spent(fusion)
    points: dict[Place, list[str]] = {}
    for verdict in verdicts:
        if verdict.score is not None:
            member = _named(fusion.candidates[verdict.candidate].member)
            points.setdefault((spent[verdict.candidate], verdict.score), []).append(member)
    if not points:
        raise _nothing("scores")
    return what, points


def _labels(points: dict[Place, str]) -> dict[Place, tuple[str, int]]:
    """Which points have their name beside them, at the right (1) or the left (-1).

    The best first; a name that would cover another one or a point is left out.
    """
    taken = [(x - _LETTER / 2, x + _LETTER / 2, y) for x, y in points]
    found: dict[Place, tuple[str, int]] = {}
    for x, y in sorted(points, key=lambda at: -at[1]):
        width = _LETTER * len(points[x, y])
        for side, start in ((1, x + _LETTER), (-1, x - _LETTER - width)):
            end = start + width
            if start >= 0 and end <= 1 + _ROOM and not _covered(taken, start, end, y):
                taken.append((start, end, y))
                found[x, y] = (points[x, y], side)
                break
    return found


def _covered(
    taken: Sequence[tuple[float, float, float]], start: float, end: float, y: float
) -> bool:
    return any(a < end and start < b and abs(y - other) < _LINE for a, b, other in taken)


def _together(names: Sequence[str]) -> str:
    shown = list(names[:3])
    return ", ".join(shown + ([f"{len(names) - 3} more"] if len(names) > 3 else []))


def _spent(fusion: Fusion) -> tuple[str, list[float]]:
    """What the axis says, and what each candidate took: dollars, else tokens, else seconds."""
    usages = [_usage(fusion, candidate) for candidate in fusion.candidates]
    dollars = [usage.cost for usage in usages]
    known = [value for value in dollars if value is not None]
    if len(known) == len(dollars) and any(known):
        return "cost (US dollars)", known
    why = "free" if len(known) == len(dollars) else "the cost is unknown"
    tokens = [float(usage.prompt_tokens + usage.completion_tokens) for usage in usages]
    if any(tokens):
        return f"tokens read and written ({why})", tokens
    return f"seconds ({why})", [candidate.timing.seconds for candidate in fusion.candidates]


def _usage(fusion: Fusion, candidate: Candidate) -> Usage:
    """Of all its member's calls: a debater makes several."""
    calls = [c.usage for c in fusion.calls if (c.purpose, c.label) == ("member", candidate.member)]
    return sum(calls[1:], calls[0]) if calls else candidate.usage


def _nothing(what: str) -> UsageError:
    others = 'plot("agreement") and plot("timeline") need no scores.' if what == "scores" else ""
    return UsageError(f"This fusion has no {what} to plot.", others)
