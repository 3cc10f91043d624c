"""The live view in other hosts than JupyterLab: Notebook 7, and those that need a widget's view."""

from __future__ import annotations

from typing import Any

from lab import opened
from live_page import BOARD, RESULT, SETUP

ASK = "%%fuse -p tiny:sums,tiny:words,tiny:logic\nHow many r's are in strawberry?"
AS_IN_VSCODE = """import os
os.environ["VSCODE_PID"] = "1"
os.environ.pop("JPY_SESSION_NAME", None)"""


def _is_live(nb: Any, index: int) -> None:
    result = nb.output(index)
    result.locator(".fz-acts").wait_for()
    score = result.locator("th", has_text="score").get_by_role("button")
    score.click()
    score.click()
    rows = result.locator(".fz-t tbody tr:not([hidden]) th bdi")
    assert rows.last.inner_text() == "tiny:words"  # the right one, upside down
    result.get_by_role("button", name="vote for tiny:words").click()
    result.locator(".fz-by", has_text="your vote: tiny:words").wait_for()


def test_a_view_of_the_model_shows_and_does_the_same(open_notebook: Any) -> None:
    nb = open_notebook("hosts.ipynb", [SETUP, AS_IN_VSCODE, ASK])
    nb.run(0)
    nb.run(1)
    nb.run(2)
    _is_live(nb, 2)


def test_notebook_7(lab: Any, chromium: Any) -> None:
    long = "%%fuse -p scripted:one,scripted:two -j scripted:judge\nhi"
    nb = opened(lab, chromium, "seven.ipynb", [SETUP, ASK, long], app="notebook")
    nb.run(0)
    nb.run(1)
    _is_live(nb, 1)
    nb.shot("live-notebook-7")

    nb.start(2)
    board = nb.output(2, BOARD)
    for name in ("one", "two"):
        board.locator(f"section[aria-label='scripted:{name}']").filter(
            has_text=f"{name}-9 "
        ).wait_for()
    board.get_by_role("button", name="Cancel", exact=True).click()
    nb.wait(2)
    nb.output(2, RESULT).filter(has_text="Stopped before it was decided").wait_for()
    (answered,), (stopped,) = (cell.outputs for cell in nb.save().cells[1:])
    for output in (answered, stopped):
        assert set(output.data) == {"text/html", "text/plain"}
    assert "your vote: tiny:words" in answered.data["text/html"]
    nb.page.close(run_before_unload=False)
