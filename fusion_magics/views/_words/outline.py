"""A section of a view: a title, and points with points of their own below them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One point. ``text`` may be a model's; ``mark`` stands behind it, ``working`` is folded."""

    lead: str = ""
    text: str = ""
    mark: str = ""
    working: str = ""
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Points under a title; ``where`` they are in the fusion, ``shown`` at once or folded."""

    title: str
    items: tuple[Item, ...]
    where: str
    shown: bool = False
