"""How a judge compares candidates. A new protocol: one file, and one line in :data:`JUDGES`."""

from __future__ import annotations

from collections.abc import Callable

from ..types import Ask, Judge, Model
from .pointwise import Pointwise

JUDGES: dict[str, Callable[[Model, Ask, int], Judge]] = {
    "pointwise": Pointwise,
}
"""Protocol word → ``(model, ask, seed) -> Judge``."""

__all__ = ["JUDGES", "Pointwise"]
