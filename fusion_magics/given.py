"""What was asked is kept: the options of a fusion as plain JSON values.

They are written down as the user wrote them (``pool`` a string or a list of member names), not as
they were understood, so that a fusion can say how to ask it again. No key is among them: keys
come from the environment, and no option and no member setting takes one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from .text import sendable
from .types import Fusion

# They say how this one run was watched, and nothing of what was asked.
_OF_THE_RUN = ("dry_run", "watch")


def given(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword-only ``arguments`` of ``function`` that differ from its defaults.

    Parameters
    ----------
    function : callable
        It knows the names and the defaults.
    arguments : mapping
        Name → value, of all its arguments; other names are left out.

    Returns
    -------
    dict of str to JSON values
        A function is ``{"function": its name}``, a fusion that was continued is True; sequences
        are lists of str.
    """
    return {
        name: _plain(arguments[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
        and name not in _OF_THE_RUN
        and not _same(arguments[name], parameter.default)
    }


def _same(value: Any, default: Any) -> bool:
    # Of other types, such as a pandas Series, == gives no bool.
    return value is default or (isinstance(value, str | int | float) and bool(value == default))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return sendable(value)
    if isinstance(value, Fusion):
        return True
    if callable(value):
        return {"function": sendable(getattr(value, "__name__", type(value).__name__))}
    if isinstance(value, Real):
        return int(value) if isinstance(value, Integral) else float(value)
    return [sendable(str(one)) for one in value] if isinstance(value, Iterable) else str(value)
