"""Fusions as JSON and as data frames."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from .errors import UsageError
from .types import Candidate, Failure, Fusion, TokenLogprob, Verdict

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
    """A judgment speaks of candidates by their index; each must be there."""
    judgment, count = fusion.judgment, len(fusion.candidates)
    if judgment is None:
        return
    named = {
        "best": [judgment.best],
        "verdicts[…].candidate": [v.candidate for v in judgment.verdicts],
        "ties": judgment.ties,
        "order": judgment.order,
    }
    for where, indices in named.items():
        for index in indices:
            if not 0 <= index < count:
                raise _no_fusion(
                    f"judgment.{where} names candidate {index}, and it has {count} of them"
                )


def _with_logprobs(fusion: Fusion, change: Callable[[float], float]) -> Fusion:
    """``fusion`` with each log-probability changed."""

    def changed(token: TokenLogprob) -> TokenLogprob:
        top = tuple((other, change(logprob)) for other, logprob in token.top)
        return TokenLogprob(token.token, change(token.logprob), top)

    candidates = (replace(c, logprobs=tuple(map(changed, c.logprobs))) for c in fusion.candidates)
    return replace(fusion, candidates=tuple(candidates))


def to_frame(fusion: Fusion) -> pd.DataFrame:
    """One row per member, in pool order: first the candidates, then the failures."""
    try:
        import pandas as pd
    except ImportError as exc:
        raise UsageError("to_frame() needs pandas.", "pip install pandas") from exc
    verdicts = {v.candidate: v for v in fusion.judgment.verdicts} if fusion.judgment else {}
    rows = [_candidate_row(c, verdicts.get(i)) for i, c in enumerate(fusion.candidates)]
    rows += [_failure_row(f) for f in fusion.failures]
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
