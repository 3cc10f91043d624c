"""``live``: the static view of a fusion, alive while its page and its kernel are.

A page's module (``page/``) finds the element that carries the fusion's key, shows the board in it
while the pool runs, and afterwards makes the static HTML of :mod:`fusion_magics.views.table`
sortable, searchable, comparable. So a saved notebook holds that HTML and no widget: without a
kernel, untrusted or exported, nothing is missing but the behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...types import Fusion


def show(fusion: Fusion) -> None:
    """Show ``fusion`` where its progress was; one that was shown before, anew."""
    from .live import Live

    Live.of(fusion).show(fusion)
