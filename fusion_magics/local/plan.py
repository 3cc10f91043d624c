"""What a pool of local models would take of the memory, and in which waves. Nothing is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import LoadError
from .footprint import Footprint
from .machine import Place
from .model import LocalModel
from .registry import capacity, loaded
from .room import Wanted, fitting_alone, waves


@dataclass(frozen=True, slots=True)
class Share:
    """What one model would take.

    Attributes
    ----------
    need : Footprint
        Bytes.
    loaded : bool
        Whether it is in memory already.
    wave : int
        From 1: models of one wave are in memory together. 0 for a model that does not fit.
    problem : str
        Why it does not fit even alone, and the cure; empty if it does.
    """

    model: str
    need: Footprint
    place: Place
    loaded: bool
    wave: int
    problem: str = ""


def shares(models: Sequence[LocalModel]) -> tuple[Share, ...]:
    """The share of each model, in the order in which they would be asked; equal specs are one.

    Raises
    ------
    LoadError
        If the header of a model's weights cannot be read.
    """
    names = {model.spec: model.name for model in reversed(models)}
    specs = list(dict.fromkeys(model.spec for model in models))
    there = {model.spec for model in loaded()}
    found = [_alone(names[spec], Wanted.of(spec)) for spec in specs]
    fitting = [(wanted.place, wanted.need.total) for wanted, problem in found if not problem]
    places: dict[Place, int] = {place: capacity(place) for place, _ in fitting}
    numbers = iter(waves(fitting, places))
    return tuple(
        Share(
            names[spec],
            wanted.need,
            wanted.place,
            spec in there,
            0 if problem else next(numbers),
            problem,
        )
        for spec, (wanted, problem) in zip(specs, found, strict=True)
    )


def _alone(name: str, wanted: Wanted) -> tuple[Wanted, str]:
    try:
        return fitting_alone(name, wanted, capacity(wanted.place)), ""
    except LoadError as exc:
        return wanted, f"{exc.message} {exc.hint}"
