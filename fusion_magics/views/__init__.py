"""How a fusion is shown. A view is a pure function of a :class:`~fusion_magics.types.Fusion`.

It needs no model, no kernel and no network, so a stored fusion is shown again tomorrow, and each
view is tested from plain values. A new view is one file here and one line in :data:`VIEWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import UsageError
from ..own_vote import hidden
from ..types import Fusion
from .blind import blind, plain_blind
from .plain import plain
from .table import table

View = Callable[[Fusion], dict[str, str]]
"""``fusion -> MIME type -> content``."""


def _table(fusion: Fusion) -> dict[str, str]:
    # No text/markdown: whoever reads it reads HTML too, and notebooks would keep each text thrice.
    html = blind(fusion) if hidden(fusion) else table(fusion)
    return {"text/html": html, **_text(fusion)}


def _text(fusion: Fusion) -> dict[str, str]:
    return {"text/plain": plain_blind(fusion) if hidden(fusion) else plain(fusion)}


VIEWS: Mapping[str, View] = {"table": _table, "text": _text}
"""The word a user types → the view."""


def bundle(fusion: Fusion, view: str = "table") -> dict[str, str]:
    """``fusion`` as MIME type → content, for IPython's display; a blind one without names.

    Raises
    ------
    UsageError
        If there is no such view.
    """
    if view not in VIEWS:
        raise UsageError(f"There is no view {view!r}.", f"Views: {', '.join(VIEWS)}.")
    return VIEWS[view](fusion)


__all__ = ["VIEWS", "View", "blind", "bundle", "plain", "plain_blind", "table"]
