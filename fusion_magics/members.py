"""Member names: ``engine:model*N@key=value`` → members of a pool.

``engine`` ends at the first colon. ``*N`` asks for N independent samples. Each ``@key=value`` sets
something for this member alone: a sampling parameter, ``system``, or a setting of its engine.
Values with a comma or an ``@`` stand in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .backends import BACKENDS, open_model
from .errors import UsageError
from .pool import Member, unique_labels
from .types import Model, SamplingParams

SAMPLES_TEMPERATURE = 0.8
"""For several samples of one member where no temperature is set: greedy ones would be equal."""

_NAME = re.compile(
    r"""(?P<engine>[^:\s]+):(?P<model>.+?)
        (?:\*(?P<samples>\d+))?
        (?P<settings>(?:@\w+=(?:"[^"]*"|[^@"]*))*)""",
    re.VERBOSE | re.DOTALL,
)
_SETTING = re.compile(r'@(\w+)=(?:"([^"]*)"|([^@"]*))')
_BETWEEN = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')

_SAMPLING: dict[str, Callable[[str], Any]] = {
    "temperature": float,
    "top_p": float,
    "max_tokens": int,
    "seed": int,
    "stop": lambda text: (text,),
}


def open_pool(
    pool: str | Sequence[str], params: SamplingParams, temperature: float | None = None
) -> tuple[Member, ...]:
    """The members that ``pool`` names, with unique labels.

    Parameters
    ----------
    pool : str or sequence of str
        Member names; a string holds several, with commas between.
    params : SamplingParams
        For every member, before its own ``@`` settings.
    temperature : float, optional
        What the user asked of every member (None: nothing).

    Raises
    ------
    UsageError
        If there is no member, or one cannot be what its name says.
    """
    names = [n.strip() for n in _BETWEEN.split(pool)] if isinstance(pool, str) else list(pool)
    names = [name for name in names if name]
    if not names:
        raise UsageError("The pool has no members.", "Name some: -p tiny:sums,tiny:words")
    return unique_labels([m for name in names for m in _members(name, params, temperature)])


def open_judge(name: str) -> Model:
    """The model that judges: a member name without samples or sampling settings."""
    engine, model, samples, settings = split_name(name)
    if samples > 1:
        problem = f"A judge is asked once: {name!r} asks for {samples} samples."
        raise UsageError(problem, f"Leave *{samples} out.")
    return open_model(engine, model, settings)


def split_name(name: str) -> tuple[str, str, int, dict[str, str]]:
    """``name`` as (engine, model, samples, settings).

    Raises
    ------
    UsageError
        If it is not of the form ``engine:model*N@key=value``.
    """
    match = _NAME.fullmatch(name.strip())
    if match is None:
        raise UsageError(
            f"{name!r} is no member name.",
            "A member is engine:model, such as tiny:sums or llamacpp:model.gguf. Engines: "
            + ", ".join(BACKENDS),
        )
    settings = {key: quoted or plain for key, quoted, plain in _SETTING.findall(match["settings"])}
    samples = int(match["samples"] or 1)
    if samples < 1:
        raise UsageError(f"{name!r} asks for no sample.", "Write *1 or more.")
    return match["engine"], match["model"], samples, settings


def _members(name: str, params: SamplingParams, temperature: float | None) -> list[Member]:
    engine, model_name, samples, settings = split_name(name)
    sampling = {k: v for k, v in settings.items() if k in _SAMPLING}
    system = settings.get("system")
    own = {k: v for k, v in settings.items() if k not in _SAMPLING and k != "system"}
    model = open_model(engine, model_name, own)
    if samples > 1 and temperature is None:
        params = replace(params, temperature=SAMPLES_TEMPERATURE)
    params = checked(replace(params, **_converted(name, sampling)), name)
    return [
        Member(f"{engine}:{model_name}", model, replace(params, seed=params.seed + i), system)
        for i in range(samples)
    ]


def _converted(name: str, sampling: Mapping[str, str]) -> dict[str, Any]:
    converted = {}
    for key, value in sampling.items():
        try:
            converted[key] = _SAMPLING[key](value)
        except ValueError as exc:
            raise UsageError(f"{name}: {key} cannot be {value!r}.", "Give a number.") from exc
    return converted


def checked(params: SamplingParams, where: str) -> SamplingParams:
    """``params``, if every value lies in its range.

    Raises
    ------
    UsageError
        That names the first value which does not.
    """
    rules = {
        "temperature": (0 <= params.temperature <= 100, "0 (greedy) or more"),
        "top_p": (0 < params.top_p <= 1, "above 0 and at most 1"),
        "max_tokens": (params.max_tokens >= 1, "1 or more"),
        "seed": (0 <= params.seed < 2**32 - 1, "from 0 to 4294967294"),
    }
    for key, (fine, should_be) in rules.items():
        if not fine:
            value = getattr(params, key)
            raise UsageError(f"{where}: {key} is {value}.", f"It must be {should_be}.")
    return params
