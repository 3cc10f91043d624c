"""Engine settings as the user wrote them (``@context=2048``), checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import UsageError, did_you_mean

OF_EVERY_MEMBER = ("temperature", "top_p", "max_tokens", "seed", "stop", "system")
"""What any member may set; no engine sees these."""


def known(name: str, settings: Mapping[str, str], valid: Sequence[str]) -> None:
    """Raise :class:`UsageError` for a setting of model ``name`` that is not in ``valid``."""
    there = (*valid, *OF_EVERY_MEMBER)
    for key in settings:
        if key not in valid:
            raise UsageError(
                f"{name} has no setting {key!r}.",
                f"{did_you_mean(key, there)}Settings: {', '.join(there)}.",
            )


def whole(name: str, settings: Mapping[str, str], key: str, least: int) -> int | None:
    """Setting ``key`` as a whole number of at least ``least``; None if it is not set."""
    if key not in settings:
        return None
    try:
        number = int(settings[key])
    except ValueError:
        number = least - 1
    if number < least:
        raise UsageError(
            f"{name}: {key}={settings[key]} must be a whole number of at least {least}.",
            f"Write for example @{key}={max(least, 1024 if key == 'context' else least)}.",
        )
    return number
