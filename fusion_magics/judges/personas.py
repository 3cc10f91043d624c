"""Personas: viewpoints from which a juror reads."""

from __future__ import annotations

import re

from ..errors import UsageError, did_you_mean
from ..text import printable, sendable
from .own_text import file_named, read_file

PERSONAS = {
    "builder": "You would have to build and run what is proposed: you look at whether it works "
    "as written, step by step.",
    "skeptic": "You doubt every claim: you look for what is wrong, unproven or left out.",
    "creator": "You care for the idea and how it is told: you look for what is fresh, clear and "
    "fit for its reader.",
    "futurist": "You think years ahead: you look at what follows from it, and whether it will "
    "still be right.",
    "founder": "You have little time and must decide: you look at whether it answers what was "
    "asked, and what acting on it would cost and bring.",
}
"""Name → viewpoint, in one sentence."""


def personas(text: str) -> dict[str, str]:
    """The personas that ``text`` names or describes, in its order: name → viewpoint.

    Parameters
    ----------
    text : str
        Names with commas between (``builder,skeptic``), or ``name: viewpoint``, one per line or
        divided by semicolons, or the path of a ``.txt`` or ``.md`` file of such lines. A line that
        begins with ``#`` is a remark.

    Raises
    ------
    UsageError
        If it names none, one that there is not, or one twice.
    """
    found: dict[str, str] = {}
    for name, viewpoint in _entries(_read(text)):
        if name in found:
            raise UsageError(f"The persona {name!r} is named twice.", "Name each once.")
        found[name] = viewpoint
    if not found:
        raise UsageError("The jury has no personas.", f"There is: {', '.join(PERSONAS)}")
    return found


def _read(text: str) -> str:
    path = file_named(text)
    if path is None:
        return text
    return read_file(path, "The jury in", f"Check the file, or use: {', '.join(PERSONAS)}")


def _entries(text: str) -> list[tuple[str, str]]:
    entries = []
    # A semicolon may also stand within a viewpoint.
    for line in re.split(r"\n|;(?=[^;:\n]+:)", printable(sendable(text))):
        name, colon, viewpoint = (part.strip() for part in line.partition(":"))
        if not name.startswith("#") and colon:
            entries.append(_described(name, viewpoint))
        elif not name.startswith("#"):
            entries += [_shipped(one.strip()) for one in name.split(",") if one.strip()]
    return entries


def _described(name: str, viewpoint: str) -> tuple[str, str]:
    if not name or not viewpoint or "," in name:
        raise UsageError(
            f"{name + ': ' + viewpoint!r} describes no persona.",
            "Write one per line, as name: how it looks at an answer",
        )
    return name, viewpoint


def _shipped(name: str) -> tuple[str, str]:
    if name not in PERSONAS:
        raise UsageError(
            f"There is no persona {name!r}.",
            f"{did_you_mean(name, PERSONAS)}There is: {', '.join(PERSONAS)}. "
            f"Your own: {name}: how it looks at an answer",
        )
    return name, PERSONAS[name]
