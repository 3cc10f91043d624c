"""Room in memory: reserved when a load begins, so that two at once never both believe they fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ..errors import LoadError
from ..text import binary_size
from .child import Child
from .footprint import (
    Footprint,
    Measures,
    context_of,
    measures,
    needs,
    usual_quantisations,
    what_would_fit,
)
from .machine import Place, free_memory, private_memory
from .wire import Spec

MARGIN = 0.1
"""The part of the free memory that is left free: as much as a prediction may be wrong, and what
keeps the notebook, its page and the system's own cache of files alive."""


@dataclass(eq=False, slots=True)
class Seat:
    """What one child process holds, or will hold when it has loaded."""

    child: Child
    need: int
    place: Place
    users: int = 0
    idle_since: float = 0.0
    leaves: bool = False

    @property
    def taken(self) -> int:
        """Bytes that do not count as free any more."""
        if self.leaves:  # a process that ends has no memory to show before it is free again
            return self.need
        if self.place == "gpu":
            return self.need if self.child.ready else 0
        return private_memory(self.child.pid)

    @property
    def held(self) -> int:
        """Bytes that nobody else may count on."""
        return max(self.need, self.taken)

    @property
    def idle(self) -> bool:
        """Whether it may be ended for another's sake."""
        return not self.users and not self.leaves


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a load asks for."""

    spec: Spec
    need: Footprint
    place: Place

    @classmethod
    def of(cls, spec: Spec) -> Wanted:
        """For the model of ``spec``; reads its header. Raises LoadError if that cannot be read."""
        return cls(spec, needs(spec), measures(spec).place)


def most_room(place: Place, seats: Iterable[Seat]) -> int:
    """Bytes for models if none of ours were loaded: what is free now and what ours have taken."""
    ours = sum(seat.taken for seat in seats if seat.place == place)
    return int((free_memory(place) + ours) * (1 - MARGIN))


def to_end(wanted: Wanted, seats: Sequence[Seat]) -> list[Seat] | None:
    """The idle ones that must end first, least recently used first; None if others hold the room.

    An empty list: there is room now.
    """
    there = [seat for seat in seats if seat.place == wanted.place]
    room = most_room(wanted.place, there) - sum(seat.held for seat in there)
    short = wanted.need.total - room
    if short <= 0:
        return []
    short -= sum(seat.held for seat in there if seat.leaves)
    chosen: list[Seat] = []
    for seat in sorted(filter(lambda seat: seat.idle, there), key=lambda seat: seat.idle_since):
        if short > 0:
            chosen.append(seat)
            short -= seat.held
    if short > 0 or not chosen:
        return None
    return chosen


def fitting_alone(name: str, wanted: Wanted, room: int) -> Wanted:
    """What fits into ``room`` (:func:`most_room`): ``wanted``, or with fewer calls at once.

    Raises
    ------
    LoadError
        With the cure, if not even one call at a time fits.
    """
    if wanted.need.total <= room:
        return wanted
    wanted = Wanted.of(msgspec.structs.replace(wanted.spec, parallel=1))
    need = wanted.need
    if need.total <= room:
        return wanted
    parts = {"weights": need.weights, "context": need.context, "buffers": need.buffers}
    listed = ", ".join(f"{part} {binary_size(size)}" for part, size in parts.items())
    raise LoadError(
        f"{name} does not fit: it takes {binary_size(need.total)} ({listed}), and "
        f"{binary_size(room)} can be had here.",
        _cure(wanted.spec, room),
        kind="out-of-memory",
    )


def _cure(spec: Spec, room: int) -> str:
    model: Measures = measures(spec)
    usual = usual_quantisations(spec.engine, model.parameters)
    smaller = [(name, size) for name, size in usual if size < model.weights]
    fitting = what_would_fit(model, context_of(spec, model), room, smaller)
    ways = []
    if fitting.context:
        ways.append(f"give it @context={fitting.context}")
    if fitting.quantisation:
        ways.append(f"take a smaller quantisation (up to {fitting.quantisation} would fit)")
    if not ways:
        ways.append("take a smaller model")
    text = ", or ".join([*ways, "close other programs"])
    return f"{text[0].upper()}{text[1:]}."


def waves(wanted: Sequence[tuple[Place, int]], room: Mapping[Place, int]) -> list[int]:
    """In which wave (from 1) each of ``wanted`` (place, bytes) is loaded, in their order."""
    wave, held = 1, dict.fromkeys(room, 0)
    found = []
    for place, need in wanted:
        if held[place] and held[place] + need > room[place]:
            wave, held = wave + 1, dict.fromkeys(room, 0)
        held[place] += need
        found.append(wave)
    return found
