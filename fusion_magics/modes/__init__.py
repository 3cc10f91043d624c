"""How answers become one answer. A new mode is one file here and one line in :data:`MODES`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..types import Answers, Judge, Outcome, Prompt
from .best_of import best_of
from .vote import vote

Mode = Callable[[Prompt, Answers, Judge, int], Awaitable[Outcome]]
"""``(prompt, answers, judge, seed) -> Outcome``; ``answers`` has at least one candidate."""

MODES: dict[str, Mode] = {
    "best-of": best_of,
    "vote": vote,
}
"""The word a user types → the mode."""

__all__ = ["MODES", "Mode", "best_of", "vote"]
