"""The live view in a real JupyterLab: stream, cancel, reload, sort, search, compare, vote."""

from __future__ import annotations

import time
from typing import Any

import pytest

LOAD = """%load_ext fusion_magics
import time
from fusion_magics.backends.scripted import SCRIPTS, Script
LOCK = ("Use an advisory lock keyed on the tenant, so that two deploys never run the same "
        "migration.\\n\\nThe lock is **released** with the connection, which also covers a crash. ")
SCRIPTS["lock"] = Script(LOCK * 3, gap=0.03)
SCRIPTS["split"] = Script("Split it: add the column as nullable, backfill in batches.", gap=0.1)
SCRIPTS["keep"] = Script("Keep the old column for one release.", delay=0.4, gap=0.2)
SCRIPTS["endless"] = Script("and on " * 2000, gap=0.02)
check = '{"check": "", "rationale": "It says what is locked.", "score": %d}'
SCRIPTS["judge"] = Script(
    lambda prompt, _: check % (9 if "nullable" in prompt.text else 7 if "lock" in prompt.text else 4),
    gap=0.02, wording="short")
"""
ASK = "%%fuse -p scripted:lock,scripted:split,scripted:keep -j scripted:judge --max-tokens 5000"

# When each column first showed text, in seconds since the epoch.
FIRST_TEXTS = """index => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const seen = window.seen_ = {};
  new MutationObserver(() => {
    for (const section of cell.querySelectorAll('.fz-cols section')) {
      const name = section.getAttribute('aria-label');
      if (section.querySelector('.fz-out').textContent && !seen[name]) seen[name] = Date.now() / 1000;
    }
  }).observe(cell, { childList: true, subtree: true, characterData: true });
}"""


def test_three_members_stream_side_by_side(open_notebook: Any) -> None:
    nb = open_notebook("stream.ipynb", [LOAD, f"%%time\n1\n", "began = time.time()", f"{ASK} -o f\nHow?"])
    for i in range(3):
        nb.run(i)
    nb.page.evaluate(FIRST_TEXTS, 3)
    nb.start(3)
    texts = nb.output(3, ".fz-out")
    nb.page.wait_for_function("() => Object.keys(window.seen_).length === 3")
    assert texts.count() == 3
    nb.output(3, ".fz-out").nth(2).filter(has_text="Keep").wait_for()
    nb.shot("live-streaming")
    nb.wait(3)
    seen = nb.page.evaluate("window.seen_")
    assert set(seen) == {"scripted:lock", "scripted:split", "scripted:keep"}
