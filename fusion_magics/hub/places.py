"""Where models lie on this machine: the Hugging Face cache, and LM Studio's folder.

Both keep a repository's files under its name, so ``org/repo:quantisation`` is found in either. The
environment is read at each call: a notebook may set it after the first import.

References
----------
https://huggingface.co/docs/huggingface_hub/guides/manage-cache (layout),
https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables (settings),
https://lmstudio.ai/docs/app/basics/import-model (LM Studio's ``publisher/model/file.gguf``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import UsageError
from .names import HubName, model_files, models_in

_YES = ("1", "ON", "YES", "TRUE")


def cache_folder() -> Path:
    """The cache of the hub's own library, shared with every tool that uses it."""
    home = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    written = os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")
    return Path(os.path.expandvars(written)).expanduser().absolute()


def endpoint() -> str:
    """Where the hub is: ``HF_ENDPOINT``, else its own address."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def offline() -> bool:
    """Whether the user forbade to ask the hub (``HF_HUB_OFFLINE``)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in _YES


def repo_folder(repo: str) -> Path:
    """Where the cache keeps ``repo``; it need not exist."""
    return cache_folder() / f"models--{repo.replace('/', '--')}"


def repo_of(file: Path) -> str:
    """The repository that ``file`` in the cache belongs to."""
    folder = file.relative_to(cache_folder()).parts[0]
    return folder.removeprefix("models--").replace("--", "/", 1)


def snapshots(repo: str) -> list[Path]:
    """The versions of ``repo`` in the cache, the one that ``main`` named last first."""
    folder = repo_folder(repo)
    with suppress(OSError, ValueError):
        main = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
        there = [p for p in (folder / "snapshots").iterdir() if p.is_dir()]
        return sorted(there, key=lambda p: (p.name == main, p.stat().st_mtime), reverse=True)
    with suppress(OSError):
        return sorted(p for p in (folder / "snapshots").iterdir() if p.is_dir())
    return []


def lm_studio() -> list[Path]:
    """LM Studio's folders of models that exist: the one of today, and that of older versions."""
    homes = (Path.home() / ".lmstudio" / "models", Path.home() / ".cache" / "lm-studio" / "models")
    return [home for home in homes if home.is_dir()]


def files_in(folder: Path) -> dict[str, Path]:
    """The files below ``folder``, by their name in it; links that lead nowhere are left out."""
    return {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }


def gguf(name: HubName) -> Path | None:
    """The file of the GGUF model ``name`` on this machine, of several shards the first.

    Raises
    ------
    UsageError
        If some quantisation is here and ``name`` does not say which one of several it means.
    """
    there = [files for files in map(files_in, _folders(name.repo)) if models_in(files)]
    ambiguous = None
    for files in there:
        try:
            return files[model_files(name, files)[0]]
        except UsageError as exc:
            ambiguous = ambiguous or exc
    if ambiguous is not None and not name.wanted:
        raise ambiguous
    return None


def mlx(repo: str) -> Path | None:
    """The folder of the MLX model ``repo`` on this machine, if all of its weights are there."""
    return next((folder for folder in _folders(repo) if is_whole(folder)), None)


def _folders(repo: str) -> Iterator[Path]:
    yield from snapshots(repo)
    for home in lm_studio():
        if (home / repo).is_dir():
            yield home / repo


def is_whole(folder: Path) -> bool:
    """Whether a folder has a configuration, and every shard of the weights that it names."""
    shards = [path.name for path in folder.glob("*.safetensors") if path.is_file()]
    totals = {name.rpartition("-of-")[2] for name in shards if "-of-" in name}
    number = next(iter(totals), "").removesuffix(".safetensors")
    most = int(number) if number.isdecimal() else 1
    return (folder / "config.json").is_file() and len(shards) >= most
