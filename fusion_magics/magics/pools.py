"""``%fuse_pool``: saved pools by text, and the way to their form."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .. import pools
from ..errors import UsageError, did_you_mean
from ..members import split_name, split_names
from ..pools import SavedPool
from ..text import printable
from .inventory import aligned
from .options import pool_parser, words_and_options

_SAVE = "%fuse_pool save NAME MEMBER,MEMBER [-j JUDGE]"
_HEAD = ("pool", "judge", "members")


def command(line: str) -> str:
    """Do what ``%fuse_pool`` with ``line`` behind it asks for, and say what was done.

    Raises
    ------
    UsageError
        If there is no such command, or it cannot be done.
    """
    verb, _, rest = line.strip().partition(" ")
    verb = verb or "list"
    if verb in _ACTIONS:
        return printable(_ACTIONS[verb](rest.strip()))
    near = did_you_mean(verb, VERBS)
    if not near and verb in pools.saved():
        near = f"Did you mean show {verb}? "
    raise UsageError(f"%fuse_pool cannot {verb!r}.", f"{near}There is: {', '.join(VERBS)}")


def form(name: str, shell: Any) -> Any:
    """The form that edits the pool ``name``, a new one if that is empty.

    Raises
    ------
    UsageError
        If there is no such pool, or no form can be shown here.
    """
    if getattr(shell, "kernel", None) is None:
        raise UsageError("The form of %fuse_pool needs a notebook.", f"Write: {_SAVE}")
    try:
        from .pool_form import PoolForm
    except ImportError as exc:
        raise UsageError(
            f"The form of %fuse_pool needs ipywidgets: {exc}.",
            f"Install it (pip install ipywidgets), or write: {_SAVE}",
        ) from exc
    return PoolForm(_only_name("edit", name) if name else "")


# ── the commands ─────────────────────────────────────────────────────────────────────────────


def _list(rest: str) -> str:
    if rest:
        raise UsageError(f"%fuse_pool list stands alone, without {rest!r}.", "Write: %fuse_pool")
    saved = pools.saved()
    if not saved:
        return f"No pool is saved yet. Save one: {_SAVE}"
    rows = [(name, pool.judge or "", ", ".join(pool.members)) for name, pool in saved.items()]
    return aligned([_HEAD, *rows])


def _save(rest: str) -> str:
    name, members, judge = read(rest)
    before = pools.save(name, members, judge)
    was = f" It was: {_in_words(before)}." if before else ""
    return f"Saved {name}: {_in_words(pools.named(name))}.{was}"


def _show(rest: str) -> str:
    name = _only_name("show", rest)
    pool = pools.named(name)
    judge = f"judge: {pool.judge}" if pool.judge else "no judge of its own"
    members = "\n".join(f"  {member}" for member in pool.members)
    return f"{name}, {judge}\n{members}\n{code(name, pool)}"


def _delete(rest: str) -> str:
    name = _only_name("delete", rest)
    return f"Deleted {name}: {_in_words(pools.delete(name))}."


_ACTIONS: dict[str, Callable[[str], str]] = {
    "list": _list,
    "save": _save,
    "show": _show,
    "delete": _delete,
}
VERBS = (*_ACTIONS, "edit")


def _in_words(pool: SavedPool) -> str:
    judge = f" (judge: {pool.judge})" if pool.judge else ""
    return ", ".join(pool.members) + judge


def _only_name(verb: str, rest: str) -> str:
    names = rest.split()
    if len(names) == 1:
        return names[0]
    said = f"has no name of a pool: {rest!r}" if names else "has no name behind it"
    saved = ", ".join(pools.saved()) or "nothing"
    raise UsageError(f"%fuse_pool {verb} {said}.", f"Write: %fuse_pool {verb} NAME. Saved: {saved}")


# ── the line ─────────────────────────────────────────────────────────────────────────────────


def read(text: str) -> tuple[str, str, str | None]:
    """What stands behind ``save``: the name, the members and the judge.

    Raises
    ------
    UsageError
        If a part is missing, or there is an option that does not exist.
    """
    words, given = words_and_options(text, pool_parser(), "save")
    if len(words) < 2:
        missing = "members" if words else "name and no members"
        raise UsageError(f"%fuse_pool save has no {missing}.", f"Write: {_SAVE}")
    return words[0], ",".join(words[1:]), given.get("judge")


def code(name: str, pool: SavedPool) -> str:
    """The line that saves ``pool`` as ``name``; the Python call where no line can say it.

    Raises
    ------
    UsageError
        If one of its members is no member name.
    """
    judge = f" -j {pool.judge}" if pool.judge else ""
    for members in (pool.members, tuple(map(_in_quotes, pool.members))):
        line = f"save {name} {','.join(members)}{judge}"
        if _says(line.removeprefix("save "), name, pool):
            return f"%fuse_pool {line}"
    judge = f", judge={pool.judge!r}" if pool.judge else ""
    return f"fusion_magics.pools.save({name!r}, {list(pool.members)!r}{judge})"


def _in_quotes(member: str) -> str:
    """``member``, what may need quotes in it in quotes."""
    engine, model, samples, settings = split_name(member)
    many = f"*{samples}" if samples > 1 else ""
    own = "".join(f'@{key}="{value}"' for key, value in settings.items())
    return f'{engine}:"{model}"{many}{own}'


def _says(text: str, name: str, pool: SavedPool) -> bool:
    wanted = [split_name(member) for member in pool.members]
    if re.search(r"[\r\n]", text):
        return False
    try:
        read_name, members, judge = read(text)
        there = [split_name(member) for member in split_names(members)]
    except UsageError:
        return False
    return (read_name, there, judge) == (name, wanted, pool.judge)
