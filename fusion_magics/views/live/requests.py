"""What a page may ask of a fusion that it shows; each answer is made from the fusion alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...answers import comparable
from ...own_vote import hidden
from ...records import to_csv
from ...text import sendable
from ...types import Fusion
from .. import _words as words
from .._candidates import columns_of
from ..charts import KINDS, chart_panel
from ..code import as_magic, as_python, call_code, table_code
from ..heat_map import agreement_panel
from ..rich import rich, rich_headline, rich_merged
from ..word_diff import diff, diff_panel

Message = dict[str, Any]

_UNSAVED = (
    "This page was loaded after its cell had begun, so what stands here is not in the notebook "
    "file. Show the fusion in a new cell to keep it; _ is the last one."
)
_KINDS = {
    "same": "the same answer",
    "other": "other answers",
    "used": "used in the answer",
    "unused": "not used",
    "none": "without an answer",
}
_NAME = "fusion"  # in code that the page shows


def result(fusion: Fusion) -> Message:
    """What a page needs besides the static HTML: the values behind it, to sort and filter by.

    While it is hidden who wrote what, nothing.
    """
    common: Message = {"k": "result", "unsaved": _UNSAVED, "blind": hidden(fusion)}
    if common["blind"]:
        return common
    own = [row for row in words.rows(fusion) if row.index is not None]
    kinds = _kinds(fusion)
    return common | {
        "text": words.clean(fusion.text),
        "answer": _answer(fusion),
        "columns": columns_of(fusion),
        "rows": {
            i: _facts(row) | {"kind": kinds[i]} for row in own if (i := row.index) is not None
        },
        "members": [{"i": row.index, "name": words.one_line(row.candidate.member)} for row in own],
        "filters": _filters({*kinds.values()}, fusion),
        "criteria": _criteria(own),
        "charts": list(KINDS) if own else [],
        "vote": fusion.vote.candidate if fusion.vote else None,
    }


def _answer(fusion: Fusion) -> str:
    if not words.decided(fusion):
        return ""
    if not fusion.passages:
        return rich_headline(fusion.text)
    return f'<div class="fz-h">{rich_merged(fusion)}</div>'


def _facts(row: words.Row) -> Message:
    candidate, verdict = row.candidate, row.verdict
    return {
        "rank": verdict.rank if verdict and not verdict.error else None,
        "member": words.one_line(candidate.member),
        "score": verdict.score if verdict else None,
        "answer": words.one_line(candidate.text[:200]),
        "why": words.one_line(verdict.rationale[:200]) if verdict else None,
        "tokens": candidate.usage.completion_tokens,
        "time": candidate.timing.seconds,
        "speed": candidate.tokens_per_second,
        "cost": candidate.usage.cost,
        **{_by(c.name): c.score for c in (verdict.criteria if verdict else ())},
    }


def _kinds(fusion: Fusion) -> dict[int, str]:
    """Candidate's index → which of the filters shows it."""
    if fusion.passages:
        used = {i for passage in fusion.passages for i in passage.candidates}
        return {i: "used" if i in used else "unused" for i in range(len(fusion.candidates))}
    answer = comparable(fusion.text)
    alike = (comparable(candidate.text) == answer for candidate in fusion.candidates)
    return {i: "same" if same else "other" for i, same in enumerate(alike)}


def _filters(there: set[str], fusion: Fusion) -> list[tuple[str, str]]:
    """The kinds of rows there are: word → what it is called."""
    if words.lost(fusion) or fusion.late:
        there = {*there, "none"}
    return [("all", "all rows"), *((kind, name) for kind, name in _KINDS.items() if kind in there)]


def _criteria(rows: Iterable[words.Row]) -> list[tuple[str, str]]:
    """The rubric's criteria, as something to sort by."""
    named = (c.name for row in rows if row.verdict for c in row.verdict.criteria)
    return [(_by(name), words.one_line(name)) for name in dict.fromkeys(named)]


def _by(criterion: str) -> str:
    return sendable(f"score_{criterion}")  # its column in to_frame()


# ── what is asked for ────────────────────────────────────────────────────────────────────────


def _rich(fusion: Fusion, asked: Message) -> Message:
    return {"html": rich(fusion.candidates[int(asked["i"])].text)}


def _diff(fusion: Fusion, asked: Message) -> Message:
    a, b = int(asked["a"]), int(asked["b"])
    names = (fusion.candidates[i].member for i in (a, b))
    return {"html": diff_panel(diff(fusion, a, b)), "code": call_code(_NAME, "diff", *names)}


def _agreement(fusion: Fusion, asked: Message) -> Message:
    return {"html": agreement_panel(fusion), "code": call_code(_NAME, "similarity")}


def _chart(fusion: Fusion, asked: Message) -> Message:
    kind = str(asked["kind"])
    return {"html": chart_panel(fusion, kind), "code": call_code(_NAME, "plot", kind)}


def _code(fusion: Fusion, asked: Message) -> Message:
    """The run, the call, and the table as it is sorted and searched now."""
    sort = asked.get("sort")
    shown = table_code(
        _NAME,
        sort=str(sort) if sort else None,
        ascending=not asked.get("down"),
        search=str(asked.get("query") or ""),
        members=_kept(fusion, str(asked.get("filter") or "all")),
    )
    parts = {"the cell": as_magic(fusion), "in Python": as_python(fusion), "the table": shown}
    return {"parts": [*parts.items()]}


def _kept(fusion: Fusion, kind: str) -> list[str] | None:
    """The members that a filter leaves; None: all."""
    if kind == "all":
        return None
    if kind == "none":
        return [*(f.member for f in words.lost(fusion)), *(c.member for c in fusion.late)]
    kinds = _kinds(fusion)
    return [
        row.candidate.member
        for row in words.rows(fusion)
        if row.index is not None and kinds[row.index] == kind
    ]


def _export(fusion: Fusion, asked: Message) -> Message:
    if asked.get("kind") == "CSV":
        return {"text": to_csv(fusion), "name": "fusion.csv", "type": "text/csv"}
    return {"text": fusion.to_json(), "name": "fusion.json", "type": "application/json"}


REQUESTS: Mapping[str, Callable[[Fusion, Message], Message]] = {
    "rich": _rich,
    "diff": _diff,
    "agreement": _agreement,
    "chart": _chart,
    "code": _code,
    "export": _export,
}
"""The message's kind → what answers it; nothing is answered while it is hidden who wrote what."""
