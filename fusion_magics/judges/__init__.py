"""How a judge compares candidates. A new protocol: one file, and one line in :data:`JUDGES`."""

from __future__ import annotations

from collections.abc import Callable

from ..asking import Asking
from ..types import Judge
from .listwise import Listwise
from .pairwise import Pairwise
from .pointwise import Pointwise
from .rubrics import RUBRICS, Rubric, rubric_of

JUDGES: dict[str, Callable[[Asking, Rubric | None], Judge]] = {
    "pointwise": Pointwise,
    "pairwise": Pairwise,
    "listwise": Listwise,
}
"""Protocol word → ``(asking, rubric) -> Judge``; no rubric is the ``general`` one."""

__all__ = ["JUDGES", "RUBRICS", "Listwise", "Pairwise", "Pointwise", "Rubric", "rubric_of"]
