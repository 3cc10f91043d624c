"""Many fused cells in one kernel, over pools that force reloads: does memory stay flat?

    python benchmarks/soak.py [--cells 200] [--limit 5]

A real kernel, whose room for models is made so small that three tiny models fit; the pools take
turns among six, by llama.cpp and by MLX, and a judge, so that nearly every cell ends some models
and loads others; every other cell has the live view. After each cell: private memory of the kernel
and of its children, their number, open files and threads, and what lies in the kernel's folder for
temporary files. The growth is the Theil–Sen slope with its 95 % interval (Sen 1968), after the
first tenth. Exit code 1 if the kernel surely grows by more than ``--limit`` MiB in 100 cells, or a
child is left in the end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from jupyter_client.manager import KernelManager, start_new_kernel
from scipy.stats import theilslopes

POOLS = (
    "tiny:sums,tiny:words,tiny:logic",
    "tiny:a,tiny:b,tiny:c",
    "tiny:a*3,tiny:sums",
    "tiny:logic,tiny:b",
    "tiny:sums@engine=mlx,tiny:words@engine=mlx",
    "tiny:a*2@engine=mlx,tiny:logic",
)
MODES = ("best-of", "vote", "merge")
FIT = 3
MIB = 1 << 20
SMALL = f"""
import fusion_magics.local.room as room
from fusion_magics.local import registry
_need = []
def _free(place):
    needs = [seat.need for seat in registry._seats.values()]
    return int({FIT} * max(needs, default=1 << 30) / 0.9) + 1 - sum(needs)
def _private(pid):
    return next((s.need for s in registry._seats.values() if s.child.pid == pid), 0)
room.free_memory, room.private_memory = _free, _private
%load_ext fusion_magics
"""


@dataclass(frozen=True)
class Seen:
    """What there was after one cell; memory in MiB."""

    kernel: float
    children: float
    count: int
    files: int
    threads: int
    temporary: int


def private(process: psutil.Process) -> float:
    """MiB that are the process's own: pages mapped from files come and go."""
    return process.memory_full_info().uss / MIB


def look(kernel: psutil.Process, pids: set[int], folder: Path) -> Seen:
    children = kernel.children(recursive=True)
    pids.update(child.pid for child in children)
    sizes = []
    for child in children:
        try:
            sizes.append(private(child))
        except psutil.Error:  # it has just ended
            continue
    files, threads = kernel.num_fds(), kernel.num_threads()
    temporary = sum(1 for _ in folder.rglob("*"))
    return Seen(private(kernel), sum(sizes), len(sizes), files, threads, temporary)


def cell(number: int) -> str:
    turn, which = divmod(number, len(POOLS))
    pool, mode = POOLS[which], MODES[(turn + which) % len(MODES)]
    view = "--view text" if number % 2 else ""
    question = f"What is {100 + number} + {200 + 7 * number % 300}?"
    return f"%%fuse -p {pool} -m {mode} {view} --max-tokens 120\n{question}"


def run(client: object, source: str) -> None:
    reply = client.execute_interactive(source, timeout=120, output_hook=lambda _: None)  # type: ignore[attr-defined]
    assert reply["content"]["status"] == "ok", reply["content"]


def left(pids: set[int], within: float = 10.0) -> list[int]:
    """Children that are still there after so many seconds."""
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        there = [pid for pid in pids if psutil.pid_exists(pid)]
        if not there:
            return []
        time.sleep(0.1)
    return there


def soak(
    manager: KernelManager, client: object, cells: int, folder: Path
) -> tuple[list[Seen], set[int]]:
    kernel = psutil.Process(manager.provisioner.pid)  # type: ignore[union-attr]
    run(client, SMALL)
    seen, pids = [], set[int]()
    for number in range(cells):
        run(client, cell(number))
        seen.append(look(kernel, pids, folder))
    run(client, "%fuse_models unload")
    assert not kernel.children(recursive=True), "unloaded models have left a process"
    return seen, pids


def report(seen: list[Seen]) -> float:
    """Prints a table; the least growth of the kernel, in MiB for 100 cells."""
    kept = seen[len(seen) // 10 :]
    print("| after a cell | first | median | last | growth in 100 cells |")
    print("|---|---|---|---|---|")
    growth = {}
    for name in ("kernel", "children", "count", "files", "threads", "temporary"):
        values = [getattr(one, name) for one in kept]
        slope, _, low, high = (100 * x for x in theilslopes(values))
        growth[name] = low
        middle = statistics.median(values)
        print(
            f"| {name} | {values[0]:.0f} | {middle:.0f} | {values[-1]:.0f} "
            f"| {slope:+.2f} [{low:+.2f}, {high:+.2f}] |"
        )
    return growth["kernel"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--limit", type=float, default=5.0)
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"TMPDIR": folder}
        manager, client = start_new_kernel(kernel_name="python3", env=environment)
        try:
            seen, pids = soak(manager, client, asked.cells, Path(folder))
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    growth, there = report(seen), left(pids)
    print(
        f"{asked.cells} cells in {time.monotonic() - began:.0f} s, {len(pids)} models loaded, "
        f"{len(there)} processes left"
    )
    raise SystemExit(bool(growth > asked.limit or there))


if __name__ == "__main__":
    main()
