"""How llama.cpp's logits become a token: greedy, or temperature and top-p; held to a schema.

Nothing else: no top-k, min-p or repetition penalty that the caller did not ask for.
"""

from __future__ import annotations

import ctypes

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from ...types import SamplingParams
from . import greedy
from ._schema import SchemaMask

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """Picks tokens for one call; :meth:`free` gives its native memory back."""

    def __init__(self, params: SamplingParams, mask: SchemaMask | None) -> None:
        self._mask = mask
        self._greedy = greedy(params)
        self._cells: NDArray[np.void] | None = None
        self._chain = _chain(params)

    def pick(self, logits: NDArray[np.float32]) -> int | None:
        """The next token; None where the schema allows none."""
        if self._mask is None:
            return int(logits.argmax()) if self._greedy else self._choose(None, logits)
        allowed = np.flatnonzero(self._mask.allowed(logits.size))
        if not allowed.size:
            return None
        token = self._choose(allowed, logits[allowed])
        self._mask.accept(token)
        return token

    def _choose(self, tokens: NDArray[np.intp] | None, logits: NDArray[np.float32]) -> int:
        if self._cells is None or self._cells.size != logits.size:
            self._cells = np.zeros(logits.size, CANDIDATE)
        cells = self._cells
        cells["id"] = np.arange(logits.size) if tokens is None else tokens
        cells["logit"] = logits
        pointer = cells.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
        array = lib.llama_token_data_array(
            data=pointer, size=logits.size, selected=-1, sorted=False
        )
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def free(self) -> None:
        """Give the native memory back."""
        lib.llama_sampler_free(self._chain)


def _chain(params: SamplingParams) -> lib.llama_sampler_p:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if greedy(params):
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        return chain
    if params.top_p < 1:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(params.top_p, 1))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(params.temperature))
    # 0xFFFFFFFF means "any seed" to llama.cpp.
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(params.seed % 0xFFFFFFFF))
    return chain
