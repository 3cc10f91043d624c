"""What of the machine's memory is free, as systems and containers tell it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fusion_magics.local import machine

FREE = 10**12


@pytest.fixture
def cgroups(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """Where cgroups are, and which is our own, on a machine with a terabyte free."""
    folder = tmp_path_factory.mktemp("cgroup")
    own = folder / "own"
    monkeypatch.setattr(machine, "CGROUP", folder)
    monkeypatch.setattr(machine, "OWN_CGROUP", own)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"available": FREE}))
    return folder, own


def test_without_a_limit_it_is_what_the_machine_has(cgroups: tuple[Path, Path]) -> None:
    assert machine.free_memory() == FREE


def test_version_2_in_a_container(cgroups: tuple[Path, Path]) -> None:
    folder, own = cgroups
    own.write_text("0::/\n")
    (folder / "memory.current").write_text("3000\n")
    (folder / "memory.max").write_text("max\n")
    assert machine.free_memory() == FREE
    (folder / "memory.max").write_text("5000\n")
    assert machine.free_memory() == 2000
    (folder / "memory.stat").write_text("anon 900\ninactive_file 700\nactive_file 300\nshmem 0\n")
    assert machine.free_memory() == 3000, "what is only cached is free"
    (folder / "memory.max").write_text("1000\n")
    assert machine.free_memory() == 0


def test_version_2_counts_every_group_around(cgroups: tuple[Path, Path]) -> None:
    folder, own = cgroups
    own.write_text("0::/user.slice/job\n")
    for path, limit in {"user.slice": 4000, "user.slice/job": 9000}.items():
        (folder / path).mkdir()
        (folder / path / "memory.max").write_text(f"{limit}\n")
        (folder / path / "memory.current").write_text("1000\n")
    assert machine.free_memory() == 3000


def test_version_2_slows_down_what_is_above_its_high_mark(cgroups: tuple[Path, Path]) -> None:
    folder, own = cgroups
    own.write_text("0::/\n")
    (folder / "memory.current").write_text("1000\n")
    (folder / "memory.max").write_text("max\n")
    (folder / "memory.high").write_text("4000\n")
    assert machine.free_memory() == 3000


def test_a_group_outside_of_the_namespace_tells_nothing(cgroups: tuple[Path, Path]) -> None:
    """A process that was moved in from outside sees a path that leads out of the root."""
    folder, own = cgroups
    own.write_text("0::/../../elsewhere\n")
    (folder / "memory.current").write_text("1000\n")
    (folder / "memory.max").write_text("4000\n")
    assert machine.free_memory() == 3000


def test_version_1(cgroups: tuple[Path, Path]) -> None:
    folder, own = cgroups
    own.write_text("9:cpu,memory:/docker/x\n0::/\n")
    here = folder / "memory"
    here.mkdir()
    (here / "memory.usage_in_bytes").write_text("3000\n")
    (here / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert machine.free_memory() == FREE, "its largest number is no limit"
    (here / "memory.limit_in_bytes").write_text("5000\n")
    (here / "memory.stat").write_text("cache 9\ntotal_inactive_file 500\ntotal_active_file 100\n")
    assert machine.free_memory() == 2600


def test_version_1_counts_every_group_around(cgroups: tuple[Path, Path]) -> None:
    folder, own = cgroups
    own.write_text("5:cpu:/\n4:memory:/jobs/ours\n0::/\n")
    for path, limit in {"": 9000, "jobs": 4000, "jobs/ours": 7000}.items():
        here = folder / "memory" / path
        here.mkdir()
        (here / "memory.limit_in_bytes").write_text(f"{limit}\n")
        (here / "memory.usage_in_bytes").write_text("1000\n")
    assert machine.free_memory() == 3000


@pytest.fixture
def little_memory() -> Iterator[Path]:
    """A real group of 3 GiB below our own."""
    root = machine.CGROUP / "memory"
    own = [folder for folder in machine._around(root, "memory") if folder.is_dir()]
    if not own or not os.access(own[-1], os.W_OK):
        pytest.skip("no cgroup of version 1 can be made here")
    made = own[-1] / f"fusion_magics_test_{os.getpid()}"
    try:
        made.mkdir()
    except OSError:
        pytest.skip("no cgroup of version 1 can be made here")
    (made / "memory.limit_in_bytes").write_text(str(3 << 30))
    yield made
    made.rmdir()


def test_a_real_group(little_memory: Path) -> None:
    code = "from fusion_magics.local import machine; print(machine.free_memory())"
    into = f'echo $$ > "{little_memory / "cgroup.procs"}" && exec "$@"'
    told = subprocess.run(
        ["sh", "-c", into, "sh", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert 2 << 30 < int(told.stdout) < 3 << 30


def test_metal_may_not_wire_all(
    cgroups: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"hw.memsize": 24 << 30, "iogpu.wired_limit_mb": 0}
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(machine, "_sysctl", told.__getitem__)
    assert machine.free_memory() == 16 << 30
    told["hw.memsize"] = 64 << 30
    assert machine.free_memory() == 48 << 30
    told["iogpu.wired_limit_mb"] = 60 << 10
    assert machine.free_memory() == 60 << 30


def test_a_gpu_is_asked_by_its_own_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.free_memory("gpu") == machine.NO_LIMIT, "nobody to ask"
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 1000\necho 500\n")
    tool.chmod(0o755)
    assert machine.free_memory("gpu") == 1500 << 20


def test_what_a_process_holds() -> None:
    resident, private = (
        machine.resident_memory(os.getpid()),
        machine.private_memory(os.getpid()),
    )
    assert resident > private > 5_000_000
    assert machine.resident_memory(2**22 + 1) == 0
    assert machine.private_memory(2**22 + 1) == 0
