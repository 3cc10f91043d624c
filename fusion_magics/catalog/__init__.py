"""The catalogue: names of open models, and which repositories hold their weights.

``local:mistral-small-24b`` is one entry of ``models.toml``: MLX weights where MLX runs best, a GGUF
file elsewhere, so that one notebook runs on both. Sizes there are rounded; where it matters the
hub is asked.
"""

from __future__ import annotations

import platform
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from ..errors import UsageError, did_you_mean

USUAL = {"llamacpp": "Q4_K_M", "mlx": "4bit"}
"""Engine → the quantisation where none is named."""

# What the other engine calls about the same number of bits: one notebook runs on both.
_ALIKE = {"Q4_K_M": "4bit", "Q6_K": "6bit", "Q8_0": "8bit"}


def default_engine() -> str:
    """The engine that runs a model best here: ``mlx`` on Apple Silicon, ``llamacpp`` elsewhere."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return "mlx" if apple else "llamacpp"


@dataclass(frozen=True, slots=True)
class Variant:
    """One quantisation of a model for one engine.

    ``file`` is the GGUF file in ``repo``, ``""`` for an MLX model, which is all of it; ``size`` is
    in bytes, to about 50 MiB.
    """

    engine: str
    quantisation: str
    repo: str
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the catalogue.

    Attributes
    ----------
    name, title : str
        What is written after ``local:``, and what it is called.
    model : str
        Its own repository on the hub, where licence, context and template are stated.
    licence, terms : str
        ``terms`` is ``"gated"``, ``"non-commercial"`` or ``""``.
    context : int
        Tokens of prompt and answer that it was made for.
    template : str
        What is special about its chat template.
    checked : datetime.date
        When these facts were last compared with their pages.
    variants : tuple of Variant
        For both engines, from small to large.
    """

    name: str
    title: str
    model: str
    licence: str
    terms: str
    context: int
    template: str
    checked: date
    variants: tuple[Variant, ...]

    def quantisations(self, engine: str) -> list[str]:
        """What ``engine`` (``llamacpp``, ``mlx``) has of it, from small to large."""
        return [v.quantisation for v in self.variants if v.engine == engine]

    def variant(self, engine: str, quantisation: str = "") -> Variant:
        """Its weights for ``engine``; without a ``quantisation`` the usual one, of about 4 bits.

        Raises
        ------
        UsageError
            If there is no such quantisation.
        """
        there = {v.quantisation.upper(): v for v in self.variants if v.engine == engine}
        wanted = quantisation or USUAL[engine]
        for word in (wanted, _alike(wanted)):
            if (found := there.get(word.upper())) is not None:
                return found
        names = self.quantisations(engine)
        near = did_you_mean(wanted, names, f"local:{self.name}:{{}}")
        raise UsageError(
            f"The catalogue has no {wanted} of {self.name}.", f"{near}There is: {', '.join(names)}"
        )


def entries() -> Mapping[str, Entry]:
    """The catalogue by name, in the order of its file."""
    return _read()


def entry(name: str) -> Entry:
    """The entry ``name``.

    Raises
    ------
    UsageError
        If there is none.
    """
    there = entries()
    if name in there:
        return there[name]
    near = did_you_mean(name, there, "local:{}")
    raise UsageError(
        f"The catalogue has no model {name!r}.",
        f"{near}%fuse_models lists it. For any other model write llamacpp:org/repo:QUANTISATION "
        "or mlx:org/repo.",
    )


@cache
def _read() -> Mapping[str, Entry]:
    text = (files(__name__) / "models.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return {name: _entry(name, table["checked"], row) for name, row in table["models"].items()}


def _entry(name: str, checked: date, row: Mapping[str, Any]) -> Entry:
    ggufs = [
        Variant("llamacpp", q, row["gguf"], row["file"].format(q, lower=q.lower()), _bytes(size))
        for q, size in row["sizes"].items()
    ]
    folders = [
        Variant("mlx", q, row["mlx"].format(q), "", _bytes(size))
        for q, size in row["mlx_sizes"].items()
    ]
    return Entry(
        name=name,
        title=row["title"],
        model=row["model"],
        licence=row["licence"],
        terms=row.get("terms", ""),
        context=row["context"],
        template=row["template"],
        checked=checked,
        variants=(*ggufs, *folders),
    )


def _bytes(size: float) -> int:
    return round(size * 2**30)


def _alike(quantisation: str) -> str:
    both = {**_ALIKE, **{theirs.upper(): ours for ours, theirs in _ALIKE.items()}}
    return both.get(quantisation.upper(), "")
