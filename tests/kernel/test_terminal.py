"""Terminal IPython with a person at the keyboard: answers, errors, Ctrl-C."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

ASK = "-j scripted:yes -m vote"
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[=>])|\r")


class Terminal:
    """An IPython in a pseudo-terminal."""

    def __init__(self, home: Path, *options: str) -> None:
        environment = {**os.environ, "IPYTHONDIR": str(home), "TERM": "xterm", "NO_COLOR": "1"}
        environment["PROMPT_TOOLKIT_NO_CPR"] = "1"
        self._child = pexpect.spawn(
            sys.executable,
            [
                "-m",
                "IPython",
                "--no-banner",
                "--colors=NoColor",
                "--HistoryManager.enabled=False",
                *options,
            ],
            env=environment,
            encoding="utf-8",
            timeout=300,
            dimensions=(50, 160),
        )
        self._count = 0
        self._prompt()
        self.run("%load_ext fusion_magics")

    def _prompt(self) -> str:
        self._count += 1
        self._child.expect(rf"In \[{self._count}\]:")
        return _ESCAPES.sub("", self._child.before)

    def run(self, line: str) -> str:
        """What the terminal shows between this line and the next prompt."""
        self._child.sendline(line)
        return self._prompt()

    def stop(self, line: str, after: float = 1.0) -> tuple[str, float]:
        """Run a line, press Ctrl-C after so many seconds; what is shown, and how long it took."""
        self._child.sendline(line)
        time.sleep(after)
        began = time.monotonic()
        self._child.sendintr()
        shown = self._prompt()
        return shown, time.monotonic() - began

    def limit(self, seconds: float) -> float:
        """So many seconds on a machine with nothing else to do; more on one that is busy."""
        began = time.monotonic()
        self.run("0")
        return seconds + 20 * (time.monotonic() - began)

    def close(self) -> None:
        """End it."""
        self._child.close(force=True)


@pytest.fixture(scope="module", params=["prompt-toolkit", "simple-prompt"])
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    options = ["--simple-prompt"] if request.param == "simple-prompt" else []
    started = Terminal(tmp_path_factory.mktemp("ipython"), *options)
    yield started
    started.close()


def test_an_answer_is_text(terminal: Terminal) -> None:
    shown = terminal.run(f"%fuse -p scripted:echo {ASK} Say {{{{6 * 7}}}}, please?")
    assert "Say 42, please?" in shown
    assert "<div" not in shown


def test_an_error_is_two_lines(terminal: Terminal) -> None:
    shown = terminal.run("%fuse -m voet hi").strip().splitlines()
    start = shown.index("UsageError: There is no mode 'voet'.")
    assert shown[start + 1 :] == ["Did you mean vote? There is: best-of, merge, debate, vote"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"%fuse -p scripted:slow {ASK} hi", "Interrupted: Stopped."),
        ("fuse_sync('hi', pool='scripted:slow', judge='scripted:yes')", "Interrupted: Stopped."),
        (
            "await fuse('hi', pool='scripted:slow', judge='scripted:yes')",
            "CancelledError: Stopped.",
        ),
    ],
)
def test_ctrl_c_ends_the_cell_and_nothing_goes_on(
    terminal: Terminal, line: str, message: str
) -> None:
    terminal.run("import asyncio; from fusion_magics import fuse, fuse_sync")
    shown, seconds = terminal.stop(line)
    assert seconds < terminal.limit(0.5)
    assert message in shown
    assert "Traceback" not in shown
    tasks = "[t for t in asyncio.all_tasks() if 'fusion_magics' in repr(t)]"
    left = terminal.run(f"await asyncio.sleep(0.2); print('left', {tasks})")
    assert "left []" in left
    assert "after" in terminal.run(f"%fuse -p scripted:echo {ASK} after")


def test_ctrl_c_ends_an_await_of_the_users_too(terminal: Terminal) -> None:
    sleeping = "task = asyncio.ensure_future(asyncio.sleep(600))"
    terminal.stop(f"import asyncio; {sleeping}; await task", after=0.3)
    assert "it is True" in terminal.run("print('it is', task.cancelled())")


def test_in_a_cell_with_await_it_nests(terminal: Terminal) -> None:
    call = f"get_ipython().run_line_magic('fuse', '-p scripted:echo {ASK} hi')"
    terminal.run(f"await asyncio.sleep(0); x = {call}")
    assert "got hi" in terminal.run("print('got', x.text)")
