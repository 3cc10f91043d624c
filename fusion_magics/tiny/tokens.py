"""The byte-level vocabulary: one token per byte and four marks; no BOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lessons import Conversation

MARKS = {"system": 256, "user": 257, "assistant": 258, "given": 258}
END = 259
SPECIAL = {"<|system|>": 256, "<|user|>": 257, "<|assistant|>": 258, "<|end|>": END}
VOCABULARY = 260
CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}"
    "{% if m['role'] == 'assistant' %}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def encode(conversation: Conversation) -> tuple[list[int], list[bool]]:
    """Token ids, and for each whether it is to be learned (assistant text and its end).

    The role ``given`` is an assistant turn that is only read.
    """
    ids: list[int] = []
    learned: list[bool] = []
    for role, text in conversation:
        body = list(text.encode())
        closing = [END] if MARKS[role] == MARKS["assistant"] else []
        ids += [MARKS[role], *body, *closing]
        learned += [False] + [role == "assistant"] * (len(body) + len(closing))
    return ids, learned


def prompt(conversation: Conversation) -> list[int]:
    """Token ids up to where the assistant is to speak."""
    return [*encode(conversation)[0], MARKS["assistant"]]


def decode(ids: list[int]) -> str:
    """The text of byte tokens; marks are left out, broken UTF-8 is replaced."""
    return bytes(i for i in ids if i < 256).decode(errors="replace")


def byte_symbols() -> list[str]:
    """GPT-2's printable stand-in for each byte, in byte order, as tokenizer files spell bytes."""
    printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    stand_ins = {byte: chr(byte) for byte in printable}
    stand_ins |= {byte: chr(256 + i) for i, byte in enumerate(rest)}
    return [stand_ins[byte] for byte in range(256)]
