"""Whom a fusion asks: every member at once, with patience and within a budget."""

from __future__ import annotations

from .budget import Budget
from .control import Control
from .pool import (
    Enough,
    Member,
    Pool,
    awake,
    names_of,
    numbered,
    together,
    unique_labels,
    with_system,
)
from .recorder import Recorder
from .repeats import once
from .waiting import LATE, Patience

__all__ = [
    "LATE",
    "Budget",
    "Control",
    "Enough",
    "Member",
    "Patience",
    "Pool",
    "Recorder",
    "awake",
    "names_of",
    "numbered",
    "once",
    "together",
    "unique_labels",
    "with_system",
]
