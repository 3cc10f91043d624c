"""What a user words for the judge, in place or in a file: a rubric, personas."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import UsageError

_FILES = (".txt", ".md")
_MOST_BYTES = 20_000


def file_named(given: str) -> Path | None:
    """The file that ``given`` names; None where it is no path but the text itself."""
    if re.search(r"\n|:\s", given) or not given.strip().lower().endswith(_FILES):
        return None
    return Path(given.strip()).expanduser()


def read_file(path: Path, what: str, cure: str) -> str:
    """The file's text.

    Raises
    ------
    UsageError
        If it cannot be read, is not UTF-8, or has more than 20,000 bytes.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            why = f"it has more than {_MOST_BYTES:,} bytes"
        else:
            return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        why = "it is no UTF-8 text"
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or str(exc)
    raise UsageError(f"{what} {path} cannot be read: {why}.", cure)
