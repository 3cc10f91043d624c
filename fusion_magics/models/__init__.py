"""Models of the catalogue and on this machine: list them, fetch them, remove them.

``%fuse_models`` does the same from a notebook.
"""

from __future__ import annotations

from .fetching import pull
from .naming import Wanted, wanted
from .on_disk import Found, found, local_name
from .removing import remove
from .room import DISK, bytes_of, fits, removable

__all__ = [
    "DISK",
    "Found",
    "Wanted",
    "bytes_of",
    "fits",
    "found",
    "local_name",
    "pull",
    "removable",
    "remove",
    "wanted",
]
