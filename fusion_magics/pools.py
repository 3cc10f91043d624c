"""Saved pools: members, and a judge if you like, under one name.

``fuse(pool="mine")``, ``%fuse -p mine`` and ``-p mine,tiny:sums`` ask the members that were saved
as ``mine``; its judge judges where none is named. ``%fuse_pool`` does the same from a notebook.
The pools are in one file that can be read and edited, see :mod:`fusion_magics.pool_file`. They
hold no keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .errors import UsageError, did_you_mean
from .members import member_names, open_judges, open_pool, split_names
from .pool_file import NAME, SavedPool, read, write
from .types import SamplingParams

__all__ = ["SavedPool", "delete", "named", "refuse_keys", "save", "saved"]

_IN_QUOTES = re.compile(r'"[^"]*"')
_SECRET = re.compile(
    r"@(?!max_tokens=)([\w-]*(?:key|token|secret|passw|credential|auth)[\w-]*)=", re.IGNORECASE
)
_LOGIN = re.compile(r"://[^/@,\s]+:[^/@,\s]+@")


def saved() -> Mapping[str, SavedPool]:
    """The saved pools by name, in the order they were first saved.

    Raises
    ------
    UsageError
        If their file is damaged; it is left as it is.
    """
    return read()


def save(
    name: str, members: str | Sequence[str], judge: str | Sequence[str] | None = None
) -> SavedPool | None:
    """Save ``members`` as the pool ``name``.

    Parameters
    ----------
    name : str
        Letters, digits, ``_`` and ``-``, a letter or ``_`` first.
    members : str or sequence of str
        Member names with ``*N`` and ``@key=value``; a string holds several, with commas between.
        A saved pool among them stands for the members it has now.
    judge : str or sequence of str, optional
        The judge where none is named; several are a jury.

    Returns
    -------
    SavedPool or None
        The pool of this name that was replaced.

    Raises
    ------
    UsageError
        If the name cannot be, a member or the judge could not be asked, or one holds a key.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UsageError(
            f"A pool cannot be called {name!r}.",
            "Use letters, digits, _ and -, beginning with a letter, such as my-pool.",
        )
    judges = () if judge is None else tuple(split_names(judge))
    for written in (*split_names(members), *judges):
        refuse_keys(written)
    names = tuple(member_names(members))
    open_pool(names, SamplingParams())
    if judges:
        open_judges(judges)
    pools = read()
    before = pools.get(name)
    write({**pools, name: SavedPool(names, ",".join(judges) or None)})
    return before


def delete(name: str) -> SavedPool:
    """Forget the pool ``name``; returns what it was.

    Raises
    ------
    UsageError
        If there is no such pool.
    """
    pool = named(name)
    write({other: kept for other, kept in read().items() if other != name})
    return pool


def named(name: str) -> SavedPool:
    """The saved pool ``name``.

    Raises
    ------
    UsageError
        If there is no such pool.
    """
    pools = read()
    if name in pools:
        return pools[name]
    there = f"Saved: {', '.join(pools)}" if pools else "None is saved yet."
    raise UsageError(f"There is no pool {name!r}.", did_you_mean(name, pools) + there)


def refuse_keys(written: object) -> None:
    """Nothing, if the member name ``written`` holds no key.

    Raises
    ------
    UsageError
        If a setting is named like a key, or an address has a password in it.
    """
    # The message must not repeat the key: notebooks are shared with their outputs.
    bare = _IN_QUOTES.sub('""', written) if isinstance(written, str) else ""
    if found := _SECRET.search(bare):
        what, cure = f"@{found[1]}=…", f"Leave @{found[1]} out"
    elif _LOGIN.search(bare):
        what, cure = "a user and a password", "Leave them out of the address"
    else:
        return
    raise UsageError(
        f"A saved pool holds no keys, and a member has {what}.",
        f"{cure}: keys come from the environment.",
    )
