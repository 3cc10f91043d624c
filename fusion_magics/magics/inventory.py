"""``%fuse_models``: the models in memory, those on this machine, and those one can download."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .. import local
from ..catalog import Entry, Variant, default_engine, entries, entry
from ..errors import UsageError, did_you_mean
from ..text import binary_size
from ..tiny import NAMES
from ..views._words import one_line
from .options import models_parser, words_and_options

_LOADED = ("model", "state", "memory", "pid", "what it is")
_FACTS = ("size", "quantised", "context", "licence", "memory")
_HOW = (
    "Write %fuse_models, or %fuse_models show NAME, pull NAME, remove NAME, unload NAME; "
    "NAME as it is listed, or org/repo:QUANTISATION."
)

Row = tuple[str, ...]


def command(line: str, disk: int | None = None) -> str:
    """Do what ``%fuse_models`` with ``line`` behind it asks for, and say what was done.

    ``disk`` is how many bytes a download leaves free if ``line`` does not say it.

    Raises
    ------
    FusionError
        If there is no such command or model, or it cannot be done.
    """
    verb, _, rest = line.strip().partition(" ")
    words, given = words_and_options(rest.strip(), models_parser(), verb)
    if not verb or (verb == "list" and not rest):
        return show()
    if verb == "unload" and len(words) <= 1 and not given:
        return unload(*words)
    if verb in _ON_ONE and len(words) == 1 and given.keys() <= _TAKES[verb]:
        usual = {"disk": disk} if verb == "pull" and disk is not None else {}
        return _ON_ONE[verb](words[0], **{**usual, **given})
    near = "" if verb in VERBS else did_you_mean(verb, VERBS)
    raise UsageError(f"%fuse_models cannot {line.strip()!r}.", near + _HOW)


# ── listing ──────────────────────────────────────────────────────────────────────────────────


def show() -> str:
    """Three tables: what ships or is loaded, what lies on this machine, what can be downloaded."""
    from .. import models

    there = models.found()
    names = {model.name for model in there}
    found = [(m.name, *_facts(m.size, m.quantisation, m.context, m.licence)) for m in there]
    more = [row for known in entries().values() for row in _to_download(known, names)]
    tables = (
        _in_memory(),
        [("on this machine", *_FACTS), *found] if found else [],
        [("%fuse_models pull", *_FACTS), *more],
    )
    return "\n\n".join(aligned(table) for table in tables if table)


def _in_memory() -> list[Row]:
    in_memory = {model.name: model for model in local.loaded()}
    shipped = {f"tiny:{name}": what for name, what in NAMES.items()}
    rows: list[Row] = [_LOADED]
    for name in dict.fromkeys([*in_memory, *shipped]):
        what = shipped.get(name, "")
        if name in in_memory:
            model = in_memory[name]
            rows.append((name, "loaded", _megabytes(model.memory), str(model.pid), what))
        else:
            rows.append((name, "on disk", "", "", what))
    return rows


def _to_download(known: Entry, there: set[str]) -> Iterator[Row]:
    """The usual quantisation of ``known``, if it is not on this machine."""
    usual = known.variant(default_engine())
    if f"local:{known.name}" not in there:
        yield (known.name, *_of_variant(known, usual))


def _of_variant(known: Entry, variant: Variant) -> Row:
    _, *others = _facts(variant.size, variant.quantisation, known.context, _licence(known))
    return (f"about {variant.size / 2**30:.1f} GiB", *others)


def _licence(known: Entry) -> str:
    return f"{known.licence} ({known.terms})" if known.terms else known.licence


def _facts(size: int, quantisation: str, context: int | None, licence: str) -> Row:
    from .. import models

    tokens = f"{context:,}" if context else ""
    room = "fits" if models.fits(size) else "too big now"
    return (binary_size(size), quantisation, tokens, licence, room)


# ── one model ────────────────────────────────────────────────────────────────────────────────


def describe(name: str) -> str:
    """What the catalogue knows of ``name``: its facts, where they are from, and what there is.

    Raises
    ------
    UsageError
        If it does not know it.
    """
    from .. import models

    known = entry(name.removeprefix("local:"))
    there = {model.name for model in models.found()}
    rows: list[Row] = [(default_engine(), *_FACTS, "state")]
    for variant in known.variants:
        if variant.engine == default_engine():
            asked = models.local_name(known, variant)
            state = "on this machine" if asked in there else "to download"
            rows.append((asked, *_of_variant(known, variant), state))
    return (
        f"{known.title}: https://huggingface.co/{known.model} (looked at {known.checked})\n"
        f"Chat template: {known.template}. "
        f"Weights: https://huggingface.co/{known.variant(default_engine()).repo}\n"
        f"{aligned(rows)}"
    )


def pull(name: str, **options: object) -> str:
    """Download ``name``; says where it is.

    Raises
    ------
    FusionError
        As :func:`fusion_magics.models.pull` does.
    """
    from .. import models

    asked = models.wanted(name).name
    path = models.pull(name, **options)  # type: ignore[arg-type]
    return f"{asked} is here: {one_line(str(path))}"


def remove(name: str, **options: object) -> str:
    """Remove the download ``name``; says what was freed.

    Raises
    ------
    UsageError
        As :func:`fusion_magics.models.remove` does.
    """
    from .. import models

    gone = models.remove(name, **options)  # type: ignore[arg-type]
    return f"Removed {one_line(gone.name)}: {binary_size(gone.size)} given back."


_ON_ONE: dict[str, Callable[..., str]] = {"show": describe, "pull": pull, "remove": remove}
_TAKES = {"show": frozenset[str](), "pull": {"yes", "disk"}, "remove": {"yes"}}
VERBS = ("list", *_ON_ONE, "unload")


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
    rows = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
