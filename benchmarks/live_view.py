"""How smooth is the live view? Against printing tokens, and updating HTML widgets.

::

    python benchmarks/live_view.py [--members 8] [--rate 100] [--seconds 30] [--repeat 3]

A real JupyterLab in a headless Chromium. One task in the kernel makes the tokens of all members;
what it costs alone is the first row. Then each writer shows them: the live view, ``print`` of
each token, one HTML widget per member set at each token, and the same 25 times a second. For each:
messages to the page per second, the kernel's CPU in per cent of one core, how much of the time
passed in frames longer than 100 ms, and how long after the last token the last text was seen.

Needs the extra ``test`` and a Chromium, as the browser tests do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "browser"))
from lab import NotebookPage, opened, running_chromium, running_lab  # noqa: E402

COMMON = """
import asyncio, os, time
import psutil
from fusion_magics.types import Delta
MEMBERS = [f"member-{{i}}" for i in range({members})]
WORDS = "the lock is released with its connection, which also covers a crash. ".split(" ")
me = psutil.Process()

async def tokens(take):
    "Calls take(i, token) for each member, `rate` times a second, on a steady clock."
    cpu, began = me.cpu_times(), time.perf_counter()
    for n in range(int({rate} * {seconds})):
        await asyncio.sleep(max(0, began + n / {rate} - time.perf_counter()))
        for i in range(len(MEMBERS)):
            take(i, WORDS[n % len(WORDS)] + " ")
    now = me.cpu_times()
    spent = time.perf_counter() - began
    print("CPU", 100 * (now.user + now.system - cpu.user - cpu.system) / spent, spent)
"""

WRITERS = {
    "no writer": "await tokens(lambda i, token: None)",
    "live view": """
from fusion_magics.views.live.live import Live
from fusion_magics.views.progress import Progress
async with Progress(MEMBERS, "judge", "answer", Live(about="best-of")) as watch:
    await tokens(lambda i, token: watch(MEMBERS[i], "member", Delta(text=token)))
    for member in MEMBERS:
        watch(member, "member", Delta(text="END"))
    await asyncio.sleep(1)
""",
    "print": """
await tokens(lambda i, token: print(token, end="", flush=True))
print("END")
await asyncio.sleep(1)
""",
    "HTML widgets": """
import html, ipywidgets as w
boxes = [w.HTML() for _ in MEMBERS]
display(w.HBox(boxes))
def take(i, token):
    boxes[i].value += html.escape(token)
await tokens(take)
boxes[-1].value += "END"
await asyncio.sleep(1)
""",
    "HTML widgets, 25 Hz": """
import html, ipywidgets as w
boxes, texts = [w.HTML() for _ in MEMBERS], [""] * len(MEMBERS)
display(w.HBox(boxes))
def take(i, token):
    texts[i] += html.escape(token)
async def draw():
    while True:
        await asyncio.sleep(0.04)
        for box, text in zip(boxes, texts):
            box.value = text
drawing = asyncio.create_task(draw())
await tokens(take)
texts[-1] += "END"
await asyncio.sleep(1)
drawing.cancel()
""",
}

# Frames while the cell runs, and when its last text was seen.
WATCH = """index => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const seen = window.seen_ = { frames: [], last: 0 };
  let before = performance.now();
  const look = now => {
    seen.frames.push(now - before);
    before = now;
    if (!window.stop_) requestAnimationFrame(look);
  };
  window.stop_ = false;
  requestAnimationFrame(look);
  new MutationObserver(() => {
    const text = cell.querySelector('.jp-Cell-outputArea')?.textContent ?? '';
    if (text.includes('END') && !seen.last) seen.last = Date.now();
  }).observe(cell, { childList: true, subtree: true, characterData: true });
}"""


def main() -> None:
    """Print a table: one row per writer, medians over the repetitions."""
    options = _options()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in WRITERS}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as lab,
        running_chromium() as browser,
    ):
        for turn in range(options.repeat):
            for name, source in WRITERS.items():
                common = COMMON.format(**vars(options))
                cells = [common, source.strip() + "\nprint('AT', time.time())"]
                notebook = opened(lab, browser, f"{turn}-{len(name)}.ipynb", cells)
                found[name].append(_measured(notebook, options.seconds))
                notebook.page.close(run_before_unload=False)
    _report(found, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--rate", type=int, default=100, help="tokens per second and member")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    return parser.parse_args()


def _measured(notebook: NotebookPage, seconds: float) -> dict[str, float]:
    notebook.run(0)
    notebook.page.evaluate(COUNT)
    notebook.page.evaluate(WATCH, 1)
    notebook.run(1, seconds * 20)
    notebook.page.wait_for_timeout(500)
    seen: dict[str, Any] = notebook.page.evaluate("window.stop_ = true, window.seen_")
    messages: int = notebook.page.evaluate("window.messages_")
    text = notebook.output(1).inner_text()
    cpu, spent = (float(word) for word in text.split("CPU ")[1].split()[:2])
    ended = float(text.split("AT ")[1].split()[0]) - 1
    frames = [f for f in seen["frames"] if f > 0]
    return {
        "messages": messages / spent,
        "cpu": cpu,
        "long": 100 * sum(f for f in frames if f > 100) / sum(frames),
        "lag": max(0.0, seen["last"] / 1000 - ended) if seen["last"] else float("nan"),
    }


# JupyterLab's kernel connection tells of every message that arrives.
COUNT = """() => {
  window.messages_ = 0;
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  kernel.anyMessage.connect((_, { msg, direction }) => {
    const shown = ['comm_msg', 'stream', 'display_data', 'update_display_data'];
    if (direction === 'recv' && shown.includes(msg.header.msg_type)) window.messages_ += 1;
  });
}"""


def _report(found: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> None:
    total = options.members * options.rate
    print(
        f"{options.members} members, {options.rate} tokens/s each ({total:,} in all), "
        f"{options.seconds:g} s, medians of {options.repeat}\n"
    )
    print("| writer | messages/s | kernel CPU | net of tokens | time in frames > 100 ms | lag |")
    print("|---|---|---|---|---|---|")
    for name, runs in found.items():
        m = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        alone = statistics.median(run["cpu"] for run in found["no writer"])
        print(
            f"| {name} | {m['messages']:.1f} | {m['cpu']:.1f} % | {m['cpu'] - alone:.1f} % "
            f"| {m['long']:.1f} % | {m['lag']:.2f} s |"
        )
    print(f"\n{time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    main()
