"""A model brought from the hub: its licence agreed to, room made sure of, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

from ..errors import DownloadError, Interrupted, UsageError
from ..hub import download, told
from ..hub.names import model_files
from ..hub.places import offline
from ..text import binary_size, printable
from ..views.screens import front_end
from .agreeing import agree_to_licence
from .naming import Wanted, wanted
from .room import DISK, make_sure_of_room

# No code: a repository's Python is not run here.
_OF_MLX = ("*.json", "*.safetensors", "*.model", "*.tiktoken", "*.txt", "*.jinja")


def pull(name: str, *, yes: bool = False, disk: int = DISK) -> Path:
    """Download the model ``name``, if it is not here; a download that was stopped goes on.

    Parameters
    ----------
    name : str
        As :func:`fusion_magics.models.wanted` reads it.
    yes : bool
        Agree to a gated or non-commercial licence; without it the user is asked.
    disk : int
        Bytes to leave free on the disk.

    Returns
    -------
    Path
        The GGUF file (of several shards the first), or the MLX model's folder.

    Raises
    ------
    UsageError
        If there is no such model, or its licence is not agreed to.
    DownloadError
        If it does not fit on the disk, does not arrive, or arrives damaged.
    Interrupted
        If it is stopped; what has arrived is kept.
    """
    model = wanted(name)
    with suppress(UsageError):  # several are here: which one is meant, the hub's listing says
        if (here := model.here()) is not None:
            return here
    if find_spec("huggingface_hub") is None:
        raise DownloadError(
            "Downloads need the package huggingface_hub.", 'pip install "fusion-magics[local]"'
        )
    if offline():
        raise told.is_offline(model.name)
    source = download.listing(model.source.repo)
    files = _files(model, source)
    agree_to_licence(model, source, yes)
    make_sure_of_room(model.name, download.missing(source.repo, files), disk)
    paths = _fetch(model, source, files)
    return paths[0] if model.engine == "llamacpp" else paths[0].parent


def _files(model: Wanted, source: download.Listing) -> list[download.File]:
    there = {file.name: file for file in source.files}
    if model.engine == "llamacpp":
        return [there[name] for name in model_files(model.source, there)]
    chosen = [name for name in there if any(fnmatch(name, form) for form in _OF_MLX)]
    if "config.json" not in chosen or not any(name.endswith(".safetensors") for name in chosen):
        raise UsageError(
            f"{source.repo} holds no MLX model.",
            "One has config.json and *.safetensors. For a GGUF file write llamacpp:org/repo.",
        )
    return [there[name] for name in chosen]


def _fetch(model: Wanted, source: download.Listing, files: Sequence[download.File]) -> list[Path]:
    total = sum(file.size for file in files)
    before = total - download.missing(source.repo, files)
    try:
        with _bar(model.name, before, total) as seen:
            return [download.fetch(source, file, seen) for file in files]
    except KeyboardInterrupt:
        there = binary_size(total - download.missing(source.repo, files))
        raise Interrupted(
            f"Stopped: {there} of {binary_size(total)} of {model.name} are here. {told.KEPT}"
        ) from None


@contextmanager
def _bar(what: str, before: int, total: int) -> Iterator[download.Seen]:
    """A progress bar; it shows nothing where nobody looks on."""
    from tqdm import tqdm

    notebook = front_end()
    with tqdm(
        desc=printable(what),
        initial=before,
        total=total,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=not (notebook or sys.stderr.isatty()),
        file=sys.stdout if notebook else sys.stderr,  # a notebook paints the other one red
    ) as bar:
        yield bar.update
