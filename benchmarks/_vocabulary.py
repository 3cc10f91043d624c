"""The vocabularies of real models, for models with random weights."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import gguf

# What later versions of Mistral's vocabulary call tokens that this one keeps in reserve.
NAMED_LATER = {17: "[SYSTEM_PROMPT]", 18: "[/SYSTEM_PROMPT]"}


@dataclass(frozen=True)
class Vocabulary:
    """Tokens, and all that a GGUF says of them, by its keys ``tokenizer.ggml.*``."""

    tokens: list[str]
    kinds: list[int]
    template: str
    other: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, template: str, folder: Path) -> Vocabulary:
        """The vocabulary ``name`` with the chat template ``template``.

        ``folder`` is llama.cpp's ``models``; a name that begins with ``tekken`` is a file of
        mistral-common.
        """
        jinja = (folder / "templates" / f"{template}.jinja").read_text(encoding="utf-8")
        if name.startswith("tekken"):
            return cls(*_tekken(name), jinja, _OF_TEKKEN | {"merges": _tekken_merges(name)})
        found = _of_gguf(folder / f"ggml-vocab-{name}.gguf")
        other = {key: value for key, value in found.items() if key not in ("tokens", "token_type")}
        return cls(found["tokens"], found["token_type"], jinja, other)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def control(self) -> list[str]:
        """The control tokens."""
        return [t for t, k in zip(self.tokens, self.kinds, strict=True) if k == _CONTROL]

    def token(self, role: str) -> str | None:
        """The begin (``bos``) or end (``eos``) token."""
        number = self.other.get(f"{role}_token_id")
        return None if number is None else self.tokens[number]

    def describe(self, writer: gguf.GGUFWriter) -> None:
        """Put it into a GGUF."""
        writer.add_vocab_size(len(self))
        writer.add_token_list(self.tokens)
        writer.add_token_types(self.kinds)
        writer.add_chat_template(self.template)
        for key, value in self.other.items():
            _ADD[type(value)](writer, f"tokenizer.ggml.{key}", value)


_CONTROL = int(gguf.TokenType.CONTROL)
_ADD: dict[type, Any] = {
    str: gguf.GGUFWriter.add_string,
    bool: gguf.GGUFWriter.add_bool,
    int: gguf.GGUFWriter.add_uint32,
    list: gguf.GGUFWriter.add_array,
}
_OF_TEKKEN = {"model": "gpt2", "pre": "tekken", "bos_token_id": 1, "eos_token_id": 2}
_OF_TEKKEN |= {"add_bos_token": True}


@cache
def _of_gguf(path: Path) -> dict[str, Any]:
    prefix = "tokenizer.ggml."
    fields = gguf.GGUFReader(path).fields.items()
    return {k.removeprefix(prefix): v.contents() for k, v in fields if k.startswith(prefix)}


def _tekken(name: str) -> tuple[list[str], list[int]]:
    found = [(text.decode(), int(kind)) for text, _, kind in _mistral(name).all_tokens()]
    tokens = [NAMED_LATER.get(n, text) for n, (text, _) in enumerate(found)]
    return tokens, [kind for _, kind in found]


def _tekken_merges(name: str) -> list[str]:
    merges: list[str] = _mistral(name).extract_vocab_merges_from_model()
    return [merge for merge in merges if re.fullmatch(r"\S+ \S+", merge)]


def _mistral(name: str) -> Any:
    import shutil
    from tempfile import TemporaryDirectory

    import mistral_common
    from gguf.vocab import MistralVocab

    source = Path(mistral_common.__file__).parent / "data" / f"{name}.json"
    with TemporaryDirectory() as folder:
        shutil.copy(source, Path(folder) / "tekken.json")
        return MistralVocab(Path(folder))
