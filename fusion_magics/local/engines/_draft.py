"""What a step gave behind each token of a draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass
class Draft(Generic[Row]):
    """A draft that was read.

    Attributes
    ----------
    tokens : list of int
        Those that have not been followed yet.
    rows : list
        The logits behind each of them.
    """

    tokens: list[int]
    rows: list[Row]

    def follow(self, picked: int) -> Row | None:
        """The logits behind ``picked`` if it is what was drafted; None forgets the rest."""
        if self.tokens and self.tokens[0] == picked:
            self.tokens.pop(0)
            return self.rows.pop(0)
        self.tokens, self.rows = [], []
        return None
