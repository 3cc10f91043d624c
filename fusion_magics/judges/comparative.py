"""Judges that show several candidates at once, in several orders.

``pairwise`` and ``listwise`` differ in whom they show in which order, and in how many rankings
become one: a :class:`Tally`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ..asking import Asking
from ..pool import together
from ..seams import Ahead, Known, Load
from ..types import Candidate, Comparison, Judgment, Prompt, Verdict
from .compare import MOST_TOKENS, ahead, compare
from .rubrics import Rubric, rubric_for
from .verdicts import MAX_SCORE, STOPPED, leaders, rank

SOLE = "the only answer: there is nothing to compare it with"


@dataclass(frozen=True, slots=True)
class Tally:
    """What many comparisons say together.

    Attributes
    ----------
    shares : tuple of (float or None)
        Per candidate, its share of wins against the others, ties half, 0 to 1; None where no
        comparison of it counts.
    says : tuple of str
        The same in words, per candidate.
    pairs, flips : int
        See :class:`~fusion_magics.types.Judgment`.
    """

    shares: tuple[float | None, ...]
    says: tuple[str, ...]
    pairs: int
    flips: int


class Comparative(ABC):
    """A :class:`fusion_magics.seams.Judge` that shows several candidates at once.

    Parameters
    ----------
    asking : Asking
        The judge's model. Its seed decides, with the candidates' texts, the orders in which they
        are shown.
    rubric : Rubric, optional
        By what to judge; default: ``general``. The short wording knows no rubric.
    """

    protocol: ClassVar[str]

    def __init__(self, asking: Asking, rubric: Rubric | None = None) -> None:
        self._asking = asking
        self._rubric = rubric_for(asking, rubric)
        self._candidates: Sequence[Candidate] = ()
        self._order: list[int] = []
        self._comparisons: dict[tuple[int, ...], Comparison] = {}  # by the order shown

    @abstractmethod
    def orders(self, shuffled: Sequence[int]) -> Iterable[tuple[int, ...]]:
        """Whom to show together, and in which order; each order once."""

    @abstractmethod
    def tally(self, comparisons: Sequence[Comparison], count: int) -> Tally:
        """What ``comparisons`` of ``count`` candidates say together."""

    async def __call__(self, prompt: Prompt, candidates: Sequence[Candidate]) -> Judgment:
        self._candidates = candidates
        self._order = self._asking.order(prompt, [c.member for c in candidates])
        orders = self.orders(self._order) if len(candidates) > 1 else ()
        self._comparisons = {order: Comparison(order, error=STOPPED) for order in orders}
        # They start in this order, and one model answers one after the other.
        await together(self._compare(prompt, order) for order in self._comparisons)
        # A library behind it may still be loading: a loop that waits for it notices no Stop.
        return await asyncio.to_thread(self._judgment)

    def arrived(self) -> Judgment | None:
        """See :meth:`fusion_magics.seams.Judge.arrived`."""
        if all(one.error == STOPPED for one in self._comparisons.values()):
            return None
        return replace(self._judgment(), decided=False)

    def ahead(self, prompt: Prompt, members: Sequence[str], known: Known) -> Iterator[Ahead]:
        """See :meth:`fusion_magics.seams.Judge.ahead`: each order, up to who has not answered."""
        said = [known[label].text if label in known else None for label in members]
        orders = self.orders(self._asking.order(prompt, members))
        return (
            ahead(self._asking, prompt, [said[i] for i in order], self._rubric)
            for order in (orders if len(members) > 1 else ())
        )

    def load(self, members: Sequence[str]) -> Load:
        """See :meth:`fusion_magics.seams.Judge.load`."""
        orders = list(self.orders(range(len(members)))) if len(members) > 1 else []
        return Load(len(orders), sum(map(len, orders)), MOST_TOKENS[self._asking.wording])

    async def _compare(self, prompt: Prompt, order: tuple[int, ...]) -> None:
        self._comparisons[order] = await compare(
            self._asking, prompt, self._candidates, order, self._rubric
        )

    def _judgment(self) -> Judgment:
        comparisons = tuple(self._comparisons.values())
        tally = self.tally(comparisons, len(self._candidates))
        ranked = rank([self._verdict(i, tally) for i in range(len(self._candidates))])
        tops = leaders(ranked)
        return Judgment(
            verdicts=ranked,
            best=tops[0] if tops else 0,
            protocol=self.protocol,
            judge=self._asking.model.name,
            ties=tops if len(tops) > 1 else (),
            order=tuple(self._order),
            comparisons=comparisons,
            pairs=tally.pairs,
            flips=tally.flips,
            rubric=self._rubric.name if self._rubric else "",
        )

    def _verdict(self, index: int, tally: Tally) -> Verdict:
        if len(self._candidates) == 1:
            return Verdict(index, 0, rationale=SOLE)
        met = [one for one in self._comparisons.values() if index in one.order]
        share = tally.shares[index]
        if share is None:
            return Verdict(index, 0, error=_why(met))
        read = [one for one in met if one.ranking]
        rationale = f"{tally.says[index]}. {self._words(index, read, tally)}"
        working = "\n\n".join(one.working for one in read if one.working)
        return Verdict(index, 0, round(MAX_SCORE * share, 1), rationale, working)

    def _words(self, index: int, read: Sequence[Comparison], tally: Tally) -> str:
        """The judge's own words where it met ``index`` beside the best of the others.

        They name candidates by number, so it is said whose number is whose.
        """

        def rival(one: Comparison) -> float:
            return max(tally.shares[i] or 0.0 for i in one.order if i != index)

        telling = max(read, key=rival)
        numbers = (
            f"[{at}] {'this' if i == index else self._candidates[i].member}"
            for at, i in enumerate(telling.order, 1)
        )
        return f"{', '.join(numbers)}: {telling.rationale}" if telling.rationale else ""


def _why(met: Sequence[Comparison]) -> str:
    """Why none of a candidate's comparisons counts."""
    errors = [one.error for one in met if one.error and one.error != STOPPED]
    return errors[0] if errors else STOPPED
