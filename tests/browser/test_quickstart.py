"""The quickstart as a person meets it: the committed notebook, run by hand in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts"


def test_the_first_question_is_answered_judged_and_explained(open_notebook: Any) -> None:
    quickstart = nbformat.read(ROOT / "notebooks" / "01_quickstart.ipynb", as_version=4)
    load, ask = [c.source for c in quickstart.cells if c.cell_type == "code"][:2]
    notebook = open_notebook("quickstart.ipynb", [load, ask])
    notebook.theme("JupyterLab Light")
    notebook.run(0)
    notebook.run(1)

    result = notebook.output(1, ".fz")
    assert result.count() == 1
    assert result.locator("strong").first.inner_text() == "3"
    rows = result.locator("tbody tr")
    members = rows.locator("th[scope=row]").all_inner_texts()
    assert {m.split("\n")[0] for m in members[:3]} == {"tiny:sums", "tiny:words", "tiny:logic"}
    assert members[0].startswith("tiny:words")
    notebook.page.mouse.move(0, 0)
    notebook.page.wait_for_timeout(400)  # JupyterLab fades a stale output in
    ARTIFACTS.mkdir(exist_ok=True)
    box = notebook.output(1).bounding_box()
    clip = {"x": 0, "y": 0, "width": 1200, "height": min(900, box["y"] + box["height"] + 16)}
    notebook.page.screenshot(path=ARTIFACTS / "quickstart.png", clip=clip)
