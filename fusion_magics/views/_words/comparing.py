"""How the judge compared candidates with each other, and whether their order mattered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...types import Comparison, Fusion, Judgment
from .outline import Item, Section
from .texts import one_line, several

_WHERE = "fusion.judgment.comparisons"


def comparisons(fusion: Fusion) -> Section | None:
    """``judged in both orders: 1 of 3 pairs flipped``, and every comparison with its reason."""
    judgment = fusion.judgment
    if judgment is None or not (judgment.comparisons or judgment.pairs):
        return None
    names = [one_line(c.member) for c in fusion.candidates]
    pairwise = all(len(c.order) == 2 for c in judgment.comparisons)
    items = _pairs(judgment, names) if pairwise else _orders(judgment, names)
    return Section("; ".join(_title(judgment, pairwise)), tuple(items), _WHERE)


def _title(judgment: Judgment, pairwise: bool) -> Iterator[str]:
    calls, pairs, flips = len(judgment.comparisons), judgment.pairs, judgment.flips
    changed = "flipped" if pairwise else "changed places"
    counted = f" (counted as {'a tie' if flips == 1 else 'ties'})" if flips else ""
    if not pairs:
        yield several(calls, "comparison")
    else:
        orders = "both orders" if pairwise else several(calls, "order")
        which = f"{flips or 'none'} of {several(pairs, 'pair')}"
        yield f"judged in {orders}: {which} {changed}{counted}"
    if unread := sum(bool(c.error) for c in judgment.comparisons):
        yield f"{unread} of {calls} replies could not be read"


# ── listwise ─────────────────────────────────────────────────────────────────────────────────


def _orders(judgment: Judgment, names: Sequence[str]) -> Iterator[Item]:
    for comparison in judgment.comparisons:
        lead = "shown " + ", ".join(names[i] for i in comparison.order)
        ranking = _ranking(comparison, names)
        yield Item(lead, items=(_reason(ranking, comparison),))


def _ranking(comparison: Comparison, names: Sequence[str]) -> str:
    """``a > b = c``."""
    groups = (" = ".join(names[i] for i in group) for group in comparison.ranking)
    return "ranked " + " > ".join(groups) if comparison.ranking else ""


def _reason(lead: str, comparison: Comparison) -> Item:
    return Item(lead, comparison.error or comparison.rationale, working=comparison.working)


# ── pairwise ─────────────────────────────────────────────────────────────────────────────────


def _pairs(judgment: Judgment, names: Sequence[str]) -> Iterator[Item]:
    meetings: dict[tuple[int, ...], list[Comparison]] = {}
    for comparison in judgment.comparisons:
        meetings.setdefault(tuple(sorted(comparison.order)), []).append(comparison)
    for pair, met in meetings.items():
        lead = " against ".join(names[i] for i in pair)
        items = (_reason(_order(c, names), c) for c in met)
        yield Item(f"{lead}: {_outcome(met, names)}", items=tuple(items))


def _outcome(met: Sequence[Comparison], names: Sequence[str]) -> str:
    results = [_result(c, names) for c in met if not c.error]
    if not results:
        return "not read"
    if len(set(results)) > 1:
        return "flipped"
    return f"{results[0]} in {'both orders' if len(results) > 1 else 'one order only'}"


def _order(comparison: Comparison, names: Sequence[str]) -> str:
    first = f"{names[comparison.order[0]]} shown first"
    return first if comparison.error else f"{first}, {_result(comparison, names)}"


def _result(comparison: Comparison, names: Sequence[str]) -> str:
    """``a wins``, ``a tie``."""
    best = comparison.ranking[0] if comparison.ranking else ()
    return f"{names[best[0]]} wins" if len(best) == 1 else "a tie"
