"""Binder's files, checked by the tool that Binder runs, as far as that goes without Docker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parent.parent
LAB_AND_RESERVE = 600 * 2**20
"""JupyterLab's own server with an open notebook takes about 200 MB; the rest is reserve."""


def test_repo2docker_understands_the_folder() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--no-run", "--debug", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    recipe = done.stdout + done.stderr
    assert done.returncode == 0, recipe[-2000:]
    assert "python=3.12" in recipe
    for step in ("binder/requirements.txt", "binder/postBuild"):
        assert step in recipe


def test_everything_the_quickstart_loads_fits_into_two_gigabytes() -> None:
    """The kernel and all seven tiny models at once, each page counted where it is shared too."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        cells = (
            "%load_ext fusion_magics",
            "%fuse What is 2 + 2?",
            "%fuse -m vote -p tiny:a,tiny:b,tiny:c What is 2 + 2?",
            "import pandas",
        )
        for code in cells:
            reply = client.execute_interactive(code, output_hook=lambda _: None, timeout=300)
            assert reply["content"]["status"] == "ok", reply["content"]
        kernel = psutil.Process(manager.provisioner.pid)
        family = [kernel, *kernel.children(recursive=True)]
        assert len(family) == 8
        assert sum(p.memory_info().rss for p in family) + LAB_AND_RESERVE < 2 * 2**30
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
