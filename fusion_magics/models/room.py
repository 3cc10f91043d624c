"""Room for a model: in memory, and on the disk."""

from __future__ import annotations

import re
import shutil

from ..errors import DownloadError, UsageError
from ..hub.places import cache_folder
from ..local import free_memory
from ..text import binary_size
from .on_disk import Found, found

DISK = 5 * 10**9
"""Bytes that a download leaves free on the disk, unless another number is given."""

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_AMOUNT = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([KMGT]?)B?", re.ASCII | re.IGNORECASE)

_IN_MEMORY = 1.2  # of the size of its weights, with a context and buffers


def bytes_of(text: str) -> int:
    """``text`` as bytes: ``20GB``, ``500 MB``, ``0``.

    Raises
    ------
    UsageError
        If it is no amount.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text[:40]!r} is no amount.", "Write for example 20GB, or 500MB.")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def fits(size: int) -> bool:
    """Whether a model with ``size`` bytes of weights has room in the memory that is free now."""
    return size * _IN_MEMORY <= free_memory()


def make_sure_of_room(what: str, needed: int, disk: int) -> None:
    """Nothing, if ``needed`` bytes more leave ``disk`` bytes free; nothing is removed for them.

    Raises
    ------
    DownloadError
        If they do not; it names the models without which they would.
    """
    short = needed - (free_disk() - disk)
    if short <= 0:
        return
    others = [f"{model.name} ({binary_size(model.size)})" for model in _enough(short)]
    without = f"Without {', '.join(others)} it would fit: %fuse_models remove NAME. "
    raise DownloadError(
        f"{what} needs {binary_size(needed)} more; {binary_size(free_disk())} are free for "
        f"{cache_folder()}, and {binary_size(disk)} of them shall stay free.",
        f"{without if others else 'Make room. '}Or leave less free (--disk 1GB), or set HF_HOME to "
        "a folder on another disk.",
    )


def free_disk() -> int:
    """Bytes that are free where models are kept."""
    folder = cache_folder()
    return shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free


def removable() -> list[Found]:
    """The models that a download brought here; what other tools keep is theirs."""
    return [model for model in found() if model.place == "hub"]


def _enough(size: int) -> list[Found]:
    """The largest models, as many as together have ``size`` bytes; none if all have less."""
    chosen: list[Found] = []
    for model in sorted(removable(), key=lambda model: model.size, reverse=True):
        chosen.append(model)
        size -= model.size
        if size <= 0:
            return chosen
    return []
