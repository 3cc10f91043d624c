"""How answers become one answer. A new mode is one file here and one line in :data:`MODES`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..types import Outcome
from .best_of import best_of
from .case import Case
from .debate import debate
from .merge import merge
from .vote import vote

Mode = Callable[[Case], Awaitable[Outcome]]
"""``case -> Outcome``. Raises ``NoAnswerError`` where no member answers."""

MODES: dict[str, Mode] = {
    "best-of": best_of,
    "merge": merge,
    "debate": debate,
    "vote": vote,
}
"""The word a user types → the mode."""

__all__ = ["MODES", "Case", "Mode", "best_of", "debate", "merge", "vote"]
