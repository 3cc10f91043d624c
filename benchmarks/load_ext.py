"""What ``%load_ext fusion_magics`` adds to IPython's own start: medians of fresh interpreters.

Usage: python benchmarks/load_ext.py [REPEATS]

Prints both times and their difference in seconds; exits with 1 if it is above 0.15.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 0.15
START = (
    "from IPython.terminal.interactiveshell import TerminalInteractiveShell as S\n"
    "shell = S.instance()\n"
)
LOAD = START + "shell.run_line_magic('load_ext', 'fusion_magics')\n"


def seconds(code: str, home: str) -> float:
    """Wall time of a fresh interpreter that runs ``code``."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=_environment(home))
    return time.perf_counter() - began


def _environment(home: str) -> dict[str, str]:
    import os

    return {**os.environ, "IPYTHONDIR": home}


def measure(repeats: int = 10) -> tuple[float, float]:
    """Medians without and with the extension, measured in turn so that noise meets both."""
    without, with_extension = [], []
    with tempfile.TemporaryDirectory() as home:
        Path(home, "profile_default").mkdir()
        for _ in range(repeats + 1):
            without.append(seconds(START, home))
            with_extension.append(seconds(LOAD, home))
    # The first pair fills the file caches.
    return statistics.median(without[1:]), statistics.median(with_extension[1:])


if __name__ == "__main__":
    without, with_extension = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    added = with_extension - without
    print(f"IPython {without:.3f} s · with %load_ext fusion_magics {with_extension:.3f} s")
    print(f"added: {added:.3f} s (at most {LIMIT} s)")
    sys.exit(added > LIMIT)
