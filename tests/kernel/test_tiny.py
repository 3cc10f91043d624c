"""The models that ship, through every door: the answer is the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel

QUESTION = "What is 25 + 13?"
SUMMARY = (
    "[x.text, x.pool, [c.text for c in x.candidates], x.judgment.judge, "
    "[(v.candidate, v.rank, v.score) for v in x.judgment.verdicts]]"
)


@pytest.fixture(scope="module")
def defaults(isolated: Path) -> Iterator[Kernel]:
    """A kernel where nothing is configured: the tiny specialists and their judge."""
    kernel = Kernel()
    for trait in ("pool", "judge"):
        kernel.run(f"%config FuseMagics.{trait} = ''")
    kernel.run("%config FuseMagics.mode = 'best-of'")
    yield kernel
    kernel.close()


def _in_a_script() -> str:
    code = (
        "import asyncio\nfrom fusion_magics import fuse\n"
        f"x = asyncio.run(fuse({QUESTION!r}))\nprint({SUMMARY})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_magic_await_sync_and_script_give_the_same(defaults: Kernel) -> None:
    expected = eval(_in_a_script())
    assert expected[1] == ("tiny:sums", "tiny:words", "tiny:logic")
    assert expected[3] == "tiny:judge"
    assert len(expected[4]) == 3
    for source in (
        f"%%fuse -o x\n{QUESTION}",
        f"x = %fuse {QUESTION}",
        f"x = await fuse({QUESTION!r})",
        f"x = fuse_sync({QUESTION!r})",
    ):
        defaults.run("x = None")
        reply = defaults.run(source, timeout=300)
        assert reply.status == "ok", reply
        assert eval(defaults.run(SUMMARY).value) == expected, source


def test_the_command_prints_a_fusion() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fusion_magics", QUESTION],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in ("tiny:sums", "tiny:words", "judge tiny:judge"))
