"""How a fusion is shown. A view is a pure function of a :class:`~fusion_magics.types.Fusion`.

It needs no model, no kernel and no network, so a stored fusion is shown again tomorrow, and each
view is tested from plain values. A new view is one file here and one line in :data:`VIEWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..errors import UsageError, did_you_mean
from ..types import Fusion
from .blind import html, text
from .charts import plot
from .heat_map import similarity
from .plain import plain
from .table import table
from .word_diff import Diff, diff, diff_rounds

if TYPE_CHECKING:
    from ._chart import Chart as Chart

View = Callable[[Fusion], dict[str, str]]
"""``fusion -> MIME type -> content``."""


def _table(fusion: Fusion) -> dict[str, str]:
    # No text/markdown: whoever reads it reads HTML too, and notebooks would keep each text thrice.
    return {"text/html": html(fusion), **_text(fusion)}


def _text(fusion: Fusion) -> dict[str, str]:
    return {"text/plain": text(fusion)}


VIEWS: Mapping[str, View] = {"live": _table, "table": _table, "text": _text}
"""The word a user types → the view. ``live`` is the table, and what :mod:`.live` adds to it."""


def bundle(fusion: Fusion, view: str = "table") -> dict[str, str]:
    """``fusion`` as MIME type → content, for IPython's display; a blind one without names.

    Raises
    ------
    UsageError
        If there is no such view.
    """
    if view not in VIEWS:
        raise UsageError(
            f"There is no view {view!r}.", f"{did_you_mean(view, VIEWS)}Views: {', '.join(VIEWS)}."
        )
    return VIEWS[view](fusion)


__all__ = [
    "VIEWS",
    "Diff",
    "View",
    "bundle",
    "diff",
    "diff_rounds",
    "plain",
    "plot",
    "similarity",
    "table",
]
