"""When each member and the judge loaded, read and wrote: one strip each, on a common time."""

from __future__ import annotations

from ..types import Fusion
from . import _words as words
from ._html import fold, name, time

_FOLD = 12
_CLASS = {"loading": "fz-load", "reading": "fz-read", "writing": "fz-write", "judging": "fz-judge"}


def timeline(fusion: Fusion) -> str:
    """The strips as a table; folded where there are many, nothing where nothing was called."""
    tracks = words.tracks(fusion)
    whole = fusion.seconds
    if not tracks or whole <= 0:
        return ""
    kinds = {phase.what for track in tracks for phase in track.phases}
    legend = ", ".join(f'<i class="{css}"></i>{w}' for w, css in _CLASS.items() if w in kinds)
    body = "".join(_strip(track, whole) for track in tracks)
    table = (
        f'<table class="fz-s"><caption>timeline: {legend}</caption><tbody>{body}</tbody></table>'
    )
    if len(tracks) <= _FOLD:
        return table
    return fold(f"timeline of {len(tracks)} models", table)


def _strip(track: words.Track, whole: float) -> str:
    bars = "".join(
        f'<i class="{_CLASS[p.what]}" style="left:{100 * p.start / whole:.1f}%;'
        f'width:{100 * (p.end - p.start) / whole:.1f}%"></i>'
        for p in track.phases
    )
    # The words are for screen readers, and for where the style sheet is removed.
    return (
        f'<tr><th scope="row">{name(track.label)}</th>'
        f'<td><span class="fz-bar" title="{track.words}">{bars}'
        f'<span class="fz-sr">{track.words}</span></span></td>'
        f"<td>{time(track.seconds)}</td></tr>"
    )
