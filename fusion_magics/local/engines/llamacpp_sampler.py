"""How llama.cpp's logits become a token: greedy or temperature and top-p, held to a grammar.

Nothing else: no top-k, min-p or repetition penalty that the caller did not ask for.
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import llama_cpp as lib
import numpy as np
from llama_cpp.llama_grammar import json_schema_to_gbnf
from numpy.typing import NDArray

from ...errors import ModelError
from ...types import SamplingParams
from .llamacpp_text import LlamaVocabulary

CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
SMALL_RANGE = 1000
# The converter's rule for a character lets control characters through, which JSON forbids.
ANY_CHARACTER, JSON_CHARACTER = r'[^"\\] |', r'[^"\\\x7F\x00-\x1F] |'


class Sampler:
    """Picks tokens for one call; :meth:`free` gives its native memory back."""

    def __init__(self, vocabulary: LlamaVocabulary, params: SamplingParams) -> None:
        self._size = vocabulary.size
        self._chain = _chain(params)
        self._grammar = None
        if params.schema is not None:
            self._grammar = lib.llama_sampler_init_grammar(
                vocabulary.pointer, gbnf(params.schema).encode(), b"root"
            )
            if not self._grammar:
                self.free()
                raise ModelError("llama.cpp cannot compile the JSON schema to a grammar.")

    def pick(self, context: lib.llama_context_p, logits: NDArray[np.float32]) -> int | None:
        """The next token; None where the grammar allows none."""
        if self._grammar is None:
            return int(lib.llama_sampler_sample(self._chain, context, -1))
        # Checking the one likeliest token is far cheaper than the whole vocabulary. It changes no
        # probability: p(t) + p(refused) * p(t) / p(allowed) = p(t) / p(allowed).
        token = self._choose(logits, masked=False)
        if not self._allows(token):
            token = self._choose(logits, masked=True)
            if not self._allows(token):
                return None
        return token

    def accept(self, token: int) -> None:
        """Tell the grammar what was written."""
        if self._grammar is not None:
            lib.llama_sampler_accept(self._grammar, token)

    def free(self) -> None:
        """Give the native memory back."""
        lib.llama_sampler_free(self._chain)
        if self._grammar:
            lib.llama_sampler_free(self._grammar)

    def _choose(self, logits: NDArray[np.float32], masked: bool) -> int:
        cells = np.zeros(self._size, CANDIDATE)
        cells["id"] = np.arange(self._size)
        cells["logit"] = logits
        array = _array(cells)
        if masked:
            lib.llama_sampler_apply(self._grammar, ctypes.byref(array))
        lib.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allows(self, token: int) -> bool:
        cells = np.zeros(1, CANDIDATE)
        cells["id"] = token
        array = _array(cells)
        lib.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(np.isfinite(cells["logit"][0]))


def _chain(params: SamplingParams) -> lib.llama_sampler_p:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    if params.temperature <= 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        return chain
    if params.top_p < 1:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(params.top_p, 1))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(params.temperature))
    # 0xFFFFFFFF means "any seed" to llama.cpp.
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(params.seed % 0xFFFFFFFF))
    return chain


def _array(cells: NDArray[np.void]) -> lib.llama_token_data_array:
    pointer = cells.ctypes.data_as(ctypes.POINTER(lib.llama_token_data))
    return lib.llama_token_data_array(data=pointer, size=len(cells), selected=-1, sorted=False)


def gbnf(schema: Mapping[str, Any]) -> str:
    """The grammar of JSON texts that fit ``schema``; properties in the order of the schema.

    Raises
    ------
    ModelError
        For a schema that llama-cpp-python's converter does not know.
    """
    return _gbnf(json.dumps(schema))


@lru_cache(maxsize=32)
def _gbnf(schema: str) -> str:
    try:
        rules = str(json_schema_to_gbnf(json.dumps(_ranges_listed(json.loads(schema)))))
    except Exception as exc:
        raise ModelError(f"llama.cpp cannot hold an answer to this JSON schema: {exc}") from exc
    return rules.replace(ANY_CHARACTER, JSON_CHARACTER)


def _ranges_listed(node: Any) -> Any:
    """Small integer ranges written out as ``enum``, for the converter does not know ranges."""
    if isinstance(node, list):
        return [_ranges_listed(x) for x in node]
    if not isinstance(node, dict):
        return node
    match node:
        case {"type": "integer", "minimum": int(low), "maximum": int(high)}:
            if 0 <= high - low <= SMALL_RANGE:
                return {"enum": list(range(low, high + 1))}
    return {key: _ranges_listed(value) for key, value in node.items()}
