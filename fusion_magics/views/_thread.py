"""A debate as a thread: the rounds in their order, each member's message, changes marked."""

from __future__ import annotations

from ..types import Fusion
from . import _words as words
from ._html import answer, esc, fold, folded, name, said

# A member saw the others in an order of its own; the numbers in its words are not the table's.
_CRITIQUE = "its critique of the others, numbered as it saw them"


def thread(fusion: Fusion) -> str:
    """The thread as HTML, to stand within a view; nothing where there was no debate."""
    found = words.debate(fusion)
    if found is None:
        return ""
    title = f"debate: {found.title}" if found.title else "debate"
    rounds = "".join(map(_round, found.rounds))
    return f'<div class="fz-r"><p class="fz-who">{esc(title)}</p>{rounds}</div>'


def _round(round_: words.Round) -> str:
    changed = f": {round_.changes} changed" if round_.changes else ""
    messages = f"<ul>{''.join(map(_message, round_.messages))}</ul>"
    return fold(round_.title + changed, messages, shown=round_.shown)


def _message(message: words.Message) -> str:
    css = ' class="fz-moved"' if message.change else ""
    change = f"<p><em>changed:</em> <bdi>{esc(message.change)}</bdi></p>" if message.change else ""
    critique = folded(_CRITIQUE, message.critique) if message.critique else ""
    return (
        f'<li{css}><span class="fz-k">{message.number or "–"}</span> '
        f"<b>{name(message.member)}</b> <div>{change}{_text(message)}{critique}</div></li>"
    )


def _text(message: words.Message) -> str:
    if message.note:
        return said(message.note, "fz-bad" if message.broke else "fz-w")
    return answer(message.text)
