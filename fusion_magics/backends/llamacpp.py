"""``llamacpp:PATH``: a GGUF file, by llama-cpp-python in a child process.

Settings: ``context`` (tokens of prompt and answer; default the model's own, at most 4096),
``parallel`` (most calls decoded together; default 16) and ``gpu_layers`` (default all, where
llama-cpp-python was built for a GPU).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from ..errors import UsageError
from ..local import LocalModel, Spec, stamp
from ._settings import PARALLEL, known, path_of, whole

SETTINGS = ("context", "parallel", "gpu_layers")
VERSIONS = (2, 3)
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?")


def open(model: str, settings: Mapping[str, str]) -> LocalModel:
    """The GGUF file at path ``model``, its header checked; loaded at the first prompt.

    Raises
    ------
    UsageError
        If there is no such file, it is no GGUF, or a setting is wrong.
    """
    name = f"llamacpp:{model}"
    known(name, settings, SETTINGS)
    path = path_of(name, model)
    check_gguf(name, model, path)
    return LocalModel(name, spec_of(name, path, settings))


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


def check_gguf(name: str, written: str, path: Path) -> None:
    """Raise :class:`UsageError` unless ``path`` begins like a GGUF that llama.cpp reads."""
    if path.is_dir():
        raise UsageError(f"{name} is a folder, not a GGUF file.", _inside(path))
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise UsageError(f"{name}: there is no file {path}.", _instead(written, path)) from None
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


def _inside(folder: Path) -> str:
    """What to write for a folder: one of its GGUF files, or another engine."""
    files = sorted(folder.glob("*.gguf"))
    if files:
        return "Name a file in it: " + ", ".join(f.name for f in files[:5])
    if (folder / "config.json").exists():
        return f"It looks like an MLX model: mlx:{folder}"
    return "It holds no .gguf file."


def _instead(written: str, path: Path) -> str:
    """What to write for a file that is missing."""
    nearby = [f.name for f in path.parent.glob("*.gguf")] if path.parent.is_dir() else []
    close = get_close_matches(path.name, nearby, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {path.parent / close[0]}?"
    if HUB_NAME.fullmatch(written) and not written.endswith(".gguf"):
        return (
            "Names on the Hugging Face hub are not supported yet: download the .gguf file and give "
            "its path."
        )
    return "Give the path of a .gguf file."
