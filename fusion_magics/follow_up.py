"""What is asked: the user's prompt, by itself or behind the conversation that it continues."""

from __future__ import annotations

import reprlib
from typing import get_args

from .errors import UsageError
from .pool import with_system
from .text import sendable
from .types import Fusion, Message, Prompt, Role


def in_conversation(prompt: str | Prompt, system: str | None, before: Fusion | None) -> Prompt:
    """What is asked: ``prompt``, behind the conversation of the fusion ``before``."""
    asked = _prompt(prompt)
    if before is not None:
        asked = _continued(before, asked)
    if system is not None:
        asked = with_system(asked, system)
    return Prompt(tuple(Message(m.role, sendable(m.content)) for m in asked.messages))


def _prompt(prompt: str | Prompt) -> Prompt:
    if not isinstance(prompt, str | Prompt):
        raise UsageError(
            f"{reprlib.repr(prompt)} is no prompt: it is of type {type(prompt).__name__}.",
            "Give the question as a str, or a conversation as a Prompt.",
        )
    asked = Prompt.of(prompt) if isinstance(prompt, str) else prompt
    if not asked.text.strip():
        raise UsageError("The prompt is empty.", "Write the question below the %%fuse line.")
    for message in asked.messages:
        if message.role not in get_args(Role):
            words = ", ".join(get_args(Role))
            raise UsageError(f"There is no role {message.role!r}.", f"Roles: {words}.")
    return asked


def _continued(before: Fusion, asked: Prompt) -> Prompt:
    if not isinstance(before, Fusion):
        raise UsageError(
            f"{reprlib.repr(before)} cannot be continued: it is of type {type(before).__name__}.",
            "Give the Fusion of an earlier question.",
        )
    if not before.text.strip():
        raise UsageError(
            "A fusion without an answer cannot be continued.", "Ask its question again first."
        )
    answered = (*before.prompt.messages, Message("assistant", before.text))
    systems = [m.content for m in asked.messages if m.role == "system"]
    turns = tuple(m for m in asked.messages if m.role != "system")
    whole = Prompt((*answered, *turns))
    return with_system(whole, systems[0]) if systems else whole
