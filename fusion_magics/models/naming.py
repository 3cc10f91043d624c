"""What a model's name means on the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..catalog import Entry, default_engine, entry
from ..errors import UsageError
from ..hub.names import HubName, hub_name
from ..hub.places import gguf, mlx


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model on the hub: for which engine, what of which repository, and what the catalogue knows.

    ``name`` is the member name by which it is asked.
    """

    name: str
    engine: str
    source: HubName
    entry: Entry | None = None

    def here(self) -> Path | None:
        """Where it is on this machine: the GGUF file (of several shards the first), or the folder.

        Raises
        ------
        UsageError
            If it could be several that are here.
        """
        return gguf(self.source) if self.engine == "llamacpp" else mlx(self.source.repo)


def wanted(name: str) -> Wanted:
    """What ``name`` means.

    Parameters
    ----------
    name : str
        ``NAME`` or ``NAME:QUANTISATION`` of the catalogue, with or without ``local:`` before it;
        ``org/repo`` or ``org/repo:file-or-quantisation``, with or without ``llamacpp:``;
        ``mlx:org/repo``.

    Raises
    ------
    UsageError
        If it is none of these.
    """
    engine, _, rest = name.partition(":")
    if engine in ("llamacpp", "mlx"):
        return Wanted(name, engine, _on_the_hub(name, rest))
    if source := hub_name(name):
        engine = "mlx" if source.repo.startswith("mlx-community/") else "llamacpp"
        return Wanted(f"{engine}:{name}", engine, source)
    written = name.removeprefix("local:")
    known, _, quantisation = written.partition(":")
    variant = entry(known).variant(default_engine(), quantisation)
    source = HubName(variant.repo, variant.file)
    return Wanted(f"local:{written}", variant.engine, source, entry(known))


def _on_the_hub(name: str, written: str) -> HubName:
    source = hub_name(written)
    if source is None:
        raise UsageError(f"{name} is no name on the hub.", "Write org/repo:file-or-quantisation.")
    return source
