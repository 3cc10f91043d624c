"""Holds an MLX model to a JSON schema: llguidance says which tokens may come next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from ...errors import EngineMissing, ModelError
from .mlx_text import MlxVocabulary

# As llama-cpp-python's grammars: one space may be there, but a model cannot lose itself in more.
WHITE_SPACE = {"whitespace_flexible": True, "whitespace_pattern": " ?"}


class SchemaMask:
    """A logits processor for one answer: tokens that would leave the schema get -inf."""

    def __init__(self, matcher: Any, ends_with: Iterable[int]) -> None:
        self._matcher = matcher
        self._ends_with = sorted(ends_with)
        self._seen: int | None = None  # tokens before the answer

    @staticmethod
    def maker(vocabulary: MlxVocabulary) -> Callable[[Mapping[str, Any]], SchemaMask]:
        """Makes masks for one model's vocabulary, which llguidance takes a while to read."""
        tokenizers: list[Any] = []

        def make(schema: Mapping[str, Any]) -> SchemaMask:
            lib = _llguidance()
            if not tokenizers:
                tokenizers.append(_tokenizer(vocabulary))
            limits = {**schema, "x-guidance": WHITE_SPACE}
            grammar = lib.LLMatcher.grammar_from_json_schema(json.dumps(limits))
            matcher = lib.LLMatcher(tokenizers[0], grammar)
            if matcher.is_error():
                raise ModelError(f"llguidance refuses the JSON schema: {matcher.get_error()}")
            return SchemaMask(matcher, vocabulary.ends_with)

        return make

    def __call__(self, tokens: mx.array, logits: mx.array) -> mx.array:
        if self._seen is not None:
            for token in np.array(tokens[self._seen :]).tolist():
                self._matcher.consume_token(token)
        self._seen = tokens.size
        return mx.where(mx.array(self._allowed(logits.shape[-1])), logits, -mx.inf)

    def _allowed(self, size: int) -> NDArray[np.bool_]:
        """Which of ``size`` tokens may come next: the end alone once the JSON is complete."""
        allowed = np.zeros(size, bool)
        if self._matcher.is_stopped():
            allowed[self._ends_with] = True
            return allowed
        mask = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        bits = np.unpackbits(mask, bitorder="little")[:size]
        allowed[: bits.size] = bits
        return allowed


def _llguidance() -> Any:
    try:
        import llguidance
    except ImportError as exc:
        raise EngineMissing(
            "Holding an MLX model to a JSON schema needs the package llguidance.",
            'pip install "fusion-magics[mlx]"',
        ) from exc
    return llguidance


def _tokenizer(vocabulary: MlxVocabulary) -> Any:
    from llguidance.hf import from_tokenizer

    return from_tokenizer(vocabulary.tokenizer, eos_token=sorted(vocabulary.ends_with))
