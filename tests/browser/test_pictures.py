"""The pictures of README: the live view while a pool runs, afterwards, and before a blind vote.

``pytest tests/browser/test_pictures.py`` writes ``live-*.png`` to ``artifacts/``; those committed
in ``notebooks/images/`` are these, as they came. They show the three states that a person meets in
this order, each once, in the theme or width that the others do not have. A model of 1 million
parameters has written before one can look, so the first is of scripted members, at the pace of
larger ones; the other two are of the tiny models.
"""

from __future__ import annotations

import io
from typing import Any

from lab import ARTIFACTS
from PIL import Image

LOAD = """%load_ext fusion_magics
from fusion_magics.backends.scripted import SCRIPTS, Script

SCRIPTS["careful"] = Script('''Work in four steps, each of which can be stopped:

1. Add the column as nullable: this takes a lock for milliseconds.
2. Backfill in batches of 10,000 rows, and watch the replica lag.
3. Add the check as `NOT VALID`, then validate it: reads and writes go on.
4. Set `NOT NULL`; the valid check spares the scan. ''' * 3, delay=0.3, gap=0.045)
SCRIPTS["quick"] = Script('''Since PostgreSQL 11 a constant default needs no rewrite:

```sql
ALTER TABLE orders ADD COLUMN
  region text NOT NULL DEFAULT 'eu';
```

It is one short lock.''', delay=0.1, gap=0.05)
SCRIPTS["wordy"] = Script("Before anything else, one should consider " * 40, gap=0.035)
reply = '{"check": "", "rationale": "Right.", "score": 8}'
SCRIPTS["judge"] = Script(reply, gap=0.1, wording="short")"""

ASK = """%%fuse -p scripted:careful,scripted:quick,scripted:wordy -j scripted:judge
How do I add a NOT NULL column to a table of 200 million rows without downtime?"""
MERGE = """%%fuse -m merge
Two things: What is 95 - 48? And Spell planet backwards."""
BLIND = """%%fuse --blind -p tiny:a,tiny:b,tiny:c
Spell notebook backwards."""

TOP = "cell => cell.scrollIntoView({ block: 'start' })"


def _shot(nb: Any, index: int, end: Any = None) -> Any:
    """The cell with its output, down to the end of the element ``end``, where one is given."""
    nb.page.wait_for_timeout(600)  # JupyterLab fades a stale output in
    clip = nb.cell(index).bounding_box()
    if end is not None:
        box = end.bounding_box()
        clip["height"] = box["y"] + box["height"] - clip["y"] + 4
    assert clip["y"] + clip["height"] < nb.page.viewport_size["height"] - 40, "below the window"
    return Image.open(io.BytesIO(nb.page.screenshot(clip=clip))).convert("RGB")


def _keep(picture: Any, name: str) -> None:
    """In 255 colours, of which the views have fewer, but for the edges of letters."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"live-{name}.png"
    picture.quantize(255).save(path, optimize=True)
    assert path.stat().st_size < 150_000


def _side_by_side(pictures: list[Any]) -> Any:
    size = (sum(p.width for p in pictures), max(p.height for p in pictures))
    row, end = Image.new("RGB", size, "white"), 0
    for picture in pictures:
        row.paste(picture, (end, 0))
        end += picture.width
    return row


def test_the_pictures_of_readme(open_notebook: Any) -> None:
    nb = open_notebook("pictures.ipynb", [LOAD, ASK, MERGE, BLIND], width=1100, height=1400)
    nb.run(0)
    nb.start(1)
    nb.output(1, "section[data-state=done]").filter(has_text="one short lock").wait_for()
    nb.output(1).get_by_role("button", name="cancel scripted:wordy").click()
    nb.output(1, "section[data-state=cancelled]").wait_for()
    nb.page.mouse.move(0, 0)
    _keep(_shot(nb, 1), "running")
    nb.wait(1)

    nb.theme("JupyterLab Dark")
    nb.run(2)
    view = nb.output(2, ".fz")
    view.get_by_text("analysis", exact=True).click()
    view.get_by_role("button", name="compare two").click()
    view.get_by_label("second answer").select_option("tiny:sums")
    view.locator(".fz-panel").get_by_text("taeanal").first.wait_for()
    nb.cell(2).evaluate(TOP)
    view.locator(".fz-h [data-rows]").nth(1).hover()
    view.locator("tr.fz-lit").first.wait_for()
    _keep(_shot(nb, 2), "result-dark")

    nb.theme("JupyterLab Light")
    nb.run(3)
    nb.page.set_viewport_size({"width": 480, "height": 1400})
    right = nb.output(3, "tr[data-letter]").filter(has_text="koobeton").get_by_role("button")
    right.wait_for()
    nb.page.mouse.move(0, 0)
    nb.cell(3).evaluate(TOP)
    before = _shot(nb, 3)
    right.click()
    nb.output(3, ".fz-acts").wait_for()
    nb.page.mouse.move(0, 0)
    nb.cell(3).evaluate(TOP)
    _keep(_side_by_side([before, _shot(nb, 3, nb.output(3, ".fz-t"))]), "blind-narrow")
