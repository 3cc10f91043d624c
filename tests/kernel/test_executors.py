"""Notebooks without a person: nbclient, papermill, ``jupyter execute``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.usefixtures("isolated")

CELLS = (
    "%load_ext fusion_magics\n"
    "%config FuseMagics.pool = 'scripted:echo'\n"
    "%config FuseMagics.judge = 'scripted:yes'\n"
    "%config FuseMagics.mode = 'vote'",
    "n = 6",
    "%%fuse -o kept\nHow many, {{n}}?",
    "line = %fuse How many in a line?",
    "%%capture\nnested = %fuse How many nested?",
    "print(kept.text, line.text, nested.text)",
)


def _notebook(*cells: str) -> Any:
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
    )


def _check(notebook: Any, n: int = 6) -> None:
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    assert outputs[-1][0]["text"] == f"How many, {n}? How many in a line? How many nested?\n"
    (shown,) = next(
        o for c, o in zip(notebook.cells, outputs, strict=True) if "-o kept" in c.source
    )
    assert shown["output_type"] == "execute_result"
    assert set(shown["data"]) == {"text/html", "text/plain"}


def test_nbclient() -> None:
    notebook = _notebook(*CELLS)
    NotebookClient(notebook, timeout=300).execute()
    _check(notebook)


def test_an_expected_error_makes_nbclient_fail() -> None:
    notebook = _notebook(CELLS[0], "%%fuse -m voet\nhi", "print('not reached')")
    with pytest.raises(CellExecutionError, match="There is no mode 'voet'"):
        NotebookClient(notebook, timeout=300).execute()
    (error,) = notebook.cells[1].outputs
    assert error["ename"] == "UsageError"
    assert notebook.cells[2].outputs == []


def test_no_trace_of_a_progress_is_kept() -> None:
    notebook = _notebook(CELLS[0], "%%fuse -p scripted:slow --max-tokens 3\nhi")
    NotebookClient(notebook, timeout=300).execute()
    assert [o["output_type"] for o in notebook.cells[1].outputs] == ["execute_result"]


def test_jupyter_execute(tmp_path: Path) -> None:
    file = tmp_path / "a.ipynb"
    nbformat.write(_notebook(*CELLS), file)
    subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", str(file)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    _check(nbformat.read(file, as_version=4))


def test_papermill(tmp_path: Path) -> None:
    import papermill

    notebook = _notebook(*CELLS)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "a.ipynb")
    papermill.execute_notebook(
        tmp_path / "a.ipynb", tmp_path / "b.ipynb", {"n": 7}, progress_bar=False
    )
    done = nbformat.read(tmp_path / "b.ipynb", as_version=4)
    _check(done, 7)
