"""Member names: ``engine:model*N@key=value`` → members of a pool.

``engine`` ends at the first colon. ``*N`` asks for N independent samples, as naming the member N
times does. Each ``@key=value`` sets something for this member alone: a sampling parameter,
``system``, ``weight`` (of its vote, above 0), or a setting of its engine. A model or a value with a
comma or an ``@`` stands in double quotes. A name without a colon is a saved pool's.
"""

from __future__ import annotations

import hashlib
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from . import pool_file
from .backends import BACKENDS, open_model
from .backends._settings import OF_EVERY_MEMBER
from .errors import UsageError, did_you_mean
from .pool import Member, unique_labels
from .seams import Model
from .types import SamplingParams

DEFAULT_POOL = ("tiny:sums", "tiny:words", "tiny:logic")
DEFAULT_JUDGE = "tiny:judge"

SAMPLES_TEMPERATURE = 0.8
"""For several samples of one member where no temperature is set: greedy ones would be equal."""

MOST_SAMPLES = 1000
MOST_SEED = 2**32 - 2  # an engine reads the next one as "no seed"
MOST_TOKENS = 2**31 - 1

_NAME = re.compile(
    r"""(?P<engine>[^:\s]+):(?:"(?P<quoted>[^"]+)"|(?P<model>.+?))
        (?:\*(?P<samples>\d+))?
        (?P<settings>(?:@\w+=(?:"[^"]*"|[^@"]*))*)""",
    re.VERBOSE | re.DOTALL,
)
_SETTING = re.compile(r'@(\w+)=(?:"([^"]*)"|([^@"]*))')
_BETWEEN = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


class Name(NamedTuple):
    """A member name, taken apart."""

    engine: str
    model: str
    samples: int
    settings: dict[str, str]


def open_pool(
    pool: str | Sequence[str] | None,
    params: SamplingParams,
    temperature: float | None = None,
    samples: int = 1,
) -> tuple[Member, ...]:
    """The members that ``pool`` names, with unique labels, each sample with a seed of its own.

    Parameters
    ----------
    pool : str or sequence of str, optional
        Names of members and of saved pools; a string holds several, with commas between. Default:
        the tiny specialists.
    params : SamplingParams
        For every member, before its own ``@`` settings.
    temperature : float, optional
        What the user asked of every member (None: nothing).
    samples : int
        Of every member that does not say ``*N`` itself, 1 to 1000.

    Raises
    ------
    UsageError
        If there is no member, or one cannot be what its name says.
    """
    names = member_names(DEFAULT_POOL if pool is None else pool)
    if not names:
        raise UsageError("The pool has no members.", "Name some, such as tiny:sums,tiny:words")
    if not 1 <= samples <= MOST_SAMPLES:
        raise UsageError(f"samples is {samples}.", f"It must be from 1 to {MOST_SAMPLES}.")
    parts = [split_name(name, samples) for name in names]  # all are read before one is opened
    asked: list[_Asked] = []
    for name, part in zip(names, parts, strict=True):
        asked += [_asked(name, part, params, temperature is None)] * part.samples
    return unique_labels(_told_apart(asked))


def open_judges(
    judge: str | Sequence[str] | None, pool: str | Sequence[str] | None = None
) -> tuple[Model, ...]:
    """The models that judge: member names without samples or sampling settings.

    Parameters
    ----------
    judge : str or sequence of str, optional
        A string may hold several, with commas between. Default: the judge saved with ``pool``,
        else ``tiny:judge``.
    pool : str or sequence of str, optional
        Whom they judge.

    Raises
    ------
    UsageError
        If there is none, or one cannot be what its name says.
    """
    judge = judge_of(pool) or DEFAULT_JUDGE if judge is None else judge
    names = split_names(judge)
    if not names:
        raise UsageError("There is no judge.", f"Name one, such as {DEFAULT_JUDGE}")
    return tuple(open_judge(name) for name in names)


