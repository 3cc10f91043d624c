"""Fusions as JSON and as data frames."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, cast

from .errors import UsageError
from .text import sendable
from .types import Analysis, Candidate, Failure, Fusion, Panel, Point, TokenLogprob, Verdict

if TYPE_CHECKING:
    import pandas as pd


# JSON has no infinity: the logarithm of zero is written as the lowest number there is.
_LOWEST = -sys.float_info.max


def to_json(fusion: Fusion) -> str:
    """``fusion`` as one JSON object, indented: it is meant to be read and kept under git.

    Raises
    ------
    UsageError
        If it holds what JSON cannot: half a character, or a schema that is no JSON.
    """
    import msgspec

    try:
        written = msgspec.json.encode(_with_logprobs(fusion, lambda p: max(p, _LOWEST)))
    except (TypeError, UnicodeEncodeError) as exc:
        raise UsageError(
            f"This fusion cannot be written as JSON: {exc}.",
            "Replace the part that is named, with dataclasses.replace(fusion, …).",
        ) from exc
    return msgspec.json.format(written).decode()


def from_json(text: str | bytes) -> Fusion:
    """The fusion that :func:`to_json` wrote.

    Raises
    ------
    UsageError
        If ``text`` is not one, naming what is wrong with it.
    """
    import msgspec

    try:
        fusion = msgspec.json.decode(text, type=Fusion)
    except (msgspec.MsgspecError, UnicodeEncodeError) as exc:
        raise _no_fusion(str(exc)) from exc
    _check_indices(fusion)
    return _with_logprobs(fusion, lambda p: p if p > _LOWEST else -math.inf)


def _no_fusion(what: str) -> UsageError:
    return UsageError(f"This is no saved fusion: {what}.", "Fusion.to_json() writes one.")


def _check_indices(fusion: Fusion) -> None:
    """Candidates are spoken of by their index; each must be there."""
    count = len(fusion.candidates)
    for where, indices in _indices(fusion):
        for index in indices:
            if not 0 <= index < count:
                raise _no_fusion(f"{where} names candidate {index}, and it has {count} of them")
    panel = fusion.judgment.panel if fusion.judgment else None
    if panel is not None:
        _check_panel(panel, count)


def _indices(fusion: Fusion) -> Iterator[tuple[str, Iterable[int]]]:
    """Where the fusion names candidates, and which."""
    yield "passages[…].candidates", _named(fusion.passages)
    yield "vote.candidate", [fusion.vote.candidate] if fusion.vote else []
    judgment = fusion.judgment
    if judgment is None:
        return
    yield "judgment.best", [judgment.best]
    yield "judgment.verdicts[…].candidate", [v.candidate for v in judgment.verdicts]
    yield "judgment.ties", judgment.ties
    yield "judgment.order", judgment.order
    for comparison in judgment.comparisons:
        yield "judgment.comparisons[…].order", comparison.order
        yield "judgment.comparisons[…].ranking", chain(*comparison.ranking)
    if judgment.panel is not None:
        yield "judgment.panel.ballots[…].candidate", [b.candidate for b in judgment.panel.ballots]
    if judgment.analysis is not None:
        yield from _analysed(judgment.analysis)


def _analysed(analysis: Analysis) -> Iterator[tuple[str, Iterable[int]]]:
    stances = chain(*(c.stances for c in analysis.contradictions))
    yield "judgment.analysis.consensus[…].candidates", _named(analysis.consensus)
    yield "judgment.analysis.contradictions[…].stances[…].candidates", _named(stances)
    yield "judgment.analysis.partial_coverage[…].candidates", _named(analysis.partial_coverage)
    yield "judgment.analysis.unique_insights[…].candidates", _named(analysis.unique_insights)


def _named(points: Iterable[Point]) -> Iterable[int]:
    return chain(*(point.candidates for point in points))


def _check_panel(panel: Panel, count: int) -> None:
    """Shares stand beside their candidates, models and weights beside their jurors."""
    jurors = len(panel.jurors)
    lengths = {
        "ship": (len(panel.ship), 1 if panel.of_answer else count, "candidates"),
        "models": (len(panel.models), jurors, "jurors"),
        "weights": (len(panel.weights), jurors, "jurors"),
    }
    for where, (length, wanted, what) in lengths.items():
        if length not in (0, wanted):
            raise _no_fusion(
                f"judgment.panel.{where} is of {length}, and there are {wanted} {what}"
            )


def _with_logprobs(fusion: Fusion, change: Callable[[float], float]) -> Fusion:
    """``fusion`` with each log-probability changed."""

    def changed(token: TokenLogprob) -> TokenLogprob:
        top = tuple((other, change(logprob)) for other, logprob in token.top)
        return TokenLogprob(token.token, change(token.logprob), top)

    def all_changed(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
        return tuple(replace(c, logprobs=tuple(map(changed, c.logprobs))) for c in candidates)

    return replace(
        fusion,
        candidates=all_changed(fusion.candidates),
        late=all_changed(fusion.late),
        rounds=tuple(replace(r, candidates=all_changed(r.candidates)) for r in fusion.rounds),
    )


def to_frame(fusion: Fusion) -> pd.DataFrame:
    """One row per member, in pool order: candidates, then answers that came late, then failures.

    A rubric's criteria have a column each, ``score_<name>``; ``ship`` is the share of a jury that
    says so, 0 to 1; ``supports`` counts the passages of a merged answer that rest on a candidate.
    ``best`` is the judgment's choice (one candidate also where several share rank 1), ``vote`` the
    user's.
    """
    pd = pandas_for("to_frame()")
    rows = [_judged_row(fusion, i) for i in range(len(fusion.candidates))]
    rows += [_candidate_row(c) | {"late": True} for c in fusion.late]
    rows += [_failure_row(f) for f in fusion.failures]
    rows = [{"best": False, "vote": False} | _writable(row) for row in rows]
    criteria = dict.fromkeys(key for row in rows for key in row if key not in _COLUMNS)
    at = _COLUMNS.index("score") + 1
    return pd.DataFrame(rows, columns=[*_COLUMNS[:at], *criteria, *_COLUMNS[at:]])


def pandas_for(what: str) -> ModuleType:
    """pandas, which ``what`` needs; without it a ``UsageError`` says so."""
    try:
        import pandas
    except ImportError as exc:
        raise UsageError(f"{what} needs pandas.", "pip install pandas") from exc
    return cast("ModuleType", pandas)


# What a spreadsheet takes for the beginning of a formula, unless it is a number; see "CSV
# Injection", OWASP.
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def to_csv(fusion: Fusion) -> str:
    """:func:`to_frame` as CSV (RFC 4180) with a header and without an index.

    A text that a spreadsheet would run as a formula has an apostrophe before it: one that begins
    with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return (or a full-width form of these
    signs) and is no plain number. This is what OWASP's "CSV Injection" asks for; whoever reads the
    file by program and wants the texts untouched takes :func:`to_frame` or :func:`to_json`.
    """
    frame = to_frame(fusion)
    # With this line end every version of Python's csv quotes both \r and \n within a text.
    return str(frame.map(_as_text).to_csv(index=False, lineterminator="\r\n"))


def _as_text(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    formula = _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if formula else cell


_COLUMNS = (
    "member",
    "rank",
    "score",
    "ship",
    "supports",
    "rationale",
    "text",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "seconds",
    "first_token",
    "tokens_per_second",
    "late",
    "failure",
    "judge_error",
    "best",
    "vote",
)


def _writable(row: dict[str, object]) -> dict[str, object]:
    # Columns of Arrow's strings cannot hold half a character.
    return {sendable(k): sendable(v) if isinstance(v, str) else v for k, v in row.items()}


def _judged_row(fusion: Fusion, index: int) -> dict[str, object]:
    judgment, passages = fusion.judgment, fusion.passages
    verdicts = judgment.verdicts if judgment else ()
    verdict = next((v for v in verdicts if v.candidate == index), None)
    panel = judgment.panel if judgment else None
    ship = panel.ship if panel and not panel.of_answer else ()
    return {
        **_candidate_row(fusion.candidates[index]),
        **(_verdict_row(verdict) if verdict else {}),
        "best": judgment is not None and judgment.best == index,
        "vote": fusion.vote is not None and fusion.vote.candidate == index,
        "ship": ship[index] if ship else None,
        "supports": sum(index in p.candidates for p in passages) if passages else None,
    }


def _verdict_row(verdict: Verdict) -> dict[str, object]:
    return {
        **{f"score_{c.name}": c.score for c in verdict.criteria},
        "rank": verdict.rank,
        "score": verdict.score,
        "rationale": verdict.rationale,
        "judge_error": verdict.error or None,
    }


def _candidate_row(candidate: Candidate) -> dict[str, object]:
    return {
        "member": candidate.member,
        "text": candidate.text,
        "finish_reason": candidate.finish_reason,
        "prompt_tokens": candidate.usage.prompt_tokens,
        "completion_tokens": candidate.usage.completion_tokens,
        "cost": candidate.usage.cost,
        "seconds": candidate.timing.seconds,
        "first_token": candidate.timing.first_token,
        "tokens_per_second": candidate.tokens_per_second,
        "late": False,
    }


def _failure_row(failure: Failure) -> dict[str, object]:
    return {
        "member": failure.member,
        "text": failure.partial or None,
        "late": False,
        "failure": f"{failure.kind}: {failure.message}",
    }
