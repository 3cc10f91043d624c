"""How fast is a large result? Against the same texts as a table of pandas, itables or widgets.

::

    python benchmarks/large_result.py [--candidates 100] [--words 2000] [--repeat 3]

A real JupyterLab in a headless Chromium shows one result of so many candidates, each with all its
words, a score and a reason. For each way of showing it: from the start of the cell until it is on
the screen (for the live view: until it can be searched), the kernel's part of that, the size of
the saved cell over the size of the texts, the longest frame while scrolling through the output
from end to end, and the longest while each thing is done that it can do: sort by the score,
search for a word that every text has, show all rows, open one row.

itables is measured where it is installed. Needs the extra ``test`` and a Chromium, as the browser
tests do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[1]
BY_HAND = ROOT / "tests" / "views"
sys.path += [str(ROOT / "tests" / "browser"), str(BY_HAND)]
from frames import ACT, OPEN, SCROLL  # noqa: E402
from lab import NotebookPage, opened, running_chromium, running_lab  # noqa: E402
from large_by_hand import large, texts_of  # noqa: E402

COMMON = """
import sys
sys.path.append({by_hand!r})
%load_ext fusion_magics
from large_by_hand import large
fused = large("prose", {candidates}, {words})
import pandas as pd
pd.set_option("display.max_colwidth", None, "display.max_rows", None)
verdicts = fused.judgment.verdicts
frame = pd.DataFrame({{
    "member": [c.member for c in fused.candidates],
    "score": [v.score for v in verdicts],
    "answer": [c.text for c in fused.candidates],
    "why": [v.rationale for v in verdicts],
}})
import time
class Timed:
    def __enter__(self): self.began = time.perf_counter()
    def __exit__(self, *_): print("KERNEL", time.perf_counter() - self.began)
"""


@dataclass(frozen=True)
class Way:
    """One way to show the result.

    ``source`` is the cell; ``ready`` finds what is there once it can be used; ``acts`` are what
    can be done with it then: name → JavaScript, given the cell's output.
    """

    source: str
    ready: str
    acts: dict[str, str] = field(default_factory=dict)
    package: str = "pandas"


TYPE = "input.value = 'lock'; input.dispatchEvent(new Event('input', {bubbles: true}))"
WAYS = {
    "live view": Way(
        "display(fused)",
        ".fz-tools input",
        {
            "sort": "out.querySelectorAll('.fz-sort')[2].click()",
            "search": f"const input = out.querySelector('.fz-tools input'); {TYPE}",
            "show all": "out.querySelector('.fz-more').click()",
            "open": "out.querySelector('tr:not([hidden]) .fz-a details').open = true",
        },
    ),
    "static view": Way(
        "from fusion_magics.views import bundle\ndisplay(bundle(fused), raw=True)",
        ".fz-s",
        {"show all": "out.querySelector('details:has(> .fz-t)').open = true"},
    ),
    "DataFrame.to_html": Way("display(frame)", "tbody tr:last-child td:last-child"),
    "pandas Styler": Way(
        'display(frame.style.bar(subset="score"))', "tbody tr:last-child td:last-child"
    ),
    "an HTML widget each": Way(
        "import html, ipywidgets as w\n"
        'display(w.VBox([w.HTML("<b>" + html.escape(m) + "</b><p>" + html.escape(t))'
        ' for m, t in zip(frame["member"], frame["answer"])]))',
        ".widget-html:last-child p",
        package="ipywidgets",
    ),
    "itables": Way(
        "import itables\nitables.init_notebook_mode(connected=False)\n"
        'itables.show(frame, maxBytes=0, paging=False, classes="display")',
        ".dt-search input, .dataTables_filter input",
        {
            "sort": "out.querySelectorAll('thead th')[2].click()",
            "search": "const input = out.querySelector('.dt-search input, .dataTables_filter "
            f"input'); {TYPE}",
        },
        package="itables",
    ),
}


def main() -> None:
    """Print a table: one row per way, medians over the repetitions."""
    options = _options()
    ways = {name: way for name, way in WAYS.items() if find_spec(way.package)}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    fused = large("prose", options.candidates, options.words)
    texts = sum(len(text.encode()) for text in texts_of(fused))
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as lab,
        running_chromium() as browser,
    ):
        for turn in range(options.repeat):
            for n, (name, way) in enumerate(ways.items()):
                cells = [
                    COMMON.format(by_hand=str(BY_HAND), **vars(options)),
                    "with Timed():\n    " + way.source.replace("\n", "\n    "),
                ]
                notebook = opened(lab, browser, f"{turn}-{n}.ipynb", cells)
                found[name].append(_measured(notebook, way, texts))
                notebook.page.close(run_before_unload=False)
                lab.shut_kernels_down()
    _report(found, options, texts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--words", type=int, default=2000, help="of each candidate")
    parser.add_argument("--repeat", type=int, default=3)
    return parser.parse_args()


def _measured(notebook: NotebookPage, way: Way, texts: int) -> dict[str, float]:
    notebook.run(0)
    page: Any = notebook.page
    measured = {"shown": page.evaluate(OPEN, [1, way.ready]) / 1000}
    notebook.wait(1)
    page.wait_for_timeout(1000)
    measured["kernel"] = float(notebook.output(1).text_content().split("KERNEL ")[1].split()[0])
    measured["size"] = _size(notebook) / texts
    measured["scroll"] = page.evaluate(SCROLL, 1)
    for act, source in way.acts.items():
        measured[act] = page.evaluate(ACT, [1, source])
        page.wait_for_timeout(500)
    return measured


def _size(notebook: NotebookPage) -> int:
    """Bytes of the cell in the file, and of what the notebook holds for it."""
    saved = notebook.save()
    empty = nbformat.from_dict({**saved, "cells": [saved.cells[0]], "metadata": {}})
    return len(nbformat.writes(saved).encode()) - len(nbformat.writes(empty).encode())


ACTS = ("sort", "search", "show all", "open")


def _report(
    found: dict[str, list[dict[str, float]]], options: argparse.Namespace, texts: int
) -> None:
    print(
        f"{options.candidates} candidates of {options.words:,} words, {texts:,} bytes of text, "
        f"medians of {options.repeat}; longest frames in ms\n"
    )
    print(f"| shown by | on screen | kernel | file / texts | scrolling | {' | '.join(ACTS)} |")
    print(f"|---|---|---|---|---|{'---|' * len(ACTS)}")
    for name, runs in found.items():
        m = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        acts = " | ".join(f"{m[act]:.0f}" if act in m else "–" for act in ACTS)
        print(
            f"| {name} | {m['shown']:.2f} s | {m['kernel']:.2f} s | {m['size']:.2f} "
            f"| {m['scroll']:.0f} | {acts} |"
        )
    for name in WAYS.keys() - found.keys():
        print(f"\n{name} is not measured: {WAYS[name].package} is not installed.")
    print(f"\n{time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
