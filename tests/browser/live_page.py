"""What the tests of the live view share: first cells, and ears in the page."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lab import NotebookPage

BOARD = ".fz-board"
RESULT = ".fz:has(> .fz-acts)"

_HERE = Path(__file__).parent
sys.path.append(str(_HERE.parent / "views"))
SETUP = f"""import json, sys
sys.path += [{str(_HERE)!r}, {str(_HERE.parent / "views")!r}]
%load_ext fusion_magics
from modes_by_hand import SAMPLES
from sample import sample
import writers"""
"""The first cell: samples, and the models of ``writers.py``."""

# When and what: each column's state at each change, when its text was first seen.
LISTEN = """index => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const heard = window.heard_ = { text: {}, together: 0, states: {}, judge: [], bars: 0 };
  new MutationObserver(() => {
    const now = Date.now();
    const columns = [...cell.querySelectorAll('.fz-board section')];
    for (const column of columns) {
      const name = column.getAttribute('aria-label');
      const states = heard.states[name] ??= [];
      const said = column.querySelector('.fz-state').textContent;
      if (said && states.at(-1) !== said) states.push(said);
      if (column.querySelector('.fz-out').textContent) heard.text[name] ??= now;
    }
    const shown = columns.map(c => c.querySelector('.fz-out'))
      .filter(out => out.textContent && out.getClientRects().length);
    if (shown.length >= 3) heard.together ||= now;
    const judge = cell.querySelector('.fz-judging')?.textContent;
    if (judge && heard.judge.at(-1) !== judge) heard.judge.push(judge);
    heard.bars = Math.max(heard.bars, cell.querySelectorAll('.fz-board .fz-s i').length);
  }).observe(cell, { childList: true, subtree: true, characterData: true, attributes: true });
}"""

CLICKS = "document.addEventListener('click', () => { window.clicked_ = Date.now() }, true)"


def value(nb: NotebookPage, index: int) -> Any:
    """Run the cell at ``index`` and read the JSON that it prints last."""
    nb.run(index)
    said = nb.output(index, "pre").last
    said.wait_for()
    return json.loads(said.inner_text().splitlines()[-1])


def shot(nb: NotebookPage, index: int, name: str) -> None:
    """A screenshot with the cell at ``index`` at the top."""
    nb.cell(index).evaluate("cell => cell.scrollIntoView({ block: 'start' })")
    nb.page.mouse.move(0, 0)
    nb.page.wait_for_timeout(250)
    nb.shot(name)


def errors_of(page: Any) -> list[str]:
    """What the page complains of from now on, as it comes."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"{error}"))
    page.on("console", lambda m: found.append(m.text) if m.type == "error" else None)
    return found
