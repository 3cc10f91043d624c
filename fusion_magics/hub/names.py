"""Names of models on the Hugging Face hub, and which of a repository's files they mean.

``org/repo:Q4_K_M`` names a quantisation, ``org/repo:model.gguf`` a file, ``org/repo`` alone the
usual one. A model that is split into shards (``-00001-of-00003.gguf``, as ``llama-gguf-split``
writes them) is all of them or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..catalog import USUAL
from ..errors import UsageError, did_you_mean

_NAME = re.compile(
    r"(?P<repo>[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*)(?::(?P<wanted>[\w.\- /]+))?", re.ASCII
)
_QUANTISATION = re.compile(
    r"(?<![A-Za-z0-9])((?:UD-)?I?Q[1-8](?:_[A-Z0-9]+)+|TQ[12]_0|MXFP4(?:_MOE)?|BF16|F16|F32)"
    r"(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
MOST_SHARDS = 1000  # a file name is anybody's
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})$")
# Beside the model: a vision model's image projector, statistics for quantising.
_BESIDE = re.compile(r"(?:^|/)(?:mmproj|imatrix)|mmproj|\.imatrix", re.IGNORECASE)


class HubName(NamedTuple):
    """A repository on the hub, and what of it: a file, a quantisation, or ``""`` for the usual."""

    repo: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"{self.repo}:{self.wanted}" if self.wanted else self.repo


def hub_name(written: str) -> HubName | None:
    """``org/repo`` or ``org/repo:file-or-quantisation``, taken apart; None if it is neither."""
    match = _NAME.fullmatch(written)
    return HubName(match["repo"], match["wanted"] or "") if match else None


def quantisation(file: str) -> str:
    """How the weights in ``file`` are quantised, by its name (``Q4_K_M``), or ``""``."""
    found = _QUANTISATION.findall(file.rpartition("/")[2])
    return found[-1].upper() if found else ""


def models_in(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The GGUF models among ``files``: name without shard number → its files in order.

    A model with a shard missing is none.
    """
    there = sorted(f for f in files if f.lower().endswith(".gguf") and not _BESIDE.search(f))
    found = {_SHARD.sub("", file[:-5]) + file[-5:]: shards(file) for file in there}
    return {name: parts for name, parts in found.items() if parts and set(parts) <= set(there)}


def shards(file: str) -> tuple[str, ...]:
    """All files of the model that ``file`` is a shard of, in order; itself if it is whole."""
    stem, dot, ending = file.rpartition(".")
    shard = _SHARD.search(stem)
    if not shard:
        return (file,)
    start, total = stem[: shard.start()], shard[2]
    numbers = range(1, min(int(total), MOST_SHARDS) + 1)
    return tuple(f"{start}-{number:05}-of-{total}{dot}{ending}" for number in numbers)


def model_files(name: HubName, files: Iterable[str]) -> tuple[str, ...]:
    """Those of a repository's ``files`` that ``name`` means: one, or all shards in order.

    Raises
    ------
    UsageError
        If there is none, or what is wanted could be several.
    """
    models = models_in(files)
    if not models:
        raise UsageError(f"{name.repo} has no GGUF model.", "For an MLX model write mlx:org/repo.")
    found = _wanted(name.wanted, models) if name.wanted else _usual(models)
    if len(found) == 1:
        return models[found[0]]
    there = list(dict.fromkeys(quantisation(model) or model for model in models))
    if not found and name.wanted:
        near = did_you_mean(name.wanted, there)
        raise UsageError(f"{name.repo} has no {name.wanted}.", f"{near}There is: {_few(there)}")
    several = found or list(models)
    raise UsageError(f"{name} may be one of {len(several)}.", f"Name one: {_few(several)}")


def _wanted(wanted: str, models: Mapping[str, tuple[str, ...]]) -> list[str]:
    exact = [model for model, files in models.items() if wanted in (model, *files)]
    return exact or [m for m in models if quantisation(m) == wanted.upper()]


def _usual(models: Mapping[str, tuple[str, ...]]) -> list[str]:
    usual = _wanted(USUAL["llamacpp"], models)
    return usual or (list(models) if len(models) == 1 else [])


def _few(words: list[str], most: int = 8) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
