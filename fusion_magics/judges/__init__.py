"""How a judge compares candidates. A new protocol: one file, and one line in :data:`JUDGES`."""

from __future__ import annotations

from collections.abc import Callable

from ..asking import Asking
from ..types import Judge
from .pointwise import Pointwise

JUDGES: dict[str, Callable[[Asking], Judge]] = {
    "pointwise": Pointwise,
}
"""Protocol word → ``(asking) -> Judge``."""

__all__ = ["JUDGES", "Pointwise"]