def open_judge(name: str | None) -> Model:
    """The model that judges: a member name without samples or sampling settings.

    Parameters
    ----------
    name : str, optional
        Default: ``tiny:judge``.

    Raises
    ------
    UsageError
        If it is no such name, or the model cannot be what it says.
    """
    name = DEFAULT_JUDGE if name is None else name
    engine, model, samples, settings = split_name(name)
    several = split_names(name)
    if len(several) > 1 and all(_NAME.fullmatch(one) for one in several):
        raise UsageError(
            f"A judge is one model: {name!r} names {len(several)}.", f"Name {several[0]}"
        )
    if samples > 1:
        raise UsageError(
            f"A judge is asked once: {name!r} asks for {samples} samples.", f"Leave *{samples} out."
        )
    for key in settings:
        if key in OF_EVERY_MEMBER:
            raise UsageError(
                f"{name!r}: a judge takes no {key}.",
                f"It is asked greedily, in words of its own: leave @{key} out.",
            )
    return open_model(engine, model, settings)


def split_name(name: str, samples: int = 1) -> Name:
    """``name``, taken apart; ``samples`` where it does not say how many itself.

    Raises
    ------
    UsageError
        If it is not of the form ``engine:model*N@key=value``.
    """
    match = _read(name)
    settings = {key: quoted or plain for key, quoted, plain in _SETTING.findall(match["settings"])}
    model, digits = match["quoted"] or match["model"], match["samples"] or str(samples)
    many = int(digits[:9])  # a longer number is too large all the same
    if not 1 <= many <= MOST_SAMPLES:
        shown, number = f"{match['engine']}:{model}*{digits[:9]}", "too many" if many else "no"
        raise UsageError(f"{shown!r} asks for {number} samples.", f"Write *1 to *{MOST_SAMPLES}.")
    return Name(match["engine"], model, many, settings)


def with_samples(name: str, samples: int) -> str:
    """``name``, asking for so many samples (``*N``) whatever it says itself; for 1 it says none.

    Raises
    ------
    UsageError
        If it is not of the form ``engine:model*N@key=value``.
    """
    match = _read(name)
    end = match.end("model") if match["quoted"] is None else match.end("quoted") + 1
    many = f"*{samples}" if samples > 1 else ""
    return match.string[:end] + many + match["settings"]


def _read(name: str) -> re.Match[str]:
    match = _NAME.fullmatch(name.strip()) if isinstance(name, str) else None
    if match is not None:
        return match
    raise UsageError(
        f"{name!r} is no member name.",
        "A member is engine:model, such as tiny:sums or llamacpp:model.gguf; with a comma in "
        'quotes: llamacpp:"a,b.gguf". Engines: ' + ", ".join(BACKENDS),
    )


def split_names(names: str | Sequence[str]) -> list[str]:
    """The names in ``names``; a string holds several, with commas between."""
    if not isinstance(names, str):
        return list(names)
    return [name for name in map(str.strip, _BETWEEN.split(names)) if name]


# ── saved pools ──────────────────────────────────────────────────────────────────────────────


def member_names(pool: str | Sequence[str]) -> list[str]:
    """The member names in ``pool``; saved pools in it give theirs.

    Raises
    ------
    UsageError
        If there is no such pool, or the file of pools is damaged.
    """
    names: list[str] = []
    for name in split_names(pool):
        saved = _saved(name)
        names += [name] if saved is None else saved.members
    return names


def judge_of(pool: str | Sequence[str] | None) -> str | None:
    """The judge saved with the first pool in ``pool`` that has one; None: there is none.

    Raises
    ------
    UsageError
        As :func:`member_names` does.
    """
    saved = map(_saved, split_names(pool or ()))
    return next((one.judge for one in saved if one is not None and one.judge), None)


def _saved(name: str) -> pool_file.SavedPool | None:
    """The pool saved as ``name``; None where that is no pool's name but a member's."""
    start = pool_file.NAME.match(name) if isinstance(name, str) else None
    rest = name[start.end() :] if start else ":"
    if rest[:1] not in ("", "*", "@"):
        return None
    pools, word = pool_file.read(), name.removesuffix(rest)
    if word not in pools:
        raise _no_pool(word, pools)
    if rest:
        raise UsageError(
            f"{name!r}: a saved pool has no samples or settings of its own.",
            f"Give them to its members: %fuse_pool edit {word}",
        )
    return pools[word]


