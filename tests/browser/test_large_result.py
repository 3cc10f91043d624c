"""A hundred candidates of 2,000 words each can be sorted, searched, opened and scrolled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from frames import ACT, OPEN, SCROLL

BY_HAND = str(Path(__file__).parents[1] / "views")
SETUP = f"""import sys
sys.path.append({BY_HAND!r})
%load_ext fusion_magics
from large_by_hand import large
from modes_by_hand import SAMPLES
display(SAMPLES["best_of"]())  # what a first view loads
fused = large()"""
LAST = "const rows = out.querySelectorAll('tr[data-i]'); rows[rows.length - 1]"


def test_it_can_be_used_like_a_small_one(open_notebook: Any) -> None:
    nb = open_notebook("large.ipynb", [SETUP, "", "fused"])
    nb.run(0)
    nb.output(0, ".fz-tools").wait_for()
    # How fast is for benchmarks/large_result.py to say: a test may run beside others.
    opened = nb.page.evaluate(OPEN, [2, ".fz-tools input"])

    rows = nb.output(2, "tr[data-i]:not([hidden])")
    assert rows.count() == 21
    frames = {"scroll": nb.page.evaluate(SCROLL, 2)}
    for name, act in (
        ("sort", "out.querySelectorAll('.fz-sort')[2].click()"),
        ("show all", "out.querySelector('.fz-more').click()"),
        ("scroll all", ""),
        ("open", f"{LAST}.querySelector('.fz-a details').open = true"),
    ):
        frames[name] = nb.page.evaluate(*((ACT, [2, act]) if act else (SCROLL, 2)))
    assert rows.count() == 100
    words = nb.output(2, "tr[data-i] .fz-a details[open] .fz-x").inner_text().split()
    assert len(words) >= 2000
    print(f"on screen after {opened:.0f} ms; longest frames {frames}")

    search = nb.output(2, ".fz-tools input")
    search.fill("99: ")
    nb.output(2, ".fz-count").filter(has_text="1 of 100").wait_for()
    nb.shot("large-result")
