"""``table``: the answer, how it came to be, and one row per candidate, as static HTML.

It stands alone: no script, no image, nothing from outside. What the style sheet does, it only
adds: elements and their order carry everything, because GitHub and untrusted notebooks remove the
sheet.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..types import Failure, Fusion
from . import _words as words
from ._html import NO_MATH, answer, block, esc, fold, folded, headline, is_short, name, time
from ._style import STYLE
from ._timeline import timeline

# A longer table shows its head; the rest is folded.
_SHOWN = 20

# Untrusted notebooks lose the sheet, and JupyterLab then aligns every cell to the right.
_LEFT = ' style="text-align:left"'

# What each column says, by its CSS class; a fusion without scores or reasons leaves them out.
_NUMBERS = {"tokens": "tokens", "time": "time", "speed": "tokens/s"}


def table(fusion: Fusion) -> str:
    """``fusion`` as HTML."""
    return (
        f'<div class="fz {NO_MATH}">{STYLE}{headline(fusion.text) if words.decided(fusion) else ""}'
        f"{_origin(fusion)}{_remarks(fusion)}{_rows(fusion)}{timeline(fusion)}{_foot(fusion)}</div>"
    )


def _origin(fusion: Fusion) -> str:
    first, *rest = (esc(part) for part in words.origin(fusion))
    return f'<p class="fz-by">{" · ".join((f"<b>{first}</b>", *rest))}</p>'


def _remarks(fusion: Fusion) -> str:
    notes = "".join(f'<li dir="auto">{esc(note)}</li>' for note in words.remarks(fusion))
    return f'<ul class="fz-notes">{notes}</ul>' if notes else ""


def _foot(fusion: Fusion) -> str:
    if not fusion.calls:
        return ""
    return f'<p class="fz-foot"><b>{time(fusion.seconds)}</b> · {words.total(fusion)}</p>'


# ── the table ────────────────────────────────────────────────────────────────────────────────


def _rows(fusion: Fusion) -> str:
    rows = words.rows(fusion)
    columns = _columns(rows, fusion)
    body = [_row(row, columns, fusion) for row in rows]
    body += [_failure(failure, columns) for failure in fusion.failures]
    if not body:
        return ""
    if len(body) <= _SHOWN + 1:
        return _table(columns, body)
    more = f"{len(body) - _SHOWN} more members"
    if fusion.failures:
        lost = min(len(fusion.failures), len(body) - _SHOWN)
        more += f", {lost} of them without an answer"
    return _table(columns, body[:_SHOWN]) + fold(more, _table(columns, body[_SHOWN:]))


def _columns(rows: Iterable[words.Row], fusion: Fusion) -> dict[str, str]:
    verdicts = [row.verdict for row in rows if row.verdict]
    voted = fusion.judgment is not None and fusion.judgment.protocol == "vote"
    columns = {"rank": '<span class="fz-sr">rank</span>', "member": "member"}
    if any(v.score is not None or v.error for v in verdicts):
        columns["score"] = "score <small>of 10</small>"
    columns["answer"] = "answer"
    if any(v.rationale or v.working or v.error for v in verdicts):
        columns["why"] = "votes" if voted else "why"
    return columns | _NUMBERS


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
        "rank": f'<td class="fz-k">{row.rank}</td>',
        "member": f'<th scope="row"{_LEFT}>{name(candidate.member)}'
        f"{'<small> chosen</small>' if row.chosen else ''}</th>",
        "score": f'<td class="fz-c">{_score(row)}</td>',
        "answer": f'<td class="fz-a"{_LEFT}>{_answer(row, fusion)}</td>',
        "why": f'<td class="fz-why"{_LEFT}>{_why(row)}</td>',
        "tokens": f'<td class="fz-n fz-tok">{candidate.usage.completion_tokens:,}</td>',
        "time": f'<td class="fz-n fz-sec">{time(candidate.timing.seconds)}</td>',
        "speed": f'<td class="fz-n fz-spd">{words.speed(candidate)}</td>',
    }
    best = ' class="fz-best"' if row.chosen else ""
    return f"<tr{best}>{''.join(cells[key] for key in columns)}</tr>"


def _answer(row: words.Row, fusion: Fusion) -> str:
    text = row.candidate.text
    # A long winner stands above already: a megabyte need not be stored twice.
    shown = answer(text, full=not (row.chosen and text == fusion.text))
    return shown + (block(row.cut, "fz-bad") if row.cut else "")


def _score(row: words.Row) -> str:
    if row.verdict is None or row.verdict.score is None:
        return '<small class="fz-bad">not scored</small>' if row.unread else "–"
    value = row.verdict.score
    # The bar repeats the number, so it is not read out.
    bar = f'<progress value="{value:g}" max="10" aria-hidden="true"></progress>'
    return f'<div class="fz-sc">{bar}<b>{words.score(value)}</b></div>'


def _why(row: words.Row) -> str:
    verdict = row.verdict
    if verdict is None:
        return ""
    parts = []
    if verdict.rationale:
        parts.append(_long(verdict.rationale))
    if verdict.error:
        parts.append(_long(verdict.error, "fz-bad"))
    if verdict.working:
        parts.append(folded("the judge's working", verdict.working))
    return "".join(parts)


def _long(text: str, css: str = "") -> str:
    if is_short(text):
        return block(text, css)
    # Cleaned first: a beginning of nothing but invisible characters is no preview.
    return folded("all of it", text, words.first_line(words.clean(text), 160), css)


def _failure(failure: Failure, columns: dict[str, str]) -> str:
    hint = _long(failure.hint) if failure.hint else ""
    how = esc(words.failed(failure))
    partial = folded("what it had written", failure.partial) if failure.partial else ""
    return (
        '<tr class="fz-fail"><td class="fz-k">–</td>'
        f'<th scope="row"{_LEFT}>{name(failure.member)}<small> {how}</small></th>'
        f'<td class="fz-why"{_LEFT} colspan="{len(columns) - 2}">'
        f"{_long(failure.message, 'fz-bad')}{hint}{partial}</td></tr>"
    )
