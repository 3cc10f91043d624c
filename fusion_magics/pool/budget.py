"""A hard cap over all calls of a fusion: what is not certain to fit is not asked."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import ModelError, UsageError
from ..seams import Model, most_written
from ..types import FREE, Delta, Finish, Price, Prompt, SamplingParams

LEAST_ANSWER = 16
"""Tokens: a call that has not room for so many to write is not made."""

_TOKENS_PER_MESSAGE = 16  # marks and roles

_WRITTEN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(usd|tok)\s*", re.IGNORECASE)
_PER_TOKEN = Price(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Budget:
    """``amount`` US dollars (``usd``), or tokens read and written together (``tok``)."""

    amount: float
    unit: Literal["usd", "tok"]

    @classmethod
    def of(cls, text: str) -> Budget:
        """The budget that the user wrote: ``0.05usd``, ``20000tok``.

        Raises
        ------
        UsageError
            If it is none.
        """
        found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
        if found is None or not 0 < float(found[1]) < math.inf:
            raise UsageError(
                f"The budget cannot be {text!r}.", "Write US dollars or tokens: 0.05usd, 20000tok."
            )
        return cls(float(found[1]), "usd" if found[2].lower() == "usd" else "tok")

    def __str__(self) -> str:
        return f"{self.amount:.10g}{self.unit}"


def most_prompt_tokens(model: Model, prompt: Prompt) -> int:
    """An upper bound: no tokenizer makes more tokens than there are bytes."""
    size = sum(len(m.content.encode()) + _TOKENS_PER_MESSAGE for m in prompt.messages)
    return size + model.template_tokens


@dataclass(slots=True, eq=False)
class Grant:
    """What one call may write of the tokens it ``asked`` for, and the most it may cost by that."""

    params: SamplingParams
    asked: int
    price: Price
    reserved: float
    begun: bool = False
    finish: Finish | None = None

    @property
    def cut(self) -> bool:
        """Whether the call ended where the budget had set its limit."""
        short = self.params.max_tokens < self.asked
        return short and self.finish is not None and self.finish.reason == "length"

    def saw(self, delta: Delta) -> None:
        """Take notice of a piece of the call's stream."""
        self.begun = self.begun or bool(delta.text) or delta.state in ("reading", "writing")
        self.finish = delta.finish or self.finish


class Spending:
    """Grants calls what ``budget`` has left for them; None: no bound.

    A call reserves the most it may cost: its prompt at a token per byte, and all it may write.
    While others hold too much of the budget it waits for them, because what they do not use comes
    back; then it is granted fewer tokens to write, or refused.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget
        self._spent = 0.0
        self._open: list[Grant] = []
        self._ended = asyncio.Event()
        self._refused = self._cut = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: that the budget was reached, and what that cost."""
        if not self._refused + self._cut:
            return ()
        counts = f"calls not made: {self._refused}, cut short: {self._cut}"
        return (f"The budget of {self._budget} was reached ({counts}).",)

    @asynccontextmanager
    async def granted(
        self, model: Model, prompt: Prompt, params: SamplingParams
    ) -> AsyncIterator[Grant]:
        """What the call may write; the budget counts it while this is open.

        Raises
        ------
        ModelError
            Of kind ``budget``, if not even a small answer fits.
        """
        if self._budget is None:
            yield Grant(params, params.max_tokens, FREE, 0.0)
            return
        price = _PER_TOKEN if self._budget.unit == "tok" else model.price
        params = replace(params, max_tokens=most_written(model, params.max_tokens))
        assert price is not None  # fuse() refuses a budget in dollars for those
        read = most_prompt_tokens(model, prompt) * price.read
        while read + params.max_tokens * price.written > self._left() and self._open:
            await self._ended.wait()
        grant = self._grant(model.name, price, read, params)
        self._open.append(grant)
        try:
            yield grant
        finally:
            self._settle(grant)

    def _left(self) -> float:
        assert self._budget is not None
        return self._budget.amount - self._spent - sum(grant.reserved for grant in self._open)

    def _grant(self, name: str, price: Price, read: float, params: SamplingParams) -> Grant:
        left = self._left()
        room = max(left - read, 0.0) / price.written if price.written else math.inf
        tokens = int(min(room, params.max_tokens))
        if read > left or tokens < min(LEAST_ANSWER, params.max_tokens):
            self._refused += 1
            raise ModelError(
                f"The budget of {self._budget} has no room for this call of {name}: "
                f"{max(left, 0):.4g} left.",
                "Give a larger budget, or fewer tokens per answer: max_tokens.",
                kind="budget",
            )
        reserved = read + tokens * price.written
        return Grant(replace(params, max_tokens=tokens), params.max_tokens, price, reserved)

    def _settle(self, grant: Grant) -> None:
        self._open.remove(grant)
        self._spent += self._cost(grant)
        self._cut += grant.cut
        self._ended.set()  # wakes who waits now …
        self._ended = asyncio.Event()  # … and nobody who comes later

    def _cost(self, grant: Grant) -> float:
        """What an ended call cost; of one that broke off nobody knows, so all it might have."""
        if grant.finish is None:
            return grant.reserved if grant.begun else 0.0
        usage = grant.finish.usage
        billed = usage.cost if grant.price is not _PER_TOKEN else None
        return grant.price.of(usage) if billed is None else billed
