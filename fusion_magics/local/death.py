"""Why a child process ended: by itself (exit code, the system's out-of-memory counters, last
words), or ended by the kernel."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path

from ..errors import ModelError, WorkerDied

Cause = Callable[[str], ModelError]
"""Why a child has ended, said to a caller who knows its model by this name."""

OOM_COUNTERS = (
    "/sys/fs/cgroup/memory.events",  # cgroup version 2, seen from inside a container
    "/sys/fs/cgroup/memory/memory.oom_control",  # version 1
    "/proc/vmstat",  # the whole machine
)
# What allocators and Metal say before they give up and abort.
NO_MEMORY = re.compile(
    r"bad_alloc|out of memory|insufficient memory|failed to allocate|OutOfMemory", re.IGNORECASE
)


def oom_kills() -> tuple[int, ...]:
    """The counters of processes that Linux killed for memory; they only rise."""
    return tuple(_oom_kills(Path(p)) for p in (*OOM_COUNTERS, *_own_cgroup()))


def _oom_kills(path: Path) -> int:
    try:
        found = re.search(r"^oom_kill (\d+)$", path.read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _own_cgroup() -> list[str]:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    paths = [line.split("::", 1)[1] for line in lines if line.startswith("0::")]
    return [f"/sys/fs/cgroup{p.rstrip('/')}/memory.events" for p in paths]


def diagnose(name: str, code: int, oom_before: tuple[int, ...], last_words: str) -> WorkerDied:
    """The error that says why the child of model ``name`` ended.

    Parameters
    ----------
    code : int
        As :attr:`subprocess.Popen.returncode`: negative is a signal.
    oom_before : tuple of int
        :func:`oom_kills` when the child was started.
    last_words : str
        The end of its standard error.
    """
    killed = code == -signal.SIGKILL
    starved = any(now > was for now, was in zip(oom_kills(), oom_before, strict=False))
    if (killed and starved) or NO_MEMORY.search(last_words):
        return WorkerDied(
            f"{name} ran out of memory: its process was ended ({_how(code)}).",
            "Use a smaller quantisation, @context=1024, or unload other models.",
            kind="out-of-memory",
            retryable=True,
        )
    if code == -signal.SIGTERM:
        return WorkerDied(
            f"The process of {name} was ended by another program (SIGTERM).",
            "The next call starts a new one.",
            kind="killed",
            retryable=True,
        )
    if killed:
        return WorkerDied(
            f"The process of {name} was killed (SIGKILL).",
            "The next call starts a new one. If you did not kill it, the system did: often for "
            "memory.",
            kind="killed",
            retryable=True,
        )
    return WorkerDied(
        f"The process of {name} crashed ({_how(code)}){_quote(last_words)}",
        "The next call starts a new one.",
        kind="crashed",
        retryable=True,
    )


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _quote(last_words: str) -> str:
    """The first line that names a cause, or the last line; empty without any words."""
    lines = [line.strip() for line in last_words.splitlines() if line.strip()]
    causes = [x for x in lines if re.search(r"error|assert|terminate|abort", x, re.IGNORECASE)]
    chosen = causes[:1] or lines[-1:]
    return f": {chosen[0][:300]}" if chosen else "."


# ── ended by the kernel ──────────────────────────────────────────────────────────────────────


def unloaded(name: str) -> ModelError:
    """The user gave its memory back."""
    return ModelError(
        f"{name} was unloaded.", "Ask again to load it.", kind="unloaded", retryable=True
    )


def changed_on_disk(name: str) -> ModelError:
    """The files of the model ``name`` are no longer those that were loaded."""
    return ModelError(
        f"The files of {name} changed while it was asked.",
        "Ask again: the new ones are loaded.",
        kind="unloaded",
        retryable=True,
    )


def given_up(name: str) -> ModelError:
    """Its load was cancelled, and this call came a moment too late to prevent it."""
    return WorkerDied(
        f"The load of {name} was given up.", "Ask again.", kind="unloaded", retryable=True
    )


def stuck(name: str) -> ModelError:
    """A cancelled call went on and on: in a template, a tokenizer, a step of minutes."""
    return WorkerDied(
        f"The process of {name} did not stop a cancelled call, and was ended.",
        "The next call starts a new one.",
        kind="killed",
        retryable=True,
    )


def unreadable(name: str) -> ModelError:
    """It wrote something else than reports, or only half of one."""
    return WorkerDied(
        f"What the process of {name} reported cannot be read; it was ended.",
        "The next call starts a new one. If it happens again, use another copy of the model.",
        kind="crashed",
        retryable=True,
    )
