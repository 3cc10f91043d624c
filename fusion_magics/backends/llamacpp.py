"""``llamacpp:PATH``: a GGUF file, by llama-cpp-python in a child process.

``llamacpp:org/repo:file-or-quantisation`` is one from the Hugging Face hub that was downloaded
before, ``llamacpp:ollama:NAME`` Ollama's copy of a model.

Settings: ``context`` (tokens of prompt and answer; default the model's own, at most 4096),
``parallel`` (most calls decoded together; default 16) and ``gpu_layers`` (default all, where
llama-cpp-python was built for a GPU).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..hub import ollama, places
from ..hub.names import hub_name, shards
from ..local import LocalModel, Spec, stamp
from ._settings import PARALLEL, known, path_of, whole

SETTINGS = ("context", "parallel", "gpu_layers")
VERSIONS = (2, 3)


def open(model: str, settings: Mapping[str, str]) -> LocalModel:
    """The GGUF file ``model``, its header checked; loaded at the first prompt.

    Raises
    ------
    UsageError
        If there is no such file, it is no GGUF, a shard of it is missing, or a setting is wrong.
    """
    name = f"llamacpp:{model}"
    known(name, settings, SETTINGS)
    path = _found(name, model)
    check_gguf(name, path)
    return LocalModel(name, spec_of(name, path, settings))


def _found(name: str, written: str) -> Path:
    """The file that ``written`` means: a path, else a name of the hub's or of Ollama's."""
    if written.startswith(ollama.PREFIX):
        return _of_ollama(written.removeprefix(ollama.PREFIX))
    path = path_of(name, written)
    wanted = None if path.exists() else hub_name(written)
    if wanted is None or (not wanted.wanted and path.suffix == ".gguf"):
        return path
    found = places.gguf(wanted)
    if found is None:
        raise UsageError(
            f"{name} is neither a file nor downloaded from the hub.",
            f"Download it: %fuse_models pull {written}",
        )
    return found


def _of_ollama(written: str) -> Path:
    found = ollama.find(written)
    if found is None:
        there = [model.name for model in ollama.stored()]
        near = did_you_mean(written, there, f"llamacpp:{ollama.PREFIX}{{}}")
        raise UsageError(
            f"Ollama has no model {written!r} here.", f"{near}It has: {', '.join(there) or 'none'}"
        )
    return found


def spec_of(
    name: str, path: Path, settings: Mapping[str, str], most: int = 4096, parallel: int = PARALLEL
) -> Spec:
    """How the child loads ``path``."""
    return Spec(
        engine="llamacpp",
        path=str(path),
        context=whole(name, settings, "context", 1),
        most=most,
        gpu_layers=whole(name, settings, "gpu_layers", 0),
        stamp=stamp(path),
        parallel=whole(name, settings, "parallel", 1) or parallel,
    )


def check_gguf(name: str, path: Path) -> None:
    """Raise :class:`UsageError` unless ``path`` begins like a GGUF that llama.cpp reads."""
    if path.is_dir():
        raise UsageError(f"{name} is a folder, not a GGUF file.", _inside(path))
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise UsageError(f"{name}: there is no file {path}.", _instead(path)) from None
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}.", "Check its rights.") from exc
    if not head:
        raise UsageError(f"{path} is empty.", "Download it again.")
    if len(head) < 8 or head[:4] != b"GGUF":
        raise UsageError(
            f"{path} is no GGUF file: it begins with {head[:4]!r}, not b'GGUF'.",
            "llama.cpp reads GGUF files; for a folder with an MLX model write mlx:FOLDER.",
        )
    (version,) = struct.unpack("<I", head[4:])
    if version not in VERSIONS:
        raise UsageError(
            f"{path} is a GGUF of version {version}; llama.cpp reads versions 2 and 3.",
            "Get a newer file of this model, or convert it again (little-endian).",
        )
    _check_shards(path)


def _check_shards(path: Path) -> None:
    """Raise :class:`UsageError` unless ``path`` is the first of its shards, and all are there."""
    names = shards(path.name)
    missing = [name for name in names if not path.with_name(name).exists()]
    if missing:
        raise UsageError(
            f"{path} is one of {len(names)} files, and {missing[0]} is not beside it.",
            "Download all of them into one folder.",
        )
    if path.name != names[0]:
        raise UsageError(f"{path} is not the first of its files.", f"Name {names[0]}")


def _inside(folder: Path) -> str:
    """What to write for a folder: one of its GGUF files, or another engine."""
    files = sorted(folder.glob("*.gguf"))
    if files:
        return "Name a file in it: " + ", ".join(f.name for f in files[:5])
    if (folder / "config.json").exists():
        return f"It looks like an MLX model: mlx:{folder}"
    return "It holds no .gguf file."


def _instead(path: Path) -> str:
    """What to write for a file that is missing."""
    nearby = [f.name for f in path.parent.glob("*.gguf")] if path.parent.is_dir() else []
    close = get_close_matches(path.name, nearby, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {path.parent / close[0]}?"
    return "Give the path of a .gguf file."
