"""``%fuse_models``: the models that ship, and those in memory."""

from __future__ import annotations

from collections.abc import Sequence

from .. import local
from ..errors import UsageError, did_you_mean
from ..tiny import NAMES

VERBS = ("list", "unload")
_HEAD = ("model", "state", "memory", "pid", "what it is")


def command(line: str) -> str:
    """Do what ``%fuse_models`` with ``line`` behind it asks for, and say what was done.

    Raises
    ------
    UsageError
        If there is no such command, or no such model.
    """
    words = line.split()
    if not words or words == ["list"]:
        return show()
    if words[0] == "unload" and len(words) <= 2:
        return unload(words[1] if len(words) == 2 else None)
    near = "" if words[0] in VERBS else did_you_mean(words[0], VERBS)
    cure = "Write %fuse_models, or %fuse_models unload NAME."
    raise UsageError(f"%fuse_models cannot {line!r}.", near + cure)


def show() -> str:
    """A table: one row per model that ships or is loaded."""
    in_memory = {model.name: model for model in local.loaded()}
    shipped = {f"tiny:{name}": what for name, what in NAMES.items()}
    rows = [_HEAD]
    for name in dict.fromkeys([*in_memory, *shipped]):
        what = shipped.get(name, "")
        if name in in_memory:
            model = in_memory[name]
            rows.append((name, "loaded", _megabytes(model.memory), str(model.pid), what))
        else:
            rows.append((name, "on disk", "", "", what))
    return aligned(rows)


def unload(name: str | None = None) -> str:
    """Give the memory of the model ``name``, or of all, back to the system; says what was done.

    Raises
    ------
    UsageError
        If no model of this name is loaded.
    """
    in_memory = local.loaded()
    chosen = [model for model in in_memory if name in (None, model.name)]
    if name is not None and not chosen:
        names = [model.name for model in in_memory]
        raise UsageError(
            f"{name} is not loaded.",
            f"{did_you_mean(name, names)}Loaded: {', '.join(names) or 'nothing'}",
        )
    if not chosen:
        return "Nothing was loaded."
    for model in chosen:
        local.unload(model.spec)
    freed = _megabytes(sum(model.memory for model in chosen))
    return f"Unloaded {', '.join(model.name for model in chosen)}: {freed} given back."


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """``rows`` as lines of text, each column as wide as its longest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
