"""What the user wrote of a model, checked: its settings (``@context=2048``) and its path."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..text import sendable

PARALLEL = 16
"""Most calls of one model that are decoded together, where the user does not say."""

MOST = 2**31 - 1  # what the engines, written in C, can count to

OF_EVERY_MEMBER = ("temperature", "top_p", "max_tokens", "seed", "stop", "system", "weight")
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
    written = settings[key]
    plain = written.isascii() and written.isdecimal() and len(written) <= len(str(MOST))
    number = int(written) if plain else -1
    if not least <= number <= MOST:
        raise UsageError(
            f"{name}: {key}={written[:40]} must be a whole number from {least} to {MOST}.",
            f"Write for example @{key}={max(least, 1024 if key == 'context' else least)}.",
        )
    return number


def path_of(name: str, written: str) -> Path:
    """The absolute path that the user wrote for model ``name``; nothing may lie there yet.

    Raises
    ------
    UsageError
        If it cannot be a path, may not be read, or leads to neither a file nor a folder.
    """
    shown = sendable(name if len(name) <= 200 else name[:200] + "…")
    try:
        path = Path(written).expanduser().absolute()
        str(path).encode()
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return path
    except UnicodeEncodeError as exc:
        raise UsageError(f"The name of {shown} is no UTF-8 text.", "Rename the file.") from exc
    except (ValueError, RuntimeError) as exc:  # a NUL, a user who does not exist
        why = str(exc).rstrip(".")
        raise UsageError(f"{shown} is no path: {why}.", "Write the path in full.") from exc
    except OSError as exc:
        cure = "Check the path, and your rights to each folder of it."
        raise UsageError(f"{shown} cannot be read: {exc.strerror}.", cure) from exc
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise UsageError(f"{shown} is neither a file nor a folder.", "Give the model's own path.")
    if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(kind) else 0)):
        raise UsageError(f"{shown} cannot be read: you have no right to.", "Check its rights.")
    return path
