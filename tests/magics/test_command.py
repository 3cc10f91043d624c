"""``python -m fusion_magics``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from fusion_magics import __main__ as command

ECHO = ["-p", "scripted:echo", "-j", "scripted:yes", "-m", "vote"]


def test_it_prints_the_fusion(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["How", "many {n}?", *ECHO]) == 0
    printed = capsys.readouterr()
    assert "How many {n}?" in printed.out
    assert "scripted:echo" in printed.out
    assert printed.err == ""


def test_a_dry_run_prints_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--dry-run", "How", "many?", *ECHO]) == 0
    assert "A plan, nothing was asked: vote of scripted:echo" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mod", "vote", "hi"], "UsageError: There is no option --mod.\nDid you mean --mode?"),
        (["-m", "voet", "hi"], "UsageError: There is no mode 'voet'.\nDid you mean vote?"),
        (["hi", "-p", "nope:x"], "UsageError: There is no engine 'nope' (in nope:x).\n"),
        ([""], "UsageError: The question is empty.\n"),
        (
            ["hi", "-p", "scripted:broken", "-j", "scripted:yes"],
            "NoAnswerError: No member answered.\n",
        ),
    ],
)
def test_errors_are_short_and_exit_with_1(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert command.main([*ECHO, *arguments] if "-p" not in arguments else arguments) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(message)
    assert len(printed.err.strip().splitlines()) <= 3
    assert printed.out == ""


def test_without_a_question_it_asks_a_sample(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "can_show_notebook", lambda: True)  # options: so it asks
    assert command.main(ECHO) == 0
    assert capsys.readouterr().out.startswith(command.SAMPLE + "\n\n")


def test_without_anything_it_opens_the_notebook_where_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[str] = []

    def execv(_: str, arguments: list[str]) -> None:
        ran.extend(arguments)
        raise SystemExit

    monkeypatch.setattr(command, "can_show_notebook", lambda: True)
    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(SystemExit):
        command.main([])
    assert ran[1:4] == ["-m", "jupyter", "lab"]
    assert ran[4].endswith("01_quickstart.ipynb")


@pytest.mark.skipif(sys.platform != "linux", reason="macOS and Windows always have a display")
def test_a_notebook_needs_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not command.can_show_notebook()
    monkeypatch.setenv("DISPLAY", ":0")
    assert command.can_show_notebook() == command.NOTEBOOK.exists()


def test_help_lists_all_options() -> None:
    from fusion_magics.magics.options import command_parser, flags_of

    done = subprocess.run(
        [sys.executable, "-m", "fusion_magics", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(flag in done.stdout for flag in flags_of(command_parser()))


SAYS_WHEN_IT_ASKS = """
import sys
from fusion_magics.__main__ import main
from fusion_magics.backends.scripted import SCRIPTS, Script
SCRIPTS["tell"] = Script(lambda prompt, params: print("asked", flush=True) or "Yes.")
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_is_quick_and_shows_what_had_arrived() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SAYS_WHEN_IT_ASKS, "hi", *ECHO, "-p", "scripted:slow,scripted:tell"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - began < 1
    assert process.returncode == 130
    assert "Stopped before it was decided; what had arrived is kept." in out
    assert "Yes." in out
    assert err == ""


def test_an_ascii_terminal_gets_what_it_can_show() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fusion_magics", "größer 🙂", *ECHO],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "gr??er ?" in done.stdout


def test_a_reader_that_goes_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "fusion_magics", "hi", *ECHO],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
