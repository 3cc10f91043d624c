"""The question as a model reads it that is asked about its answers."""

from __future__ import annotations

from ..types import Prompt


def conversation(prompt: Prompt) -> str:
    """The whole conversation as one text; a single message stands alone."""
    if len(prompt.messages) == 1:
        return prompt.text
    return "\n\n".join(f"{m.role}: {m.content}" for m in prompt.messages)
