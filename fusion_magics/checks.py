"""What the user wrote, value by value: as it is meant, or one error that names the cure."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import UsageError, did_you_mean
from .judges import personas

MOST_ROUNDS = 10
USUAL_ROUNDS = 2
SAFE = 0.95
"""How sure the lead must be where ``early_stop`` does not say."""


def choose(what: str, word: str, table: Mapping[str, object]) -> str:
    """``word``, which must be one of ``table``: else a ``UsageError`` that lists them."""
    if word in table:
        return word
    hint = f"{did_you_mean(word, table)}There is: {', '.join(table)}"
    raise UsageError(f"There is no {what} {word!r}.", hint)


def whole(name: str, value: Any, most: int) -> int:
    """``value``, a whole number from 1 to ``most``: else a ``UsageError``."""
    try:
        number = int(value if isinstance(value, str) else operator.index(value))
    except (TypeError, ValueError):
        number = 0
    if 1 <= number <= most:
        return number
    raise UsageError(f"{name} cannot be {value!r}.", f"Give a whole number from 1 to {most}.")


def seconds(name: str, value: Any) -> float:
    """``value``, a finite number above 0: else a ``UsageError``."""
    number = _number(value)
    if 0 < number < math.inf:
        return number
    raise UsageError(f"{name} cannot be {value!r}.", "Give seconds, more than 0.")


def safety(value: Any) -> float | None:
    """How sure a lead must be for ``early_stop=value``; None: no early stop."""
    if value is None or isinstance(value, bool):
        return SAFE if value else None
    number = _number(value)
    if 0.5 < number < 1:
        return number
    raise UsageError(
        f"early_stop cannot be {value!r}.", "Give True, or a probability between 0.5 and 1."
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def jury_of(jury: str | Sequence[str] | None) -> Mapping[str, str]:
    """The personas that the user named: name → viewpoint; empty: none."""
    if jury is None:
        return {}
    return personas(jury if isinstance(jury, str) else ",".join(jury))
