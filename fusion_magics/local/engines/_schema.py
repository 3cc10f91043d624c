"""Holds an answer to a JSON schema: llguidance says which tokens may come next.

The same for every engine, so that a schema means the same everywhere. (llama-cpp-python's own
grammars let control characters into strings, break on quotes in an ``enum`` and know no ranges.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EngineMissing, ModelError
from . import Vocabulary

# One space may stand between JSON's parts: a model cannot lose itself in white space.
WHITE_SPACE = {"whitespace_flexible": True, "whitespace_pattern": " ?"}
# llguidance knows a control token by this byte, which no text contains.
CONTROL = b"\xff"
MARK = "\x02"


class SchemaMask:
    """Which tokens may come next in one answer."""

    def __init__(self, matcher: Any, ends: Sequence[int]) -> None:
        self._matcher = matcher
        self._ends = list(ends)

    def accept(self, token: int) -> None:
        """Tell what was written."""
        if not self._matcher.is_stopped() and not self._matcher.consume_token(token):
            raise ModelError(
                f"llguidance lost the schema: {_first(self._matcher.get_error())}",
                "Ask again with a simpler schema.",
            )

    def allowed(self, size: int) -> NDArray[np.bool_]:
        """One truth value for each of ``size`` tokens; the ends alone once the JSON is complete."""
        allowed = np.zeros(size, bool)
        if self._matcher.is_stopped():
            allowed[self._ends] = True
            return allowed
        mask = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        bits = np.unpackbits(mask, bitorder="little")[:size]
        allowed[: bits.size] = bits
        return allowed


class Schemas:
    """Makes masks for one model; its vocabulary is read at the first schema."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._tokenizer: Any = None
        self._ends: list[int] = []

    def mask(self, schema: Mapping[str, Any]) -> SchemaMask:
        """The mask of one answer.

        Raises
        ------
        ModelError
            For a schema that llguidance cannot hold an answer to.
        """
        lib = _llguidance()
        if self._tokenizer is None:
            self._ends = [i for i in range(self._vocabulary.size) if self._vocabulary.ends(i)]
            tokens = _Tokens(self._vocabulary, eos=self._ends[0] if self._ends else 0)
            self._tokenizer = lib.LLTokenizer(lib.TokenizerWrapper(tokens))
        text = json.dumps({**schema, "x-guidance": WHITE_SPACE})
        try:
            matcher = lib.LLMatcher(self._tokenizer, lib.LLMatcher.grammar_from_json_schema(text))
            error = matcher.get_error() if matcher.is_error() else ""
        except ValueError as exc:
            error = str(exc)
        if error:
            raise ModelError(
                f"No answer can be held to this JSON schema: {_first(error)}",
                "Write it with types, properties, enums and bounds alone.",
            )
        return SchemaMask(matcher, self._ends)


def _first(lines: str) -> str:
    return lines.strip().split("\n", 1)[0]


class _Tokens:
    """A vocabulary in the form that llguidance asks for.

    Where a schema leaves one way to go on (the name of a property), llguidance asks for the tokens
    of those bytes, as the model would have written them.
    """

    def __init__(self, vocabulary: Vocabulary, eos: int) -> None:
        names = {s.token: s.text for s in vocabulary.specials if not vocabulary.piece(s.token)}
        self._vocabulary = vocabulary
        self.tokens = [
            CONTROL + names[i].encode() if i in names else vocabulary.piece(i)
            for i in range(vocabulary.size)
        ]
        self.special_token_ids = sorted(names)
        self.bos_token_id = vocabulary.bos
        self.eos_token_id = eos

    def __call__(self, text: bytes) -> list[int]:
        return self._usual(text) or self._greedy(text)

    def _usual(self, text: bytes) -> list[int]:
        """The tokenizer's own way, if it gives these very bytes.

        It may put a space in front of a text, as if it began there: so the text follows a mark.
        """
        tokens = self._vocabulary.encode(MARK + text.decode("utf-8", "replace"), special=False)
        pieces = [self._vocabulary.piece(t) for t in tokens]
        behind = [n for n in (1, 2) if b"".join(pieces[n:]) == text]
        return tokens[behind[0] :] if behind else []

    @cached_property
    def _longest_first(self) -> list[tuple[bytes, int]]:
        special = set(self.special_token_ids)
        plain = {t: i for i, t in enumerate(self.tokens) if t and i not in special}
        return sorted(plain.items(), key=lambda pair: -len(pair[0]))

    def _greedy(self, text: bytes) -> list[int]:
        """The longest token that fits, again and again."""
        tokens: list[int] = []
        while text:
            piece, token = next(pair for pair in self._longest_first if text.startswith(pair[0]))
            tokens.append(token)
            text = text[len(piece) :]
        return tokens


def _llguidance() -> Any:
    try:
        import llguidance
    except ImportError as exc:
        raise EngineMissing(
            "Holding an answer to a JSON schema needs the package llguidance.",
            "pip install llguidance",
        ) from exc
    return llguidance
