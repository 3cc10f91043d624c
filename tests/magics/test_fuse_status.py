"""``%fuse_status`` and ``%fuse --bg`` where there is no kernel; with one: tests/kernel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics.backends.scripted import Script
from fusion_magics.background import Background
from fusion_magics.errors import UsageError
from fusion_magics.fusion import fuse
from fusion_magics.magics.completion import complete
from fusion_magics.pool import Control

Run = Callable[[str], str]
Begin = Callable[[str, str], Background]


@pytest.fixture
def begin(shell: InteractiveShell, scripts: dict[str, Script]) -> Begin:
    """Starts a run as ``--bg`` does."""
    scripts["endless"] = Script("word " * 1000, gap=0.01)

    def begun(prompt: str, pool: str) -> Background:
        control = Control()
        fusing = fuse(prompt, pool=pool, judge="scripted:yes", mode="vote", control=control)
        runs = shell.magics_manager.registry["FuseMagics"].runs
        started: Background = runs.begin(prompt, control, fusing)
        return started

    return begun


@pytest.fixture
def status(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Run:
    """What ``%fuse_status`` prints."""

    def printed(line: str) -> str:
        capsys.readouterr()
        shell.run_line_magic("fuse_status", line)
        return capsys.readouterr().out

    return printed


async def test_it_lists_the_runs(begin: Begin, status: Run) -> None:
    assert status("") == "Nothing runs in the background: %%fuse --bg\n"
    await begin("short?", "scripted:yes")
    with pytest.raises(Exception, match="No member answered"):
        await begin("fails?", "scripted:broken")
    long = begin("First\nsecond \x1b[31m line", "scripted:yes,scripted:endless")
    await asyncio.sleep(0.1)
    head, *rows = [re.split(r"  +", line) for line in status("").splitlines()]
    assert head == ["run", "state", "time", "members", "prompt"]
    assert [(r[0], r[1], *r[3:]) for r in rows] == [
        ("#1", "done", "1/1 done", "short?"),
        ("#2", "failed", "1/1 done", "fails?"),
        ("#3", "running", "1/2 done", "First"),
    ]
    assert status("list").splitlines()[0].split() == head
    long.cancel()
    await long
    assert re.search(r"#3 +cancelled .* 2/2 done", status(""))


async def test_one_and_all_are_cancelled(begin: Begin, status: Run) -> None:
    several = [begin("q", "scripted:endless") for _ in range(4)]
    await asyncio.sleep(0.05)
    assert status("cancel 2").startswith("Cancelled #2: ")
    assert status("cancel #3").startswith("Cancelled #3: ")
    await several[1]
    assert status("cancel all").startswith("Cancelled #1, #4: ")
    for run in several:
        assert (await run).failures[0].kind == "cancelled"
    assert status("cancel all") == "Nothing was running.\n"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("cancel", "Cancel which run?", "Running: #1. Write %fuse_status, or"),
        ("cancel 7", "No run 7 is running.", "Running: #1."),
        ("cancel al", "No run al is running.", "Did you mean all? Running: #1."),
        ("cancle 1", "%fuse_status cannot 'cancle 1'.", "Did you mean %fuse_status cancel? "),
        ("cancel 1 2", "%fuse_status cannot 'cancel 1 2'.", "Write %fuse_status, or"),
        ("{cancel!r}", "%fuse_status cannot '{cancel!r}'.", "cancel all."),
    ],
)
async def test_mistakes(begin: Begin, status: Run, line: str, message: str, hint: str) -> None:
    run = begin("q", "scripted:endless")
    with pytest.raises(UsageError) as error:
        status(line)
    assert error.value.message == message
    assert hint in error.value.hint
    assert not run.done
    run.cancel()
    await run


async def test_its_words_and_numbers_complete(shell: InteractiveShell, begin: Begin) -> None:
    magics = shell.magics_manager.registry["FuseMagics"]

    def offered(before: str) -> list[str]:
        return complete(before, False, 0, shell, magics)[1]

    run = begin("q", "scripted:endless")
    assert offered("%fuse_status ") == ["list", "cancel"]
    assert offered("%fuse_status c") == ["cancel"]
    assert offered("%fuse_status cancel ") == ["1", "all"]
    assert offered("%fuse_status cancel a") == ["all"]
    assert offered("%fuse_status cancel 1 ") == []
    run.cancel()
    await run
    assert offered("%fuse_status cancel ") == ["all"]


async def test_unloading_stops_what_runs(shell: InteractiveShell, begin: Begin) -> None:
    run = begin("q", "scripted:endless")
    await asyncio.sleep(0.05)
    shell.run_line_magic("unload_ext", "fusion_magics")
    with pytest.raises(asyncio.CancelledError):
        await run


def test_without_a_kernel_there_is_no_background(run: Run) -> None:
    words = "UsageError: --bg needs an event loop that goes on after the cell, and here there is"
    assert run("%fuse --bg hi").startswith(words)
    assert run("import asyncio\nawait asyncio.sleep(0)\n%fuse --bg hi").startswith(words)
    assert "calls" in run("%fuse --bg --dry-run hi"), "a plan is there at once"


def test_help(run: Run) -> None:
    assert "cancel all" in run("%fuse_status?")
