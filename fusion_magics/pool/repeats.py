"""Asking nobody the same thing twice."""

from __future__ import annotations

from ..errors import ModelError
from ..types import Ask, Candidate, Model, Prompt, Purpose, SamplingParams
from .waiting import LATE


def once(ask: Ask) -> Ask:
    """``ask``, except that a member asked the same again gives what it gave before, at no call.

    One that is still at work on it fails as ``late``.
    """
    made: dict[tuple[str, Prompt], Candidate | ModelError] = {}

    async def asked(
        model: Model, label: str, purpose: Purpose, prompt: Prompt, params: SamplingParams
    ) -> Candidate:
        key = (label, prompt)
        if key not in made:
            made[key] = ModelError(f"{label} is still at work.", kind=LATE, retryable=True)
            try:
                made[key] = await ask(model, label, purpose, prompt, params)
            except ModelError as exc:
                made[key] = exc
        given = made[key]
        if isinstance(given, ModelError):
            raise given
        return given

    return asked
