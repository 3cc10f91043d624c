"""The live view in other hosts than JupyterLab: Notebook 7, and those that need a widget's view."""

from __future__ import annotations

from typing import Any

from live_page import SETUP

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


def test_notebook_7(open_notebook: Any, lab: Any) -> None:
    nb = open_notebook("seven.ipynb", [SETUP, ASK])
    nb.page.goto(lab.page("seven.ipynb").replace("/doc/tree/", "/notebooks/").replace("&reset", ""))
    nb.page.wait_for_selector(".jp-Notebook .jp-Cell")
    nb.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    nb.run(0)
    nb.run(1)
    _is_live(nb, 1)
    nb.shot("live-notebook-7")
