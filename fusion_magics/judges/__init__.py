"""How a judge compares candidates. A new protocol: one file, and one line in :data:`JUDGES`."""

from __future__ import annotations

from collections.abc import Callable

from ..asking import Asking
from ..seams import Judge
from .conflicts import also_members
from .jury import Juror, Jury, seat
from .listwise import Listwise
from .pairwise import Pairwise
from .personas import PERSONAS, personas
from .pointwise import Pointwise
from .rubrics import RUBRICS, Rubric, rubric_of
from .scorecard import AGGREGATES, ship_votes
from .weights import calibrate, reliability

JUDGES: dict[str, Callable[[Asking, Rubric | None], Judge]] = {
    "pointwise": Pointwise,
    "pairwise": Pairwise,
    "listwise": Listwise,
}
"""Protocol word → ``(asking, rubric) -> Judge``; no rubric is the ``general`` one."""

__all__ = [
    "AGGREGATES",
    "JUDGES",
    "PERSONAS",
    "RUBRICS",
    "Juror",
    "Jury",
    "Listwise",
    "Pairwise",
    "Pointwise",
    "Rubric",
    "also_members",
    "calibrate",
    "personas",
    "reliability",
    "rubric_of",
    "seat",
    "ship_votes",
]
