"""Conflicts of interest: a judge that meets its own answer."""

from __future__ import annotations

import re
from collections.abc import Iterable


def wrote(model: str, member: str) -> bool:
    """Whether the model of this name is the member of this label, or one of its samples."""
    return re.fullmatch(rf"{re.escape(model)}(#\d+)?", member) is not None


def also_members(judges: Iterable[str], members: Iterable[str]) -> tuple[str, ...]:
    """A note on each judge (by model name) that is also a member (by label) of the pool."""
    labels = list(members)
    return tuple(
        f"{judge} judges and is a member too: it may favour its own answer."
        for judge in dict.fromkeys(judges)
        if any(wrote(judge, label) for label in labels)
    )
