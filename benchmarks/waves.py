"""Two models that do not fit together: a 24B and an 8B on a machine of 24 GB, and in 16 GB.

    python benchmarks/waves.py --vocabularies FOLDER [--models FOLDER] [--limit 16]

Shapes of Mistral Small 24B and Llama 3.1 8B at Q4_K_M with random weights, made in ``--models``
(19 GB; those that are there are taken as they are). A pool of both is asked for eight tokens each:
it must run in two waves, the second model loaded when the first has ended, and nothing may be
swapped. Then the same in a memory cgroup of ``--limit`` GB, made below this process's own (as root,
where that is writable): the larger one is refused before it loads, with the cure, and the other one
answers. It stops by itself when less than 0.7 GB of the machine are left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from random_models import SHAPES, write_gguf

from fusion_magics import fuse
from fusion_magics.local import capacity, free_memory, loaded, machine, unload
from fusion_magics.text import binary_size
from fusion_magics.types import Fusion, Timing

CASES = ("mistral-small-24b", "llama-3.1-8b")
LEAST_FREE = 700 << 20
PROMPT = "What is a house made of?"
OPTIONS = {"judge": "scripted:yes", "mode": "vote", "max_tokens": 8}
OPTIONS |= {"system": "Be brief."}  # Mistral's own, of 600 tokens, would take minutes to read


# ── what is seen of it ───────────────────────────────────────────────────────────────────────


@dataclass
class Seen:
    """One child: when it was there (seconds), what it held at most (bytes), major page faults."""

    name: str
    began: float
    ended: float = 0.0
    peak: int = 0
    private: int = 0
    faults: int = 0
    before_writing: int | None = None  # of these, those until its first token


class Watch:
    """Looks at all children ten times a second."""

    def __init__(self) -> None:
        self.children: dict[int, Seen] = {}
        self.most_at_once = 0
        self.least_free = free_memory()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._before, self._began = _swapped(), time.monotonic()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def swapped(self) -> int:
        """Pages that the machine has swapped meanwhile."""
        return _swapped() - self._before

    def writing(self, name: str) -> None:
        """The model ``name`` begins to write."""
        for child in self.children.values():
            if child.name == name and child.before_writing is None:
                child.before_writing = child.faults

    def _look_on(self) -> None:
        while not self._over.wait(0.1):
            alive = loaded()
            self.most_at_once = max(self.most_at_once, len(alive))
            for model in alive:
                self._look_at(model.pid, model.name)
            self.least_free = min(self.least_free, psutil.virtual_memory().available)
            if self.least_free < LEAST_FREE:
                unload()
                print("too little memory is left: ended", flush=True)

    def _look_at(self, pid: int, name: str) -> None:
        now = time.monotonic() - self._began
        seen = self.children.setdefault(pid, Seen(name, now))
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            # The fields behind the name, which may hold anything, from the third on.
            behind = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        seen.ended = now
        seen.peak = max(seen.peak, _kilobytes(status, "VmHWM"))
        seen.private = max(seen.private, _kilobytes(status, "RssAnon"))
        seen.faults = int(behind[9])


def _kilobytes(status: str, key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) << 10 if found else 0


def _swapped() -> int:
    found = re.findall(r"^pswp(?:in|out) (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    return sum(map(int, found))


# ── the runs ─────────────────────────────────────────────────────────────────────────────────


async def run(pool: str) -> bool:
    """Plan the fusion, run it, tell of both; whether it ran in the waves of the plan."""
    print(f"free {binary_size(free_memory())}, for models {binary_size(capacity())}\n")
    plan = await fuse(PROMPT, pool=pool, dry_run=True, **OPTIONS)  # type: ignore[call-overload]
    print(plan, end="\n\n", flush=True)
    with Watch() as watch:

        def hear(label: str, purpose: str, delta: object) -> None:
            if getattr(delta, "state", None) == "writing":
                watch.writing(label)

        fusion = await fuse(PROMPT, pool=pool, watch=hear, **OPTIONS)  # type: ignore[call-overload]
    unload()
    _tell(fusion, watch)
    waves = max(share.wave for share in plan.memory)
    timings = [call.timing for call in fusion.timeline]
    fitting = sum(not share.problem for share in plan.memory)
    print(f"waves: planned {waves}, models at once at most {watch.most_at_once}")
    print(f"swapped pages: {watch.swapped}; least free: {binary_size(watch.least_free)}")
    return len(fusion.candidates) == fitting and not watch.swapped and in_waves(timings, waves)


def _tell(fusion: Fusion, watch: Watch) -> None:
    print("| call | loading | reading | writing | ended | tokens |\n|---|---|---|---|---|---|")
    for call in fusion.timeline:
        t = call.timing
        moments = (t.loading, t.reading, t.writing, t.ended)
        told = " | ".join("–" if at is None else f"{at:.1f} s" for at in moments)
        print(f"| {Path(call.label).name} | {told} | {call.usage.completion_tokens} |")
    print(
        "\n| process of | from | to | peak | of it private | faults from disk | while it writes |"
    )
    print("|---|---|---|---|---|---|---|")
    for child in watch.children.values():
        sizes = f"{binary_size(child.peak)} | {binary_size(child.private)}"
        since = "–" if child.before_writing is None else child.faults - child.before_writing
        span = f"{child.began:.1f} s | {child.ended:.1f} s"
        print(f"| {Path(child.name).name} | {span} | {sizes} | {child.faults} | {since} |")
    for failure in fusion.failures:
        print(f"\nrefused ({failure.kind}): {failure.message}\n  {failure.hint}")
    print()


def in_waves(timings: Sequence[Timing], waves: int) -> bool:
    """Whether, of two waves, the second began to load when the first had ended."""
    if waves < 2:
        return True
    first, second = sorted(timings, key=lambda timing: timing.loading or 0.0)
    return first.ended is not None and first.ended <= (second.loading or 0.0)


# ── a group with little memory ───────────────────────────────────────────────────────────────


@contextmanager
def group(limit: int) -> Iterator[Path]:
    """A memory cgroup (version 1 or 2) below this process's own; gone again afterwards.

    Raises
    ------
    OSError
        If none can be made.
    """
    own = [p for p in machine._around(machine.CGROUP / "memory", "memory") if p.is_dir()]
    name = "memory.limit_in_bytes"
    if not own:
        own = [p for p in machine._around(machine.CGROUP, "") if p.is_dir()]
        name = "memory.max"
    made = own[-1] / f"fusion_magics_{os.getpid()}"
    made.mkdir()
    try:
        (made / name).write_text(str(limit))
        yield made
    finally:
        made.rmdir()


def run_inside(made: Path, asked: argparse.Namespace) -> bool:
    """This script once more, in the group ``made``."""
    command = [sys.executable, __file__, "--inside", "--models", str(asked.models)]
    joined = f'echo $$ > "{made / "cgroup.procs"}" && exec "$@"'
    return subprocess.run(["sh", "-c", joined, "sh", *command]).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabularies", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--limit", type=float, default=16, help="GB of the group, 0 for none")
    parser.add_argument("--only-group", action="store_true", help="not on the whole machine")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    files = [asked.models / f"{shape}-Q4_K_M.gguf" for shape in CASES]
    for shape, file in zip(CASES, files, strict=True):
        if not file.exists():
            write_gguf(file, SHAPES[shape], asked.vocabularies, "Q4_K_M")
    pool = ",".join(f"llamacpp:{file.absolute()}" for file in files)
    if asked.inside:
        raise SystemExit(not asyncio.run(run(pool)))
    fine = asked.only_group or asyncio.run(run(pool))
    if asked.limit:
        print(f"\n── in {asked.limit:g} GB ──\n", flush=True)
        try:
            with group(int(asked.limit * 1e9)) as made:
                fine = run_inside(made, asked) and fine
        except OSError as exc:
            print(f"no cgroup can be made here: {exc}")
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
