"""How logits become a token: greedy, or top-p and temperature; held to a schema.

The same for every engine, so that a seed means the same everywhere. Nothing else: no top-k, min-p
or repetition penalty that the caller did not ask for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...types import SamplingParams
from ._logprobs import check_number
from ._schema import SchemaMask

HEAD = 1024
"""The nucleus is looked for among so many tokens first: to sort a large vocabulary takes long."""

Logits = NDArray[np.float32]


class Sampler:
    """Picks the tokens of one call.

    Draws by inversion of the cumulative distribution, from NumPy's PCG64, whose stream of numbers
    is the same in every version.
    """

    def __init__(self, params: SamplingParams, mask: SchemaMask | None) -> None:
        self._params, self._mask = params, mask
        self._dice = np.random.PCG64(params.seed % 2**63)

    def pick(self, logits: Logits) -> int | None:
        """The next token; None where the schema allows none.

        Raises
        ------
        ModelError
            If the weights give no numbers.
        """
        check_number(float(logits.max()))
        if self._mask is None:
            return self._choose(logits)
        allowed = np.flatnonzero(self._mask.allowed(logits.size))
        if not allowed.size:
            return None
        token = int(allowed[self._choose(logits[allowed])])
        self._mask.accept(token)
        return token

    def _choose(self, logits: Logits) -> int:
        if self._params.greedy:
            return int(logits.argmax())
        if self._params.top_p < 1:
            kept = nucleus(logits, self._params.top_p)
            return int(kept[self._draw(logits[kept])])
        return self._draw(logits)

    def _draw(self, logits: Logits) -> int:
        weights = np.exp((logits - logits.max()) / np.float32(self._params.temperature))
        bounds = np.cumsum(weights, dtype=np.float64)
        point = int(self._dice.random_raw()) / 2**64 * bounds[-1]
        return min(int(np.searchsorted(bounds, point, side="right")), logits.size - 1)


def nucleus(logits: Logits, top_p: float) -> NDArray[np.intp]:
    """The smallest set of tokens whose probability reaches ``top_p``, likeliest first.

    Holtzman et al., "The Curious Case of Neural Text Degeneration", ICLR 2020. At least one.
    """
    weights = np.exp(logits - logits.max(), dtype=np.float64)
    wanted = top_p * weights.sum()
    order = _likeliest(weights, HEAD)
    if weights[order].sum() < wanted:
        order = _likeliest(weights, weights.size)
    reached = int(np.searchsorted(np.cumsum(weights[order]), wanted))
    return order[: reached + 1]


def _likeliest(weights: NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """``count`` of the largest, largest first; of equals the lower number first."""
    among = np.arange(weights.size)
    if count < weights.size:
        among = np.sort(np.argpartition(-weights, count)[:count])
    return among[np.argsort(-weights[among], kind="stable")]
