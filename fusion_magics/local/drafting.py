"""Draft tokens, looked up in what a text is likely to copy: its own prompt.

Prompt lookup decoding (Saxena 2023; LLMA, Yang et al. 2023, arXiv:2304.04487): where the last
tokens of a text stand in its prompt, or in what was written before, those behind them there are a
draft of what comes next. The model reads the draft in one step, and keeps as much of it as it would
have written by itself (Leviathan et al. 2023, arXiv:2211.17192). So a greedy text stays the same,
but for ties within rounding: attention over several rows adds up in another order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

NEEDLE = 2
"""So many tokens must stand elsewhere: one alone says nothing of the next."""

PLACES = 16
"""At most so many places are looked at, the last ones first."""

MOST = 3
"""Tokens of the longest draft: with the one before them the four rows that llama.cpp's kernels take
at once. On a CPU more rows take longer by as much as they save (``benchmarks/drafts.py``)."""

SURE = 3
"""So many tokens that agree promise a whole draft; fewer promise one token."""

LONGEST = 16
"""Tokens that are compared at most."""


class Lookup:
    """Finds drafts for one text.

    Parameters
    ----------
    prompt : sequence of int
        The tokens that it follows.
    """

    def __init__(self, prompt: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._behind: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for token in prompt:
            self.add(token)

    def add(self, token: int) -> None:
        """The next token of the text."""
        self._tokens.append(token)
        place = len(self._tokens)
        if place >= NEEDLE:
            self._behind[tuple(self._tokens[-NEEDLE:])].append(place)

    def draft(self, most: int = MOST) -> list[int]:
        """At most ``most`` tokens that may come next; none where nothing is known."""
        agree, place = max(map(self._agreement, self._places()), default=(0, 0))
        count = min(most, MOST if agree >= SURE else 1)
        return self._tokens[place : place + max(0, count)] if agree else []

    def _places(self) -> list[int]:
        end = len(self._tokens)
        found = self._behind.get(tuple(self._tokens[-NEEDLE:]), [])
        return [place for place in found[-PLACES - 1 :] if place < end]

    def _agreement(self, place: int) -> tuple[int, int]:
        """How many tokens before ``place`` are those at the end of the text, and ``place``."""
        tokens, end, agree = self._tokens, len(self._tokens), NEEDLE
        while agree < min(place, LONGEST) and tokens[place - agree - 1] == tokens[end - agree - 1]:
            agree += 1
        return agree, place
