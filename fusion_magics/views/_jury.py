"""A jury as HTML: one card per juror for the answer, and a folded table for all candidates."""

from __future__ import annotations

from ..types import Fusion
from . import _words as words
from ._html import esc, fold, name, said

# The cards of a larger jury are folded.
_SHOWN = 12
_CLASS = {"ship": "", "skip": ' class="fz-skip"'}


def jury(fusion: Fusion) -> str:
    """The scorecard; nothing where no jury judged."""
    found = words.scorecard(fusion)
    if found is None:
        return ""
    first, *rest = (esc(part) for part in found.headline)
    head = f"<p><b>{' · '.join((first, *rest))}</b></p>"
    cards = f"<ul>{''.join(map(_card, found.cards))}</ul>" if found.cards else ""
    if len(found.cards) > _SHOWN:
        cards = fold(f"what {len(found.cards)} jurors say", cards)
    missing = "".join(f"<p>{esc(line)}</p>" for line in found.missing)
    return f'<div class="fz-j">{head}{cards}{missing}{_table(found)}</div>'


def _card(card: words.Card) -> str:
    css = _CLASS.get(card.word, ' class="fz-none"')
    score = f" <b>{card.score}</b>" if card.score else ""
    return f"<li{css}><em>{card.word}</em>{score} {name(card.juror)}{_reason(card)}</li>"


def _reason(card: words.Card) -> str:
    return said(card.reason, "fz-bad" if card.missing else "") if card.reason else ""


def _table(found: words.Scorecard) -> str:
    """Juror by candidate; the reasons that the cards have are not repeated."""
    if not found.columns:
        return ""
    head = "".join(f'<th scope="col">{name(column)}</th>' for column in found.columns)
    body = "".join(
        f'<tr><th scope="row">{name(juror)}</th>'
        f"{''.join(_cell(card, found) for card in cards)}</tr>"
        for juror, cards in found.table
    )
    table = f"<table><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    return fold("every juror on every answer", f'<div class="fz-wide">{table}</div>')


def _cell(card: words.Card | None, found: words.Scorecard) -> str:
    if card is None:
        return "<td>–</td>"
    told = card.missing or card in found.cards
    return f"<td>{card.vote}{'' if told else _reason(card)}</td>"
