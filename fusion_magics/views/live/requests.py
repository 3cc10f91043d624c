"""What a page may ask of a fusion that it shows; each answer is made from the fusion alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...types import Fusion
from .. import _words as words
from .._candidates import columns_of

Reply = dict[str, Any]

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
        "filters": _filters(fusion),
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
        "kind": "same",
    }


def _filters(fusion: Fusion) -> list[tuple[str, str]]:
    return [("all", "all rows"), ("none", "without an answer")]


def _export(fusion: Fusion, asked: Reply) -> Reply:
    return {"text": fusion.to_json(), "name": "fusion.json", "type": "application/json"}


REQUESTS: Mapping[str, Callable[[Fusion, Reply], Reply]] = {"export": _export}
"""The message's kind → what answers it."""
