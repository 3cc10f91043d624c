"""How answers become one answer. A new mode is one file here and one line in :data:`MODES`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..seams import Outcome
from .best_of import best_of, best_of_load
from .cascade import cascade
from .case import Case, Loads
from .debate import debate, debate_load
from .grouping import check_can_group
from .merge import merge, merge_load
from .vote import vote, vote_load

Mode = Callable[[Case], Awaitable[Outcome]]
"""``case -> Outcome``. Raises ``NoAnswerError`` where no member answers."""

MODES: dict[str, Mode] = {
    "best-of": best_of,
    "merge": merge,
    "debate": debate,
    "vote": vote,
}
"""The word a user types → the mode."""

LOADS: dict[str, Callable[[Case], Loads]] = {
    "best-of": best_of_load,
    "merge": merge_load,
    "debate": debate_load,
    "vote": vote_load,
}
"""Mode → what it takes at most, where nothing goes wrong."""

__all__ = [
    "LOADS",
    "MODES",
    "Case",
    "Loads",
    "Mode",
    "best_of",
    "cascade",
    "check_can_group",
    "debate",
    "merge",
    "vote",
]
