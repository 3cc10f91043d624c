"""Text ↔ tokens of a Hugging Face tokenizer, as mlx-lm loads it."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from . import Special
from ._names import Names, could_be_control


class MlxVocabulary:
    """A :class:`fusion_magics.local.engines.Vocabulary` of an MLX model."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        self.tokenizer = tokenizer._tokenizer  # what mlx-lm wraps
        self.size = size
        self._ends = frozenset(tokenizer.eos_token_ids)
        self.template = _template(self.tokenizer.chat_template)
        self.bos_text = self.tokenizer.bos_token or ""
        self.eos_text = self.tokenizer.eos_token or ""
        begin = self.tokenizer.bos_token_id
        wanted = begin is not None and self.tokenizer.encode("")[:1] == [begin]
        self.bos: int | None = begin if wanted else None

    @cached_property
    def specials(self) -> tuple[Special, ...]:
        return tuple(
            Special(t.content, i, strips_left=t.lstrip, strips_right=t.rstrip)
            for i, t in self.tokenizer.added_tokens_decoder.items()
            if t.special or could_be_control(t.content)
        )

    @cached_property
    def _always_found(self) -> Names:
        added = self.tokenizer.added_tokens_decoder.values()
        return Names(t.content for t in added if not t.special and could_be_control(t.content))

    def encode(self, text: str, special: bool) -> list[int]:
        parts = [text] if special else self._always_found.cut(text)
        return [
            token
            for part in parts
            for token in self.tokenizer.encode(
                part, add_special_tokens=False, split_special_tokens=not special
            )
        ]

    def ends(self, token: int) -> bool:
        return token in self._ends

    def piece(self, token: int) -> bytes:
        if token in self._added:
            return self._added[token]
        text = self.tokenizer.convert_ids_to_tokens(token) or ""
        if self._byte_level:
            return b"".join(BYTE_OF.get(c) or c.encode() for c in text)
        if len(text) == 6 and text.startswith("<0x"):
            return bytes([int(text[3:5], 16)])
        return text.replace("▁", " ").encode()

    @cached_property
    def _added(self) -> dict[int, bytes]:
        """Tokens outside the vocabulary proper: text as it stands, nothing for control tokens."""
        added = self.tokenizer.added_tokens_decoder
        return {i: b"" if t.special else t.content.encode() for i, t in added.items()}

    @cached_property
    def _byte_level(self) -> bool:
        decoder = json.loads(self.tokenizer.backend_tokenizer.to_str())["decoder"] or {}
        kinds = [decoder, *decoder.get("decoders", [])]
        return any(kind.get("type") == "ByteLevel" for kind in kinds)


def _template(template: Any) -> str | None:
    """A tokenizer may have several templates by name."""
    return template.get("default") if isinstance(template, dict) else template


def _byte_alphabet() -> dict[str, bytes]:
    """GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2, ``encoder.py``)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in plain]
    pairs = [(b, b) for b in plain] + [(b, 256 + n) for n, b in enumerate(others)]
    return {chr(shown): bytes([b]) for b, shown in pairs}


BYTE_OF = _byte_alphabet()
