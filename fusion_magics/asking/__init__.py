"""How a model is asked about candidates: they go in as data, a typed reply comes out.

Judges compare with it, ``merge`` analyses and writes with it.
"""

from __future__ import annotations

from .expectation import expected_value
from .fence import fence_for, fenced, harmless, marks, numbered
from .order import shuffled
from .question import conversation
from .reply import MOST_TOKENS, Asking, PromptOf, Reply, Unreadable

__all__ = [
    "MOST_TOKENS",
    "Asking",
    "PromptOf",
    "Reply",
    "Unreadable",
    "conversation",
    "expected_value",
    "fence_for",
    "fenced",
    "harmless",
    "marks",
    "numbered",
    "shuffled",
]
