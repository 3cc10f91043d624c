"""The models that are on this machine, wherever another tool or the user put them.

Looked at: the Hugging Face cache, LM Studio's folder, Ollama's store, and the folders named in
``FUSION_MAGICS_MODELS`` (several with ``:`` between, ``;`` on Windows). Nothing is loaded; file
names and manifests are anybody's text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..catalog import Entry, Variant, entries
from ..hub import ollama
from ..hub.names import models_in, quantisation
from ..hub.places import cache_folder, files_in, is_whole, lm_studio, repo_of, snapshots

FOLDERS = "FUSION_MAGICS_MODELS"


@dataclass(frozen=True, slots=True)
class Found:
    """A model on this machine.

    Attributes
    ----------
    name : str
        The member name by which it is asked.
    files : tuple of Path
        The GGUF file, or all shards of it; of an MLX model the folder.
    size : int
        Bytes.
    quantisation : str
        ``""`` if nothing says it.
    context : int, optional
        Tokens; None if nothing says it without loading the model.
    licence : str
        ``""`` if nothing says it.
    place : str
        Who keeps it: ``hub`` (the Hugging Face cache), ``lmstudio``, ``ollama`` or ``folder``.
    """

    name: str
    files: tuple[Path, ...]
    size: int
    quantisation: str
    context: int | None
    licence: str
    place: str


def found() -> list[Found]:
    """The models on this machine, each once, those of the catalogue first."""
    there: dict[tuple[Path, ...], Found] = {}
    for model in (*_of_the_hub(), *_of_lm_studio(), *_of_ollama(), *_of_folders()):
        there.setdefault(tuple(file.resolve() for file in model.files), model)
    return sorted(there.values(), key=lambda model: not model.name.startswith("local:"))


def files_of(model: Found) -> list[Path]:
    """The files of ``model``; of an MLX model those in its folder."""
    return [
        file
        for path in model.files
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
    ]


def folders() -> list[Path]:
    """The folders named in ``FUSION_MAGICS_MODELS`` that exist."""
    written = os.environ.get(FOLDERS, "").split(os.pathsep)
    return [path for path in (Path(w).expanduser() for w in written if w) if path.is_dir()]


# ── where they may lie ───────────────────────────────────────────────────────────────────────


def _of_the_hub() -> Iterator[Found]:
    with suppress(OSError):
        for folder in sorted(cache_folder().glob("models--*--*")):
            repo = repo_of(folder)
            seen: set[str] = set()
            for snapshot in snapshots(repo):
                for model in _of_repository(repo, snapshot, "hub"):
                    if model.name not in seen:  # an older version
                        seen.add(model.name)
                        yield model


def _of_lm_studio() -> Iterator[Found]:
    for home in lm_studio():
        for folder in sorted(path for path in home.glob("*/*") if path.is_dir()):
            yield from _of_repository(folder.relative_to(home).as_posix(), folder, "lmstudio")


def _of_ollama() -> Iterator[Found]:
    for model in ollama.stored():
        name = f"llamacpp:{ollama.PREFIX}{model.name}"
        yield Found(
            name, (model.path,), _size([model.path]), model.quantisation, None, "", "ollama"
        )


def _of_folders() -> Iterator[Found]:
    for folder in folders():
        files = files_in(folder)
        for parts in models_in(files).values():
            paths = tuple(files[part] for part in parts)
            name = f"llamacpp:{_written(paths[0])}"
            yield Found(name, paths, _size(paths), quantisation(parts[0]), None, "", "folder")
        for path in sorted({file.parent for file in files.values() if file.name == "config.json"}):
            if is_whole(path):
                yield _mlx(f"mlx:{_written(path)}", path, "folder")


def _of_repository(repo: str, folder: Path, place: str) -> Iterator[Found]:
    files = files_in(folder)
    for parts in models_in(files).values():
        paths = tuple(files[part] for part in parts)
        how = quantisation(parts[0])
        name = f"llamacpp:{repo}:{how or parts[0]}"
        yield _known(Found(name, paths, _size(paths), how, None, "", place), repo, parts[0])
    if is_whole(folder) and (repo.startswith("mlx-community/") or _config(folder, "quantization")):
        yield _known(_mlx(f"mlx:{repo}", folder, place), repo, "")


def _mlx(name: str, folder: Path, place: str) -> Found:
    settings = _config(folder, "quantization")
    bits = settings.get("bits") if isinstance(settings, dict) else None
    how = f"{bits}bit" if isinstance(bits, int) else ""
    context = _config(folder, "max_position_embeddings")
    tokens = context if isinstance(context, int) else None
    return Found(name, (folder,), _size(files_in(folder).values()), how, tokens, "", place)


# ── what is known of them ────────────────────────────────────────────────────────────────────


def _known(model: Found, repo: str, file: str) -> Found:
    """``model`` with what the catalogue knows of it, if this is one of its files."""
    for entry in entries().values():
        for variant in entry.variants:
            if (variant.repo, variant.file) == (repo, file):
                return Found(
                    local_name(entry, variant),
                    model.files,
                    model.size,
                    variant.quantisation,
                    entry.context,
                    entry.licence,
                    model.place,
                )
    return model


def local_name(entry: Entry, variant: Variant) -> str:
    """How ``variant`` is asked: ``local:NAME``, with its quantisation if that is not the usual."""
    usual = entry.variant(variant.engine) == variant
    return f"local:{entry.name}" + ("" if usual else f":{variant.quantisation}")


def _config(folder: Path, key: str) -> object:
    with suppress(OSError, ValueError, RecursionError):
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return config.get(key) if isinstance(config, dict) else None
    return None


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)


def _written(path: Path) -> str:
    """``path`` as one would write it: from the home folder on."""
    try:
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    except ValueError:
        return str(path)
