"""The file of saved pools: ``pools.json`` in the user's configuration folder.

The environment variable ``FUSION_MAGICS_CONFIG`` names another folder. The file can be read and
edited by hand::

    {
      "mine": {
        "members": ["tiny:sums", "tiny:words*3@temperature=0.9"],
        "judge": "tiny:judge"
      }
    }
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import msgspec

from .errors import UsageError

FOLDER = "FUSION_MAGICS_CONFIG"
NAME = re.compile(r"[^\W\d][\w-]*")
"""What a pool may be called: letters, digits, ``_`` and ``-``, a letter or ``_`` first."""


class SavedPool(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Member names as they were typed, and the judge, or judges with commas between, if any."""

    members: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    judge: str | None = None


_Pools = dict[Annotated[str, msgspec.Meta(pattern=f"^{NAME.pattern}$")], SavedPool]


def path() -> Path:
    """Where the pools are, or will be."""
    folder = os.environ.get(FOLDER)
    if folder:
        return Path(folder).expanduser() / "pools.json"
    import platformdirs

    return platformdirs.user_config_path("fusion_magics", appauthor=False) / "pools.json"


def read() -> dict[str, SavedPool]:
    """The saved pools by name, in the order they were first saved; none if there is no file.

    Raises
    ------
    UsageError
        If the file is damaged or may not be read.
    """
    file = path()
    try:
        return msgspec.json.decode(file.read_text(encoding="utf-8-sig"), type=_Pools)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as exc:  # msgspec's errors, and UnicodeDecodeError, are the latter
        why = getattr(exc, "strerror", None) or exc
    raise UsageError(
        f"The saved pools cannot be read from {file}: {why}.",
        "Correct the file, or move it away; it is left as it is.",
    )


def write(pools: Mapping[str, SavedPool]) -> None:
    """Put ``pools`` in the place of all that were saved, at once: who reads meanwhile reads the
    old file, or the new one.

    Raises
    ------
    UsageError
        If the folder cannot be written to; the old file stays.
    """
    file = path().resolve()  # a link stays a link
    new = file.with_name(f".{file.name}.{uuid4().hex}")
    text = msgspec.json.format(msgspec.json.encode(pools), indent=2).decode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            new.write_text(f"{text}\n", encoding="utf-8")
            os.replace(new, file)
        finally:
            new.unlink(missing_ok=True)
    except OSError as exc:
        raise UsageError(
            f"The pools cannot be saved to {file}: {exc.strerror}.",
            f"Check your rights, or name another folder: {FOLDER}=FOLDER",
        ) from exc
