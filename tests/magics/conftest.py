"""An IPython shell of its own for every test: no history file, no profile, no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

Run = Callable[[str], str]


@pytest.fixture
def bare_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell without the extension."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    quiet = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    shell = InteractiveShell.instance(config=quiet)
    yield shell
    shell.run_line_magic("unload_ext", "fusion_magics")
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(bare_shell: InteractiveShell) -> InteractiveShell:
    """A shell with the extension, whose defaults need no weights."""
    bare_shell.run_line_magic("load_ext", "fusion_magics")
    magics = bare_shell.magics_manager.registry["FuseMagics"]
    magics.pool, magics.judge, magics.mode = ["scripted:echo"], "scripted:yes", "vote"
    return bare_shell


@pytest.fixture
def run(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a cell and gives what it printed, on stdout and stderr together."""

    def run_cell(source: str) -> str:
        capsys.readouterr()
        shell.run_cell(source, store_history=True)  # IPython looks there for a last ;
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run_cell
