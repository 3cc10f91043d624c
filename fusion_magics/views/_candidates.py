"""The candidates' table as HTML: one row per candidate, then what came late, then failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..types import CriterionScore, Failure, Fusion
from . import _words as words
from ._html import answer, beside, block, esc, fold, folded, name, said, time

# A longer table shows its head; the rest is folded.
_SHOWN = 20

# Untrusted notebooks lose the sheet, and JupyterLab then aligns every cell to the right.
_LEFT = ' style="text-align:left"'

# What each column says, by its CSS class; a fusion without scores or reasons leaves them out.
_NUMBERS = {"tokens": "tokens", "time": "time", "speed": "tokens/s", "cost": "cost"}

# Where nobody answered there is nothing to count.
_NOTHING = {"rank": '<span class="fz-sr">rank</span>', "member": "member", "answer": "answer"}


def candidates(fusion: Fusion) -> str:
    """The table; of a long one the head, the rest folded."""
    rows = words.rows(fusion)
    columns = _columns(rows, fusion) if rows else _NOTHING
    body = [_row(row, columns, fusion) for row in rows]
    failures = words.lost(fusion)
    body += [_failure(failure, columns) for failure in failures]
    if not body:
        return ""
    if len(body) <= _SHOWN + 1:
        return _table(columns, body)
    more = f"{len(body) - _SHOWN} more members"
    if failures:
        lost = min(len(failures), len(body) - _SHOWN)
        more += f", {lost} of them without an answer"
    return _table(columns, body[:_SHOWN]) + fold(more, _table(columns, body[_SHOWN:]))


def columns_of(fusion: Fusion) -> list[str]:
    """What the columns are of: ``rank``, ``member``, ``score`` …"""
    rows = words.rows(fusion)
    return list(_columns(rows, fusion)) if rows else []


def _columns(rows: Sequence[words.Row], fusion: Fusion) -> dict[str, str]:
    verdicts = [row.verdict for row in rows if row.verdict]
    voted = fusion.judgment is not None and fusion.judgment.protocol == "vote"
    first = "number" if fusion.passages else "rank"
    columns = {"rank": f'<span class="fz-sr">{first}</span>', "member": "member"}
    if any(v.score is not None or v.error for v in verdicts) or any(row.split for row in rows):
        columns["score"] = "score <small>of 10</small>"
    columns["answer"] = "answer"
    if any(row.explained for row in rows):
        columns["why"] = "votes" if voted else "why"
    costs = any(row.candidate.usage.cost for row in rows)
    return columns | {key: name for key, name in _NUMBERS.items() if costs or key != "cost"}


def _table(columns: dict[str, str], body: list[str]) -> str:
    def css(key: str) -> str:
        return ' class="fz-n"' if key in _NUMBERS else _LEFT

    head = "".join(f'<th scope="col"{css(key)}>{label}</th>' for key, label in columns.items())
    return (
        f'<table class="fz-t" aria-label="candidates"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _row(row: words.Row, columns: dict[str, str], fusion: Fusion) -> str:
    candidate = row.candidate
    cells = {
        "rank": f'<td class="fz-k">{row.number}</td>',
        "member": f'<th scope="row"{_LEFT}>{name(candidate.member)}'
        f"{''.join(f'<small> {said}</small>' for said in (row.standing, row.vote) if said)}</th>",
        "score": f'<td class="fz-c">{_score(row)}</td>',
        "answer": f'<td class="fz-a"{_LEFT}>{_answer(row, fusion)}</td>',
        "why": f'<td class="fz-why"{_LEFT}>{_why(row)}</td>',
        "tokens": f'<td class="fz-n fz-tok">{candidate.usage.completion_tokens:,}</td>',
        "time": f'<td class="fz-n fz-sec">{time(candidate.timing.seconds)}</td>',
        "speed": f'<td class="fz-n fz-spd">{words.speed(candidate)}</td>',
        "cost": f'<td class="fz-n fz-usd">{words.cost(candidate.usage)}</td>',
    }
    best = ' class="fz-best"' if row.chosen else ""
    index = "" if row.index is None else f' data-i="{row.index}"'
    return f"<tr{best}{index}>{''.join(cells[key] for key in columns)}</tr>"


def _answer(row: words.Row, fusion: Fusion) -> str:
    candidate = row.candidate
    # A long winner stands above already: a megabyte need not be stored twice.
    shown = answer(candidate.text, full=not (row.chosen and candidate.text == fusion.text))
    parts = [shown, block(row.cut, "fz-bad") if row.cut else ""]
    if candidate.thinking:
        parts.append(folded("the model's thinking", candidate.thinking))
    if row.critique:
        parts.append(folded("its critique of the others", row.critique))
    return "".join(parts)


def _score(row: words.Row) -> str:
    split = f"<small> {row.split}</small>" if row.split else ""
    verdict = row.verdict
    if verdict is None or verdict.score is None:
        return ('<small class="fz-bad">not scored</small>' if row.unread else "–") + split
    criteria = "".join(_bar(c.score, c.name) for c in verdict.criteria)
    return _bar(verdict.score) + criteria + split


def _bar(value: float, label: str = "") -> str:
    css, named = ("fz-sc fz-cr", f"<span>{name(label)}</span> ") if label else ("fz-sc", "")
    # The bar repeats the number, so it is not read out.
    bar = f'<progress value="{value:g}" max="10" aria-hidden="true"></progress>'
    return f'<div class="{css}">{named}<b>{words.score(value)}</b>{bar}</div>'


def _why(row: words.Row) -> str:
    verdict = row.verdict
    if verdict is None:
        return said(row.late) if row.late else ""
    parts = []
    if verdict.rationale:
        parts.append(said(verdict.rationale))
    if verdict.error:
        parts.append(said(verdict.error, "fz-bad"))
    if row.working:
        parts.append(folded("the judge's working", row.working))
    return "".join((*parts, _reasons(verdict.criteria)))


def _reasons(criteria: Iterable[CriterionScore]) -> str:
    reasons = "".join(
        f"<li><b>{name(c.name)}</b> {beside(c.rationale)}</li>" for c in criteria if c.rationale
    )
    return fold("by criterion", f"<ul>{reasons}</ul>") if reasons else ""


def _failure(failure: Failure, columns: dict[str, str]) -> str:
    hint = said(failure.hint) if failure.hint else ""
    how = esc(words.failed(failure))
    red, partial = "fz-bad" if words.broke(failure) else "", ""
    if failure.partial and failure.kind == "cancelled":
        partial = said(failure.partial, "fz-w")  # what a user who stops wants to see
    elif failure.partial:
        partial = folded("what it had written", failure.partial)
    return (
        '<tr class="fz-fail"><td class="fz-k">–</td>'
        f'<th scope="row"{_LEFT}>{name(failure.member)}<small> {how}</small></th>'
        f'<td class="fz-why"{_LEFT} colspan="{len(columns) - 2}">'
        f"{said(failure.message, red)}{hint}{partial}</td></tr>"
    )
