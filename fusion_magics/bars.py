"""A small bar chart of a plan: for each wave of local models, what they take of the room."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import cycle, groupby

from .local import Share
from .text import binary_size, printable

_CELLS = 40
_MARKS = "█▓"
# The palette of Okabe & Ito (2008), which people tell apart who see fewer colours.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
_BAR = "display:flex;height:14px;max-width:520px;margin:2px 0 6px;"
_BAR += "background:color-mix(in srgb,currentColor 13%,transparent)"


def bars_as_text(memory: Sequence[Share], room: int) -> list[str]:
    """One text with a line for each wave; none without local models that fit."""
    lines = []
    for wave, members in _waves(memory):
        marks = cycle(_MARKS)
        ends = _ends(members, room, _CELLS)
        bar = "".join(next(marks) * (end - begin) for begin, end in ends)
        lines.append(f"wave {wave}  {bar:░<{_CELLS}}  {_sum(members, room)}")
    return ["\n".join(lines)] if lines else []


def bars_as_html(memory: Sequence[Share], room: int) -> list[str]:
    """One element for each wave."""
    colours = cycle(_COLOURS)
    return [_wave_as_html(wave, members, room, colours) for wave, members in _waves(memory)]


def _wave_as_html(wave: int, members: Sequence[Share], room: int, colours: cycle[str]) -> str:
    parts = [
        f'<span title="{_label(share)}" style="background:{next(colours)};width:{end - begin}%">'
        "</span>"
        for share, (begin, end) in zip(members, _ends(members, room, 100), strict=True)
    ]
    label = f"wave {wave}: {_sum(members, room)}"
    said = f"{label}: {', '.join(map(_label, members))}"
    return (
        f'<div>{label}<div role="img" aria-label="{said}" style="{_BAR}">{"".join(parts)}</div>'
        "</div>"
    )


def _label(share: Share) -> str:
    return escape(printable(f"{share.model} {binary_size(share.need.total)}"))


def _waves(memory: Sequence[Share]) -> list[tuple[int, list[Share]]]:
    here = [share for share in memory if share.wave and share.place == "memory"]
    return [(wave, list(group)) for wave, group in groupby(here, key=lambda share: share.wave)]


def _ends(members: Sequence[Share], room: int, cells: int) -> list[tuple[int, int]]:
    """Where each begins and ends, of ``cells`` in all; nothing is too small to be seen."""
    ends, begin = [], 0
    for share in members:
        end = min(cells, begin + max(1, round(cells * share.need.total / max(1, room))))
        ends.append((begin, end))
        begin = end
    return ends


def _sum(members: Sequence[Share], room: int) -> str:
    return f"{binary_size(sum(share.need.total for share in members))} of {binary_size(room)}"
