"""A few cells of the long run, in a real kernel: `benchmarks/soak.py` has two hundred."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "soak.py"


def test_models_come_and_go_and_nothing_is_left() -> None:
    command = [sys.executable, str(SCRIPT), "--cells", "6", "--limit", "100"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    *_, last = done.stdout.strip().splitlines()
    cells, models, there = (int(part.split()[0]) for part in last.split(", "))
    assert (cells, there) == (6, 0)
    assert models > 7  # six members and a judge: some were loaded again
