"""``tiny:NAME``: a model shipped inside the package, by the same engines as any other.

Settings: ``engine`` (``llamacpp`` or ``mlx``; default MLX on Apple Silicon, llama.cpp elsewhere),
``context`` (default the model's own, at most 1024; the judge's 2048), ``parallel`` (default 4) and
``gpu_layers`` (llama.cpp). An answer has at most 320 tokens, a reply of the judge 1024.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from .. import tiny
from ..errors import UsageError, did_you_mean
from ..local import LocalModel, Spec
from . import llamacpp, mlx
from ._either import SETTINGS, engine_of

__all__ = ["SETTINGS", "open"]
# Twice their longest right answer: what goes on beyond it goes round in circles.
MOST_TOKENS = 320
JUDGE_MOST_TOKENS = 1024
# They write a token in less time than it takes to begin a step: more at once gain nothing.
PARALLEL = 4


def open(model: str, settings: Mapping[str, str]) -> LocalModel:
    """The shipped model ``model``; loaded at the first prompt.

    Raises
    ------
    UsageError
        For a name or setting that does not exist.
    """
    name = f"tiny:{model}"
    engine = engine_of(name, settings)
    spec = _spec(model, engine, settings)
    most_tokens = JUDGE_MOST_TOKENS if model == "judge" else MOST_TOKENS
    return LocalModel(name, spec, wording="short", most_tokens=most_tokens, template_tokens=0)


def _weights(model: str) -> Path:
    if model not in tiny.NAMES:
        raise UsageError(
            f"There is no tiny model {model!r}.",
            did_you_mean(model, tiny.NAMES, "tiny:{}")
            + "Models: "
            + ", ".join(f"tiny:{name}" for name in tiny.NAMES),
        )
    path = tiny.weights(model)
    if not path.exists():
        raise UsageError(
            f"The weights of tiny:{model} are missing: {path}", "Reinstall fusion-magics."
        )
    return path


def _spec(model: str, engine: str, settings: Mapping[str, str]) -> Spec:
    path, most_context = _weights(model), tiny.context(model)
    if engine == "llamacpp":
        return llamacpp.spec_of(f"tiny:{model}", path, settings, most_context, PARALLEL)
    spec = mlx.spec_of(f"tiny:{model}", path, settings, most_context, PARALLEL)
    # One file serves both engines. The kernel imports no MLX for it: the child does.
    return msgspec.structs.replace(spec, derive="fusion_magics.tiny.mlx_form:mlx_folder")
