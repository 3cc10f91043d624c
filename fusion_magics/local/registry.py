"""The loaded models of this kernel: one child process for each spec, started when first asked."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from ..errors import ModelError, WorkerDied
from ..types import Delta, Prompt, SamplingParams
from .child import Child
from .cores import resident_memory, usable_cores
from .death import changed_on_disk
from .wire import Spec


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory. ``memory`` is in bytes, weights mapped from the file included."""

    name: str
    spec: Spec
    pid: int
    memory: int


_children: dict[Spec, Child] = {}
_lock = threading.RLock()


async def stream(
    spec: Spec, name: str, prompt: Prompt, params: SamplingParams
) -> AsyncGenerator[Delta, None]:
    """One call of the model ``spec``; loads it if need be. See :class:`~fusion_magics.seams.Model`.

    A child that ended while idle, or that another call brought down, is no failure of this call:
    it is made once more, by a new child.
    """
    for last_try in (False, True):
        child, begun = _child(spec, name), False
        try:
            async with aclosing(child.stream(name, prompt, params)) as deltas:
                async for delta in deltas:
                    begun = begun or delta.state == "reading"
                    yield delta
            return
        except WorkerDied as exc:
            # A load that died would die again; one that others gave up would not.
            dies_of_loading = not child.ready and exc.failure_kind != "unloaded"
            if begun or last_try or dies_of_loading:
                raise


def loaded() -> list[Loaded]:
    """The models in memory, in the order they were first asked."""
    with _lock:
        alive = [c for c in _children.values() if c.alive]
    return [Loaded(c.name, c.spec, c.pid, resident_memory(c.pid)) for c in alive]


def unload(spec: Spec | None = None) -> None:
    """End the child of ``spec``, or all; their memory is free when this returns."""
    with _lock:
        gone = [_children.pop(s) for s in list(_children) if spec in (None, s)]
    for child in gone:
        child.kill()
    for child in gone:
        child.wait()


def _child(spec: Spec, name: str) -> Child:
    with _lock:
        child = _children.get(spec)
        if child is None or not child.alive:
            _end_outdated(spec)
            child = _children[spec] = _start(spec, name)
        return child


def _end_outdated(spec: Spec) -> None:
    """Children that hold what lay at the path of ``spec`` before its files changed."""
    for other in list(_children):
        if other.path == spec.path and other.stamp != spec.stamp:
            _children.pop(other).kill(changed_on_disk)


def _start(spec: Spec, name: str) -> Child:
    try:
        return Child(spec, name, _share_cores)
    except (OSError, RuntimeError) as exc:  # no process, or no thread
        raise ModelError(
            f"No process can be started for {name}: {exc}",
            "Unload other models, or close other programs.",
            retryable=True,
        ) from exc


def _share_cores() -> None:
    """Threads for the models at work, so that they do not wait in each other's way.

    Two models with all cores each are ten times slower than with half of them each.
    """
    with _lock:
        busy = [c for c in _children.values() if c.busy]
        for child in busy:
            child.share_cores(max(1, usable_cores() // len(busy)))


def _forget_in_fork() -> None:
    """A fork of the kernel (``multiprocessing``) owns none of its children."""
    global _lock
    _lock = threading.RLock()
    for child in _children.values():
        child.abandon()
    _children.clear()


atexit.register(unload)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_fork)
