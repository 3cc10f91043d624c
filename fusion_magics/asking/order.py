"""The order in which a model meets the answers."""

from __future__ import annotations

from collections.abc import Sequence

from ..answers import draw
from ..types import Prompt


def shuffled(prompt: Prompt, members: Sequence[str], seed: int) -> list[int]:
    """Indices of ``members`` (labels) in an order that ``seed`` and the question decide.

    Another question, another order: no member has an advantage. The order of the pool plays no
    part, so that shuffling a pool does not change its answer; nor does what they say, so that it is
    known before all have answered.
    """
    return sorted(range(len(members)), key=lambda i: draw(seed, f"{prompt.text}\0{members[i]}"))
