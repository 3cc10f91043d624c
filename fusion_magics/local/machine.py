"""The machine's memory: what is free for models, and what a process holds of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

CGROUP = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
NO_LIMIT = 1 << 60  # version 1 writes its largest number where there is no limit
Place = Literal["memory", "gpu"]
"""Where a model lies: in the machine's memory (Apple's GPU works in the same), or in a GPU's."""


def free_memory(place: Place = "memory") -> int:
    """Bytes that are free for models now; files that the system only caches count as free.

    The least of what the machine has, of what each cgroup that this process is in leaves, and on
    Apple Silicon of what the GPU may wire.
    """
    if place == "gpu":
        return _free_on_gpu()
    import psutil

    free = int(psutil.virtual_memory().available)
    return max(0, min([free, *_left_by_cgroups(), *_left_for_metal()]))


def resident_memory(pid: int) -> int:
    """Bytes of memory that process ``pid`` holds at the moment; 0 if it has ended."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def private_memory(pid: int) -> int:
    """As :func:`resident_memory`, without what is mapped from files: that counts as free.

    Where the system does not tell the two apart (macOS), with it.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return resident_memory(pid)
    found = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) << 10 if found else 0  # a zombie has none


# ── cgroups ──────────────────────────────────────────────────────────────────────────────────


def _left_by_cgroups() -> Iterator[int]:
    """What the own cgroup and those around it leave of their limits (versions 2 and 1)."""
    for folder in _around(CGROUP, ""):
        for limit in ("memory.max", "memory.high"):  # above the latter all is slowed down
            yield from _left(folder, limit, "memory.current", "")
    for folder in _around(CGROUP / "memory", "memory"):
        yield from _left(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_")


def _around(root: Path, controller: str) -> Iterator[Path]:
    """``root`` and the folders below it on the way to this process's own cgroup.

    In a container the root is the own cgroup, and the way leads nowhere.
    """
    yield root
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            parts = Path(path.lstrip("/")).parts
            yield from (root.joinpath(*parts[: n + 1]) for n in range(len(parts)))


def _left(folder: Path, limit: str, usage: str, prefix: str) -> Iterator[int]:
    try:
        most = int((folder / limit).read_text())
        used = int((folder / usage).read_text())
    except (OSError, ValueError):  # there is none, or it sets no limit
        return
    if most < NO_LIMIT:
        yield most - max(0, used - _cached(folder, prefix))


def _cached(folder: Path, prefix: str) -> int:
    """Bytes of files that the cgroup is charged for, and gives up when memory is short."""
    try:
        text = (folder / "memory.stat").read_text()
    except OSError:
        return 0
    pattern = rf"^{prefix}(?:in)?active_file (\d+)$"
    return sum(map(int, re.findall(pattern, text, re.MULTILINE)))


# ── GPUs ─────────────────────────────────────────────────────────────────────────────────────


def _left_for_metal() -> Iterator[int]:
    """Metal's recommended working set: what the user set, else 2/3 of up to 36 GiB, 3/4 of more.

    That is what ``recommendedMaxWorkingSetSize`` gives on such machines.
    """
    if sys.platform != "darwin":
        return
    total, wired = _sysctl("hw.memsize"), _sysctl("iogpu.wired_limit_mb")
    if wired:
        yield wired << 20
    elif total:
        yield total * 2 // 3 if total <= 36 << 30 else total * 3 // 4


def _sysctl(name: str) -> int:
    return _number(["/usr/sbin/sysctl", "-n", name])


def _free_on_gpu() -> int:
    query = ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    return _number(query) << 20 or NO_LIMIT  # nobody to ask: then llama.cpp says it


def _number(command: list[str]) -> int:
    """The sum of the numbers that ``command`` prints, one a line; 0 if it fails."""
    try:
        return sum(map(int, subprocess.check_output(command, timeout=10).split()))  # noqa: S603
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


@cache
def llamacpp_device() -> Literal["cpu", "metal", "gpu"]:
    """What llama.cpp computes on, told from the libraries that its package brought."""
    package = find_spec("llama_cpp")
    folders = package.submodule_search_locations if package else None
    names = " ".join(p.name for f in folders or () for p in Path(f, "lib").glob("*ggml-*"))
    if "ggml-metal" in names:
        return "metal"
    return "gpu" if "ggml-cuda" in names and os.path.exists("/dev/nvidiactl") else "cpu"
