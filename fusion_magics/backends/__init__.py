"""Engines that run models. A new engine is one file here and one line in :data:`BACKENDS`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from ..errors import UsageError, did_you_mean
from ..seams import Model

BACKENDS: dict[str, str] = {
    "tiny": "a model shipped inside the package: no download, no key",
    "local": "a model of the catalogue, by the engine that suits the machine",
    "llamacpp": "a GGUF file, by llama-cpp-python",
    "mlx": "a folder with an MLX model, by mlx-lm",
    "scripted": "answers from a script: for tests, and notebooks that must not need weights",
}
"""Engine word → what it is.

Module ``backends/<word>.py`` has ``open(model, settings)``, and in ``SETTINGS`` what may be set.
"""


def open_model(engine: str, model: str, settings: Mapping[str, str] | None = None) -> Model:
    """The model ``engine:model``, checked but not loaded: weights wait for the first prompt.

    Parameters
    ----------
    engine : str
        A key of :data:`BACKENDS`.
    model : str
        What the engine calls the model: a shipped name, a path.
    settings : mapping of str to str, optional
        Engine settings (``context``, ``gpu_layers`` …); each backend documents its own.

    Raises
    ------
    UsageError
        For an unknown engine, model or setting, a missing file, or one that is no model.
    """
    if engine not in BACKENDS:
        raise UsageError(
            f"There is no engine {engine!r} (in {engine}:{model}).",
            did_you_mean(engine, BACKENDS, "{}:" + model) + "Engines: " + ", ".join(BACKENDS),
        )
    backend = import_module(f".{engine}", __name__)
    return backend.open(model, dict(settings or {}))  # type: ignore[no-any-return]


def settings_of(engine: str) -> tuple[str, ...]:
    """What may be set of a model of ``engine``, a key of :data:`BACKENDS`."""
    return import_module(f".{engine}", __name__).SETTINGS  # type: ignore[no-any-return]
