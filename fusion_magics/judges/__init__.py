"""How a judge compares candidates. A new protocol: one file, and one line in :data:`JUDGES`."""

from __future__ import annotations

from collections.abc import Callable

from ..asking import Asking
from ..types import Judge
from .conflicts import also_members
from .jury import Juror, Jury, seat
from .personas import PERSONAS, personas
from .pointwise import Pointwise
from .scorecard import AGGREGATES, ship_votes
from .weights import calibrate, reliability

JUDGES: dict[str, Callable[[Asking], Judge]] = {
    "pointwise": Pointwise,
}
"""Protocol word → ``(asking) -> Judge``."""

__all__ = [
    "AGGREGATES",
    "JUDGES",
    "PERSONAS",
    "Juror",
    "Jury",
    "Pointwise",
    "also_members",
    "calibrate",
    "personas",
    "reliability",
    "seat",
    "ship_votes",
]