def _no_pool(word: str, pools: Mapping[str, pool_file.SavedPool]) -> UsageError:
    if word in BACKENDS:
        near = f"{word} is an engine: write {word}:MODEL. "
    else:
        near = did_you_mean(word, pools)
    there = f"Saved: {', '.join(pools)}. " if pools else "None is saved yet. "
    cure = f"Save one: %fuse_pool save {word} MEMBER,MEMBER; a member is engine:model"
    return UsageError(f"There is no pool {word!r}.", f"{near}{there}{cure}")


# ── samples of one member ────────────────────────────────────────────────────────────────────


class _Asked(NamedTuple):
    """A member as its name asks for it."""

    member: Member
    same: Hashable  # equal for members that would write the same, were their seeds not told apart
    greedy_by_default: bool


def _asked(name: str, part: Name, params: SamplingParams, greedy: bool) -> _Asked:
    engine_settings = {k: v for k, v in part.settings.items() if k not in OF_EVERY_MEMBER}
    sampling = {k: v for k, v in part.settings.items() if k in _SAMPLING}
    member = Member(
        f"{part.engine}:{part.model}",
        open_model(part.engine, part.model, engine_settings),
        with_sampling(params, sampling, name),
        part.settings.get("system"),
        _weight(name, part.settings.get("weight", "1")),
    )
    others = frozenset((k, v) for k, v in part.settings.items() if k not in ("seed", "weight"))
    same = (part.engine, part.model, others, member.params.seed)
    return _Asked(member, same, greedy and "temperature" not in sampling)


def _weight(name: str, written: str) -> float:
    try:
        weight = float(written)
    except ValueError:
        weight = math.nan
    if 0 < weight < math.inf:
        return weight
    raise UsageError(f"{name}: weight cannot be {written!r}.", "Give a number above 0.")


def _told_apart(asked: Sequence[_Asked]) -> list[Member]:
    many = Counter(one.same for one in asked)
    seen: Counter[Hashable] = Counter()
    members = []
    for member, same, greedy_by_default in asked:
        params = replace(member.params, seed=sample_seed(member.params.seed, seen[same]))
        if many[same] > 1 and greedy_by_default:
            params = replace(params, temperature=SAMPLES_TEMPERATURE)
        members.append(replace(member, params=params))
        seen[same] += 1
    return members


def sample_seed(seed: int, sample: int) -> int:
    """The seed of a member's sample, counted from 0: its own, then such as no other seed gives.

    ``seed + sample`` would give most samples of seed 1 to seed 0, too.
    """
    if sample == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}*{sample}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % (MOST_SEED + 1)


# ── sampling ─────────────────────────────────────────────────────────────────────────────────


def _whole(value: Any) -> int:
    # int() would cut 1.5; index() takes numpy's integers too.
    return int(value if isinstance(value, str) else operator.index(value))


_SAMPLING: dict[str, tuple[Callable[[Any], Any], str]] = {
    "temperature": (float, "a number"),
    "top_p": (float, "a number"),
    "max_tokens": (_whole, "a whole number"),
    "seed": (_whole, "a whole number"),
    "stop": (lambda text: (text,), "a text"),
}


def with_sampling(params: SamplingParams, given: Mapping[str, Any], where: str) -> SamplingParams:
    """``params`` with what was ``given``, as text or as numbers, for ``where``.

    Raises
    ------
    UsageError
        That names the first value which is no number, or lies outside its range.
    """
    changes = {}
    for key, value in given.items():
        convert, kind = _SAMPLING[key]
        try:
            changes[key] = convert(value)
        except (TypeError, ValueError, OverflowError) as exc:
            raise UsageError(f"{where}: {key} cannot be {value!r}.", f"Give {kind}.") from exc
    return _checked(replace(params, **changes), where)


def _checked(params: SamplingParams, where: str) -> SamplingParams:
    rules = {
        "temperature": (0 <= params.temperature <= 100, "from 0 (greedy) to 100"),
        "top_p": (0 < params.top_p <= 1, "above 0 and at most 1"),
        "max_tokens": (1 <= params.max_tokens <= MOST_TOKENS, f"from 1 to {MOST_TOKENS}"),
        "seed": (0 <= params.seed <= MOST_SEED, f"from 0 to {MOST_SEED}"),
    }
    for key, (fine, should_be) in rules.items():
        if not fine:
            value = getattr(params, key)
            raise UsageError(f"{where}: {key} is {value}.", f"It must be {should_be}.")
    return params
