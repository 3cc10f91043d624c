"""What a page may ask of a fusion that it shows; each answer is made from the fusion alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...answers import comparable
from ...types import Fusion
from .. import _words as words
from .._candidates import columns_of

Reply = dict[str, Any]

_KINDS = {
    "same": "the same answer",
    "other": "other answers",
    "used": "used in the answer",
    "unused": "not used",
    "none": "without an answer",
}
_BY = "by "

_UNSAVED = (
    "This page was loaded after the cell had begun, so the notebook file does not hold this "
    "result. In the kernel it is the last value: write _ into a cell to keep it here."
)


def result(fusion: Fusion) -> Reply:
    """What a page needs besides the static HTML: the values behind it, to sort and filter by."""
    rows = words.rows(fusion)
    return {
        "k": "result",
        "text": words.clean(fusion.text),
        "answer": "",
        "columns": columns_of(fusion),
        "rows": {row.index: _facts(row, fusion) for row in rows if row.index is not None},
        "members": [
            {"i": row.index, "name": words.one_line(row.candidate.member)}
            for row in rows
            if row.index is not None
        ],
        "filters": _filters(rows, fusion),
        "criteria": _sorts(rows),
        "charts": [],
        "unsaved": _UNSAVED,
    }


def _facts(row: words.Row, fusion: Fusion) -> Reply:
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
        **{f"{_BY}{c.name}": c.score for c in (verdict.criteria if verdict else ())},
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


def _sorts(rows: Iterable[words.Row]) -> list[tuple[str, str]]:
    """The rubric's criteria, as something to sort by."""
    named = (c.name for row in rows if row.verdict for c in row.verdict.criteria)
    return [(f"{_BY}{name}", words.one_line(name)) for name in dict.fromkeys(named)]


def _export(fusion: Fusion, asked: Reply) -> Reply:
    return {"text": fusion.to_json(), "name": "fusion.json", "type": "application/json"}


REQUESTS: Mapping[str, Callable[[Fusion, Reply], Reply]] = {"export": _export}
"""The message's kind → what answers it."""
