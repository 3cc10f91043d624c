"""``%%fuse --bg`` in a real kernel: the cell is over at once, its output comes later."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from kernels import PATIENCE, Kernel, Reply
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

BRIEF = "%%fuse --bg -p scripted:brief,scripted:yes -o x\nhi"
LONG = "%%fuse --bg -p scripted:long,scripted:yes -o x\nhi"
GGUF = Path(__file__).parents[1] / "data" / "stories260K.gguf"

Outputs = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def bg(kernel: Kernel) -> Iterator[Kernel]:
    """The shared kernel; nothing runs in its background before or after."""
    kernel.run("%fuse_status cancel all\nx = None")
    yield kernel
    kernel.run("%fuse_status cancel all")
    assert kernel.orphans() == []


@dataclass
class Begun:
    """A cell that is over, and its outputs so far."""

    message: str
    reply: Reply


def begun(kernel: Kernel, source: str) -> Begun:
    """Run a cell with ``--bg``."""
    sent: list[str] = []

    def execute(code: str) -> str:
        sent.append(type(kernel.client).execute(kernel.client, code))
        return sent[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel.client, "execute", execute)
        reply = kernel.run(source)
    assert reply.status == "ok", reply
    return Begun(sent[0], reply)


def later(kernel: Kernel, cell: Begun, wanted: Callable[[str, dict[str, Any]], bool]) -> Outputs:
    """The outputs of ``cell`` up to the one that is ``wanted``, which may come after it is over."""
    outputs = list(cell.reply.outputs)
    while not any(wanted(*output) for output in outputs):
        got = (
            kernel.elsewhere.pop(0)
            if kernel.elsewhere
            else kernel.client.get_iopub_msg(timeout=PATIENCE)
        )
        if got["parent_header"].get("msg_id") == cell.message and got["msg_type"] != "status":
            outputs.append((got["msg_type"], got["content"]))
    return outputs


def is_result(kind: str, content: dict[str, Any]) -> bool:
    # A live view puts the result into the place of its board.
    said = content.get("data", {}).get("text/plain", "If this is all there is")
    return kind in ("display_data", "update_display_data") and "If this is all there is" not in said


def test_other_cells_run_meanwhile_and_the_view_comes_to_the_cell_that_asked(bg: Kernel) -> None:
    cell = begun(bg, LONG)
    assert re.fullmatch(r'<fuse #\d+ running 0.\d s: "hi">', cell.reply.value)
    assert bg.run("6 * 7").value == "42"
    assert bg.run("x is None").value == "True"
    time.sleep(0.5)
    status = bg.run("%fuse_status")
    assert "running" in status.printed
    assert "1/2 done" in status.printed
    assert "Cancelled #" in bg.run("%fuse_status cancel all").printed
    outputs = later(bg, cell, is_result)
    assert any("Asking 2 members" in str(content) for _, content in outputs)
    shown = outputs[-1][1]
    assert set(shown["data"]) == {"text/html", "text/plain"}
    assert "Stopped before it was decided" in shown["data"]["text/plain"]
    assert bg.run("[c.member for c in x.candidates]").value == "['scripted:yes']"


def test_it_is_awaited_in_other_cells(bg: Kernel) -> None:
    begun(bg, "run = %fuse --bg -p scripted:brief -o x hi")
    reply = bg.run("fusion = await run\n(await run) is fusion is x is run.result(), fusion.text")
    assert reply.value == "(True, 'one two')"
    assert bg.run("run.done, run.prompt").value == "(True, 'hi')"


def test_its_error_is_two_lines_in_its_own_cell_and_raised_to_who_waits(bg: Kernel) -> None:
    cell = begun(bg, "run = %fuse --bg -p scripted:broken hi")
    error = later(bg, cell, lambda kind, _: kind == "error")[-1][1]
    assert error["ename"] == "NoAnswerError"
    assert "Traceback" not in "".join(error["traceback"])
    for _ in range(2):
        assert bg.run("await run").error.startswith("NoAnswerError: No member answered.")
    cell = begun(bg, "run = %fuse --bg -p scripted:nobody hi")
    error = later(bg, cell, lambda kind, _: kind == "error")[-1][1]
    assert "".join(error["traceback"]).startswith("UsageError: There is no script 'nobody'.")
    assert bg.run("import gc; del run; gc.collect();").printed == ""


@pytest.mark.parametrize(
    "other",
    [
        "import time\nopen(f'{FOLDER}/Other', 'w').close()\ntime.sleep(30)",
        "open(f'{FOLDER}/Other', 'w').close()\nawait asyncio.sleep(30)",
        "open(f'{FOLDER}/Other', 'w').close()\nawait run",
        "%fuse -p scripted:long,scripted:no hi",
        "fuse_sync('hi', **LONG)",
    ],
    ids=["sync", "async", "await run", "fuse", "fuse_sync"],
)
def test_stop_of_another_cell_does_not_stop_it(bg: Kernel, other: str) -> None:
    begun(bg, "run = %fuse --bg -p scripted:long,scripted:yes -o x hi")
    reply = bg.run(other.replace("{FOLDER}", bg._folder.name), stop_after=0.4)
    assert reply.status == "error"
    assert reply.after_stop < bg.limit(2)
    before = bg.run("run.done, len(words)").value
    time.sleep(0.3)
    after = bg.run("run.done, len(words)").value
    assert before.startswith("(False")
    assert after.startswith("(False")
    assert before != after, "it goes on writing"
    assert bg.run("run.cancel(), (await run).candidates[0].member").value == (
        "(True, 'scripted:yes')"
    )


def test_stop_with_no_cell_running_does_not_stop_it(bg: Kernel) -> None:
    begun(bg, "run = %fuse --bg -p scripted:brief hi")
    bg.manager.interrupt_kernel()
    assert bg.run("(await run).text").value == "'one two'"


@pytest.mark.parametrize(
    "source",
    [
        "%%time\n%fuse --bg -p scripted:brief -o x hi",
        "def f():\n    run = %fuse --bg -p scripted:brief -o x hi\n    return run\nf()",
    ],
)
def test_nested_it_runs_as_well(bg: Kernel, source: str) -> None:
    cell = begun(bg, source)
    assert "running" in cell.reply.value
    later(bg, cell, is_result)
    assert bg.run("x.text").value == "'one two'"


@pytest.mark.parametrize(
    "source", ["%%capture\n%fuse --bg -p scripted:brief -o x hi", BRIEF + "\n;"]
)
def test_what_is_silent_shows_nothing(bg: Kernel, source: str) -> None:
    cell = begun(bg, source)
    assert cell.reply.outputs == []
    bg.client.execute("while x is None:\n    await asyncio.sleep(0.05)\nprint('it is there')")
    while True:
        got = bg.client.get_iopub_msg(timeout=30)
        assert got["parent_header"]["msg_id"] != cell.message or got["msg_type"] == "status"
        if got["msg_type"] == "stream":
            break


def test_a_real_engine_stops_when_it_is_cancelled(bg: Kernel) -> None:
    pool = f"llamacpp:{GGUF}*40"
    begun(bg, f"run = %fuse --bg -p {pool} --max-tokens 2000 Once upon a time")
    bg.run("while not words:\n    await asyncio.sleep(0.01)")
    assert bg.run("run.cancel(), (await run).text").value == "(True, '')"


def test_no_engine_outlives_the_kernel(fresh_kernel: Kernel) -> None:
    pool = f"llamacpp:{GGUF}*40"
    begun(fresh_kernel, f"run = %fuse --bg -p {pool} --max-tokens 2000 Once upon a time")
    fresh_kernel.run("while not words:\n    await asyncio.sleep(0.01)")
    pid = int(fresh_kernel.run("import os; os.getpid()").value)
    children = psutil.Process(pid).children(recursive=True)
    assert children
    fresh_kernel.client.shutdown()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


def test_unloading_stops_it(fresh_kernel: Kernel) -> None:
    begun(fresh_kernel, "run = %fuse --bg -p scripted:long hi")
    fresh_kernel.run("%unload_ext fusion_magics")
    reply = fresh_kernel.run("await asyncio.sleep(0.3)\nrun.done, run.standing")
    assert reply.value == "(True, 'cancelled')"
    assert fresh_kernel.orphans() == []


# ── executors ────────────────────────────────────────────────────────────────────────────────

SETUP = (
    "%load_ext fusion_magics\n%config FuseMagics.judge = 'scripted:yes'\n"
    "%config FuseMagics.mode = 'vote'"
)


def executed(*cells: str) -> Any:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    try:
        NotebookClient(notebook, timeout=300).execute()
    finally:
        nbformat.validate(notebook)
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.usefixtures("isolated")
def test_an_executor_waits_so_that_the_notebook_is_complete() -> None:
    _, shown, nested, last = executed(
        SETUP,
        "%%fuse --bg -p scripted:slow --max-tokens 2 -o x\nhi",
        "%%time\nrun = %fuse --bg -p scripted:slow --max-tokens 2 ho",
        "print(x.text, run.done, (await run).text, _2)",
    )
    assert [o["output_type"] for o in shown] == ["display_data", "execute_result"]
    assert "one two" in shown[0]["data"]["text/plain"]
    assert nested[0]["output_type"] == "display_data"
    assert last[0]["text"].startswith("one two True one two <fuse #1 done ")


@pytest.mark.usefixtures("isolated")
def test_an_error_ends_an_executor() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(c) for c in (SETUP, "%fuse --bg -p scripted:broken hi", "1")
        ]
    )
    with pytest.raises(CellExecutionError, match="No member answered"):
        NotebookClient(notebook, timeout=300).execute()
    assert [o["output_type"] for o in notebook.cells[1].outputs] == ["error"]
    assert notebook.cells[2].outputs == []
