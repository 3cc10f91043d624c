"""``mlx:FOLDER``: a folder with an MLX model, by mlx-lm in a child process.

``mlx:org/repo`` is one from the Hugging Face hub that was downloaded before. Runs on Metal on Apple
Silicon, and on Linux through MLX's CPU build (slowly). Settings: ``context`` (tokens of prompt and
answer; default the model's own, at most 4096) and ``parallel`` (most calls decoded together;
default 16).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..errors import UsageError
from ..hub import places
from ..hub.names import hub_name
from ..local import LocalModel, Spec, stamp
from ._settings import PARALLEL, known, path_of, whole

SETTINGS = ("context", "parallel")
_CURE = "Give the path of a folder that mlx_lm.convert wrote."


def open(model: str, settings: Mapping[str, str]) -> LocalModel:
    """The MLX model in folder ``model``, its files checked; loaded at the first prompt.

    Raises
    ------
    UsageError
        If the folder or one of its parts is missing, or a setting is wrong.
    """
    name = f"mlx:{model}"
    known(name, settings, SETTINGS)
    folder = _found(name, model)
    check_folder(name, model, folder)
    return LocalModel(name, spec_of(name, folder, settings))


def _found(name: str, written: str) -> Path:
    """The folder that ``written`` means: a path, else a repository on the hub."""
    path = path_of(name, written)
    wanted = None if path.exists() else hub_name(written)
    if wanted is None or wanted.wanted:
        return path
    found = places.mlx(wanted.repo)
    if found is None:
        raise UsageError(
            f"{name} is neither a folder nor downloaded from the hub.",
            f"Download it: %fuse_models pull {name}",
        )
    return found


def spec_of(
    name: str, folder: Path, settings: Mapping[str, str], most: int = 4096, parallel: int = PARALLEL
) -> Spec:
    """How the child loads ``folder``."""
    context = whole(name, settings, "context", 1)
    parallel = whole(name, settings, "parallel", 1) or parallel
    return Spec("mlx", str(folder), context, most, stamp=stamp(folder), parallel=parallel)


def check_folder(name: str, written: str, folder: Path) -> None:
    """Raise :class:`UsageError` unless ``folder`` has the parts of an MLX model."""
    if folder.is_file():
        gguf = folder.suffix == ".gguf"
        raise UsageError(
            f"{name} is a file; an MLX model is a folder.",
            f"For a GGUF file write llamacpp:{written}" if gguf else "Give the folder it lies in.",
        )
    if not folder.is_dir():
        raise UsageError(f"{name}: there is no folder {folder}.", _CURE)
    for part, pattern in {
        "config.json": "config.json",
        "weights (*.safetensors)": "*.safetensors",
        "a tokenizer (tokenizer.json)": "tokenizer*",
    }.items():
        if not any(folder.glob(pattern)):
            raise UsageError(
                f"{folder} is no MLX model: it has no {part.removeprefix('a ')}.",
                "An MLX model is a folder with config.json, safetensors and a tokenizer, as "
                "mlx_lm.convert writes it.",
            )
    _check_config(folder / "config.json")


def _check_config(path: Path) -> None:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        config = None
    if not isinstance(config, dict) or "model_type" not in config:
        raise UsageError(f"{path} is no model configuration.", "Download the folder again.")
    if config.get("model_file"):
        raise UsageError(
            f"{path.parent} is a model with code of its own, which is not run here.",
            "Use a model of a kind that mlx-lm knows by itself.",
        )
