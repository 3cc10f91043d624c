"""A downloaded model taken off the disk."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..hub.places import repo_of, snapshots
from ..text import binary_size
from .agreeing import agree
from .on_disk import Found, files_of
from .room import removable


def remove(name: str, *, yes: bool = False) -> Found:
    """Remove the downloaded model ``name`` from the Hugging Face cache; returns what it was.

    Parameters
    ----------
    name : str
        As ``%fuse_models`` lists it, with or without ``local:``.
    yes : bool
        Do not ask first.

    Raises
    ------
    UsageError
        If there is no such model in the cache, or the user says no.
    """
    there = {model.name: model for model in removable()}
    model = there.get(name) or there.get(f"local:{name}")
    if model is None:
        near = did_you_mean(name, there)
        raise UsageError(
            f"No download of {name} is here.", f"{near}Downloaded: {', '.join(there) or 'nothing'}"
        )
    if not yes:
        what = f"{model.name}: {binary_size(model.size)} in {model.files[0].parent}"
        agree(what, "Remove it?", f"{model.name} was not removed.")
    for file in files_of(model):
        _remove(file)
    return model


def _remove(link: Path) -> None:
    """Take ``link``, the same file in other versions of the repository, and its content away."""
    repo, content = repo_of(link), link.resolve()
    for snapshot in snapshots(repo):
        for other in snapshot.rglob("*"):
            if other.is_symlink() and other.resolve() == content:
                other.unlink()
    content.unlink(missing_ok=True)
