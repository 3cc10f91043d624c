"""How many processor cores of the machine are ours."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
CPUS = Path("/sys/devices/system/cpu")


def usable_cores() -> int:
    """Physical cores this process may use: affinity and cgroup quota respected, at least 1.

    Two hardware threads of one core share its arithmetic units, so a second thread on it only
    makes the first one wait at llama.cpp's barriers.
    """
    return max(1, min(_physical_cores(), int(_quota() or 1_000_000)))


def _physical_cores() -> int:
    if sys.platform == "darwin":
        return _apple_performance_cores() or os.cpu_count() or 1
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    return len({_siblings(cpu) for cpu in os.sched_getaffinity(0)})


@cache
def _siblings(cpu: int) -> str:
    try:
        return (CPUS / f"cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return str(cpu)


@cache
def _apple_performance_cores() -> int | None:
    # An efficiency core among the workers slows every one of them down to its pace.
    command = ["/usr/sbin/sysctl", "-n", "hw.perflevel0.physicalcpu"]
    try:
        return int(subprocess.check_output(command))  # noqa: S603
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def _quota() -> float | None:
    """Cores' worth of time that the cgroup (version 2 or 1) grants; None without a limit."""
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
    except (OSError, ValueError):
        quota, period = _old_quota()
    return None if quota in ("max", "-1") else max(1.0, int(quota) / int(period))


def _old_quota() -> tuple[str, str]:
    try:
        folder = CGROUP / "cpu"
        return (
            (folder / "cpu.cfs_quota_us").read_text().strip(),
            (folder / "cpu.cfs_period_us").read_text().strip(),
        )
    except OSError:
        return "max", "1"
