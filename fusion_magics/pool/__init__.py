"""Whom a fusion asks: every member at once, with patience and within a budget."""

from __future__ import annotations

from .budget import Budget
from .pool import Enough, Member, Pool, Recorder, awake, together, unique_labels, with_system
from .repeats import once
from .waiting import Patience

__all__ = [
    "Budget",
    "Enough",
    "Member",
    "Patience",
    "Pool",
    "Recorder",
    "awake",
    "once",
    "together",
    "unique_labels",
    "with_system",
]
