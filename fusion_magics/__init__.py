"""Multi-model consensus in a notebook: ask a pool of models, let a judge compare the answers.

Names are imported when they are first used, so that ``%load_ext fusion_magics`` costs next to
nothing before the first prompt.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import pools
    from .errors import (
        ContextOverflow,
        EngineMissing,
        FusionError,
        Interrupted,
        LoadError,
        ModelError,
        NoAnswerError,
        UsageError,
        WorkerDied,
    )
    from .fusion import fuse
    from .plan import Plan
    from .running import fuse_sync
    from .types import (
        Candidate,
        Failure,
        Fusion,
        Judgment,
        Message,
        Prompt,
        SamplingParams,
        Usage,
        Verdict,
    )

_HOMES = {
    "errors": (
        "ContextOverflow EngineMissing FusionError Interrupted LoadError ModelError "
        "NoAnswerError UsageError WorkerDied"
    ),
    "fusion": "fuse",
    "plan": "Plan",
    "running": "fuse_sync",
    "types": "Candidate Failure Fusion Judgment Message Prompt SamplingParams Usage Verdict",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Candidate",
    "ContextOverflow",
    "EngineMissing",
    "Failure",
    "Fusion",
    "FusionError",
    "Interrupted",
    "Judgment",
    "LoadError",
    "Message",
    "ModelError",
    "NoAnswerError",
    "Plan",
    "Prompt",
    "SamplingParams",
    "Usage",
    "UsageError",
    "Verdict",
    "WorkerDied",
    "__version__",
    "fuse",
    "fuse_sync",
    "load_ipython_extension",
    "pools",
    "unload_ipython_extension",
]


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext fusion_magics`` calls: the magics, their completion, top-level await."""
    from .magics.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """What ``%unload_ext fusion_magics`` calls: the shell is again as it was."""
    from .magics.extension import unload

    unload(shell)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("fusion-magics")
    if name == "pools":
        return import_module(".pools", __name__)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
