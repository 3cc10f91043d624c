"""A section as HTML: points in lists, which carry it where the style sheet is removed."""

from __future__ import annotations

from ._html import beside, esc, fold, folded
from ._words import Item, Section

_SHORT = 16


def outline(section: Section) -> str:
    """``section`` behind its title, or the title alone where there is no more to say."""
    if not section.items:
        return f'<div class="fz-o"><p>{esc(section.title)}</p></div>'
    points = fold(section.title, _list(section.items), shown=section.shown)
    # Short labels stand beside what they say, longer ones above it.
    log = any(len(item.lead) > _SHORT for item in section.items)
    return f'<div class="fz-o{" fz-log" if log else ""}">{points}</div>'


def _list(items: tuple[Item, ...]) -> str:
    return f"<ul>{''.join(map(_item, items))}</ul>" if items else ""


def _item(item: Item) -> str:
    lead = f"<b>{beside(item.lead)}</b> " if item.lead else ""
    text = beside(item.text) if item.text else ""
    mark = f"<sup>{esc(item.mark)}</sup>" if item.mark else ""
    working = folded("the judge's working", item.working) if item.working else ""
    return f"<li>{lead}{text}{mark}{working}{_list(item.items)}</li>"
