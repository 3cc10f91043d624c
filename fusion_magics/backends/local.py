"""``local:NAME`` or ``local:NAME:QUANTISATION``: a model of the catalogue, downloaded before.

By MLX on Apple Silicon, by llama.cpp elsewhere, so that one notebook runs on both. Settings:
``engine`` (``llamacpp`` or ``mlx``, to choose yourself), ``context``, ``parallel`` and
``gpu_layers`` (llama.cpp), as of ``llamacpp:`` and ``mlx:``.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..catalog import entry
from ..errors import UsageError
from ..hub import places
from ..hub.names import HubName
from ..local import LocalModel
from . import llamacpp, mlx
from ._either import SETTINGS, engine_of

__all__ = ["SETTINGS", "open"]


def open(model: str, settings: Mapping[str, str]) -> LocalModel:
    """The catalogue's model ``model``, its files checked; loaded at the first prompt.

    Raises
    ------
    UsageError
        If the catalogue has none of this name, it is not downloaded, or a setting is wrong.
    """
    name = f"local:{model}"
    engine = engine_of(name, settings)
    known, _, quantisation = model.partition(":")
    variant = entry(known).variant(engine, quantisation)
    if engine == "llamacpp":
        path = places.gguf(HubName(variant.repo, variant.file))
    else:
        path = places.mlx(variant.repo)
    if path is None:
        raise UsageError(f"{name} is not downloaded.", f"Download it: %fuse_models pull {model}")
    if engine == "llamacpp":
        llamacpp.check_gguf(name, path)
        return LocalModel(name, llamacpp.spec_of(name, path, settings))
    mlx.check_folder(name, str(path), path)
    return LocalModel(name, mlx.spec_of(name, path, settings))
