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
    rows = words.rows(fusion)
    own = [row for row in rows if row.index is not None]
    return common | {
        "text": words.clean(fusion.text),
        "answer": _answer(fusion),
        "columns": columns_of(fusion),
        "rows": {row.index: _facts(row, fusion) for row in own},
        "members": [{"i": row.index, "name": words.one_line(row.candidate.member)} for row in own],
        "filters": _filters(rows, fusion),
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


def _facts(row: words.Row, fusion: Fusion) -> Message:
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
        "kind": _kind(row, fusion),
        **{_by(c.name): c.score for c in (verdict.criteria if verdict else ())},
    }


def _kind(row: words.Row, fusion: Fusion) -> str:
    """Which of the filters shows it."""
    if fusion.passages:
        used = any(row.index in passage.candidates for passage in fusion.passages)
        return "used" if used else "unused"
    return "same" if comparable(row.candidate.text) == comparable(fusion.text) else "other"


def _filters(rows: Iterable[words.Row], fusion: Fusion) -> list[tuple[str, str]]:
    """The kinds of rows there are: word → what it is called."""
    there = {_kind(row, fusion) for row in rows if row.index is not None}
    if words.lost(fusion) or fusion.late:
        there.add("none")
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
    rows = (row for row in words.rows(fusion) if row.index is not None)
    return [row.candidate.member for row in rows if _kind(row, fusion) == kind]


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
