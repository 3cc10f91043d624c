"""Models that either engine runs: which one does, and what may be set then."""

from __future__ import annotations

from collections.abc import Mapping

from ..catalog import default_engine
from ..errors import UsageError, did_you_mean
from . import llamacpp, mlx
from ._settings import known

ENGINES = {"llamacpp": llamacpp.SETTINGS, "mlx": mlx.SETTINGS}
SETTINGS = ("engine", *dict.fromkeys((*llamacpp.SETTINGS, *mlx.SETTINGS)))


def engine_of(name: str, settings: Mapping[str, str]) -> str:
    """The engine that runs model ``name``: the one set, else the one that runs best here.

    Raises
    ------
    UsageError
        If it is none, or a setting is none of its.
    """
    engine = settings.get("engine", default_engine())
    if engine not in ENGINES:
        raise UsageError(
            f"{name}: engine={engine} cannot run it.",
            f"{did_you_mean(engine, ENGINES)}Engines: {', '.join(ENGINES)}.",
        )
    known(name, settings, ("engine", *ENGINES[engine]))
    return engine
