"""Asking nobody the same thing twice."""

from __future__ import annotations

from ..errors import ModelError
from ..seams import Ask, Model
from ..types import Candidate, Prompt, Purpose, SamplingParams
from .waiting import LATE, MORE_TIME


def once(ask: Ask) -> Ask:
    """``ask``, except that a member asked the same again gives what it gave before, at no call.

    One whose first call has given nothing (yet, or because it was stopped) fails as ``late``.
    """
    made: dict[tuple[str, Prompt], Candidate | ModelError] = {}

    async def asked(
        model: Model, label: str, purpose: Purpose, prompt: Prompt, params: SamplingParams
    ) -> Candidate:
        key = (label, prompt)
        if key not in made:
            why = f"{label} gave no answer in time when it was first asked."
            made[key] = ModelError(why, MORE_TIME, kind=LATE, retryable=True)
            try:
                made[key] = await ask(model, label, purpose, prompt, params)
            except ModelError as exc:
                made[key] = exc
        given = made[key]
        if isinstance(given, ModelError):
            raise given
        return given

    return asked
