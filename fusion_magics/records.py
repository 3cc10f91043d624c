"""Fusions as JSON and as data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import UsageError
from .types import Candidate, Failure, Fusion, Verdict

if TYPE_CHECKING:
    import pandas as pd


def to_json(fusion: Fusion) -> str:
    """``fusion`` as one JSON object, indented: it is meant to be read and kept under git."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(fusion)).decode()


def from_json(text: str | bytes) -> Fusion:
    """The fusion that :func:`to_json` wrote.

    Raises
    ------
    UsageError
        If ``text`` is not one, naming what is wrong with it.
    """
    import msgspec

    try:
        return msgspec.json.decode(text, type=Fusion)
    except msgspec.MsgspecError as exc:
        raise UsageError(
            f"This is no saved fusion: {exc}.", "Fusion.to_json() writes one."
        ) from exc


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
    }


def _failure_row(failure: Failure) -> dict[str, object]:
    return {
        "member": failure.member,
        "text": failure.partial or None,
        "failure": f"{failure.kind}: {failure.message}",
    }
