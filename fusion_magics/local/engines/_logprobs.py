"""Log-probabilities from one position's raw logits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelError
from . import Token

IMPOSSIBLE = -1e4


def check_number(best: float) -> None:
    """Raise :class:`ModelError` if ``best``, of the chosen or likeliest token, is no number.

    Damaged weights, or sums that overflow their format, would give token 0 again and again.
    """
    if not math.isfinite(best):
        raise ModelError(
            "The weights give no numbers, so there is no likeliest token.",
            "Download the model again, or use another quantisation of it.",
        )


def with_logprobs(token: int, logits: NDArray[np.float32], top: int) -> Token:
    """The token with its log-probability and the ``top`` likeliest, likeliest first.

    ``top`` of 0 is the bare token. Probabilities are those of the model, before temperature,
    top-p or a schema.
    """
    if top <= 0:
        return Token(token)
    shifted = logits.astype(np.float64) - logits.max()
    # -inf (a token that the model itself masks) is no JSON number.
    logprobs = np.maximum(shifted - np.log(np.exp(shifted).sum()), IMPOSSIBLE)
    order = likeliest(logprobs, top)
    return Token(token, float(logprobs[token]), tuple((int(i), float(logprobs[i])) for i in order))


def likeliest(logprobs: NDArray[np.float64], top: int) -> NDArray[np.intp]:
    """The ``top`` likeliest tokens, likeliest first; of equals the lower number."""
    # To sort a large vocabulary would cost as much as a small model's token.
    top = min(top, len(logprobs))
    least = np.partition(logprobs, -top)[-top]
    near = np.flatnonzero(logprobs >= least)
    return near[np.argsort(-logprobs[near], kind="stable")][:top]
