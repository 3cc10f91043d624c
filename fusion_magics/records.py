"""Fusions as JSON and as data frames."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from .errors import UsageError
from .types import Candidate, Failure, Fusion, Point, TokenLogprob, Verdict

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
    """A judgment and a merged answer speak of candidates by their index; each must be there."""
    count = len(fusion.candidates)
    for where, indices in _indices(fusion):
        for index in indices:
            if not 0 <= index < count:
                raise _no_fusion(f"{where} names candidate {index}, and it has {count} of them")


def _indices(fusion: Fusion) -> Iterator[tuple[str, Iterable[int]]]:
    yield "passages", _supporting(fusion.passages)
    judgment = fusion.judgment
    if judgment is None:
        return
    yield "judgment.best", [judgment.best]
    yield "judgment.verdicts[…].candidate", [v.candidate for v in judgment.verdicts]
    yield "judgment.ties", judgment.ties
    yield "judgment.order", judgment.order
    for met in judgment.comparisons:
        yield "judgment.comparisons[…]", (*met.order, *chain.from_iterable(met.ranking))
    if judgment.panel is not None:
        yield "judgment.panel.ballots[…].candidate", [b.candidate for b in judgment.panel.ballots]
    if (found := judgment.analysis) is not None:
        stances = chain.from_iterable(each.stances for each in found.contradictions)
        points = (found.consensus, stances, found.partial_coverage, found.unique_insights)
        yield "judgment.analysis", _supporting(chain.from_iterable(points))


def _supporting(points: Iterable[Point]) -> Iterator[int]:
    return chain.from_iterable(point.candidates for point in points)


def _with_logprobs(fusion: Fusion, change: Callable[[float], float]) -> Fusion:
    """``fusion`` with each log-probability changed."""

    def changed(token: TokenLogprob) -> TokenLogprob:
        top = tuple((other, change(logprob)) for other, logprob in token.top)
        return TokenLogprob(token.token, change(token.logprob), top)

    def every(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        return tuple(replace(c, logprobs=tuple(map(changed, c.logprobs))) for c in candidates)

    rounds = tuple(replace(r, candidates=every(r.candidates)) for r in fusion.rounds)
    candidates, late = every(fusion.candidates), every(fusion.late)
    return replace(fusion, candidates=candidates, late=late, rounds=rounds)


def to_frame(fusion: Fusion) -> pd.DataFrame:
    """One row per member, in pool order: first the candidates, then failures, then late answers."""
    try:
        import pandas as pd
    except ImportError as exc:
        raise UsageError("to_frame() needs pandas.", "pip install pandas") from exc
    verdicts = {v.candidate: v for v in fusion.judgment.verdicts} if fusion.judgment else {}
    rows = [_candidate_row(c, verdicts.get(i)) for i, c in enumerate(fusion.candidates)]
    rows += [_failure_row(f) for f in fusion.failures]
    rows += [_candidate_row(c, None) | {"failure": "late"} for c in fusion.late]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


_COLUMNS = (
    "member",
    "rank",
    "score",
    "rationale",
    "text",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "seconds",
    "first_token",
    "tokens_per_second",
    "failure",
    "judge_error",
)


def _candidate_row(candidate: Candidate, verdict: Verdict | None) -> dict[str, object]:
    return {
        "member": candidate.member,
        "rank": verdict and verdict.rank,
        "score": verdict and verdict.score,
        "rationale": verdict and verdict.rationale,
        "text": candidate.text,
        "finish_reason": candidate.finish_reason,
        "prompt_tokens": candidate.usage.prompt_tokens,
        "completion_tokens": candidate.usage.completion_tokens,
        "cost": candidate.usage.cost,
        "seconds": candidate.timing.seconds,
        "first_token": candidate.timing.first_token,
        "tokens_per_second": candidate.tokens_per_second,
        "judge_error": (verdict and verdict.error) or None,
    }


def _failure_row(failure: Failure) -> dict[str, object]:
    return {
        "member": failure.member,
        "text": failure.partial or None,
        "failure": f"{failure.kind}: {failure.message}",
    }
