"""The static view and the progress in a real JupyterLab, and in what JupyterLab exports."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

BY_HAND = str(Path(__file__).parents[1] / "views")
sys.path.append(BY_HAND)
from modes_by_hand import SAMPLES  # noqa: E402

ARTIFACTS = Path(__file__).parents[2] / "artifacts"


def shown(name: str) -> str:
    """A cell whose value is the sample ``name``."""
    found = f"import sys\nsys.path.append({BY_HAND!r})\nfrom modes_by_hand import SAMPLES"
    return f"{found}\nSAMPLES[{name!r}]()"


HOSTILE = ["hostile", "hostile_modes"]
SOUND = [name for name in SAMPLES if name not in (*HOSTILE, "megabyte", "hundred")]

# Text on its own background: the contrast of each element that has text of its own.
CONTRASTS = """root => {
  const parse = css => {
    const n = css.match(/-?[\\d.]+(?:e-?\\d+)?/g).map(Number);
    return css.startsWith('color(') ? [...n.slice(0, 3).map(v => v * 255), n[3] ?? 1]
                                    : [...n.slice(0, 3), n[3] ?? 1];
  };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const backdrop = e => {
    const layers = [];
    for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const light = c => {
    const [r, g, b] = c.map(v => v / 255).map(v => v <= .03928 ? v / 12.92
                                                 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const found = [];
  for (const e of root.querySelectorAll('*')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.tagName === 'STYLE' || !e.getClientRects().length) continue;
    const below = backdrop(e), ink = over(parse(getComputedStyle(e).color), below);
    const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
    found.push([(a + .05) / (b + .05), e.tagName + '.' + e.className + ' ' + e.textContent]);
  }
  return found;
}"""

OPEN = "root => root.querySelectorAll('details').forEach(d => { d.open = true })"

# What sticks out of the view, to the right. A passage may end its lines with a space there.
OVERFLOW = """root => {
  const edge = root.getBoundingClientRect().right + 1;
  const hidden = e => e.closest('.fz-sr, .fz-bar, .fz-s th, .fz-u u, .fz-own');
  return [root, ...root.querySelectorAll('*')]
    .filter(e => !hidden(e) && (e.getBoundingClientRect().right > edge
              || (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'hidden'
                  && getComputedStyle(e).display !== 'inline')))
    .map(e => e.tagName + '.' + e.className);
}"""


def test_it_can_be_read_in_both_themes(open_notebook: Any) -> None:
    nb = open_notebook("look.ipynb", [shown(name) for name in SOUND], height=1400)
    for i in range(len(SOUND)):
        nb.run(i)
    for theme in ("Dark", "Light"):
        nb.theme(f"JupyterLab {theme}")
        for i, name in enumerate(SOUND):
            view = nb.output(i, ".fz")
            view.evaluate(OPEN)
            view.screenshot(path=ARTIFACTS / f"view-{name}-{theme.lower()}.png")
            contrasts = view.evaluate(CONTRASTS)
            assert contrasts
            assert [c for c in contrasts if c[0] < 4.5] == []
            assert view.evaluate(OVERFLOW) == []


def test_it_fits_a_narrow_output(open_notebook: Any) -> None:
    names = [*SOUND, *HOSTILE, "megabyte"]
    nb = open_notebook("narrow.ipynb", [shown(name) for name in names], width=1200)
    for i in range(len(names)):
        nb.run(i)
    nb.theme("JupyterLab Light")
    nb.page.set_viewport_size({"width": 480, "height": 1400})
    for i, name in enumerate(names):
        view = nb.output(i, ".fz")
        view.scroll_into_view_if_needed()
        nb.page.wait_for_function(
            "([i, wide]) => document.querySelectorAll('.jp-Notebook .jp-Cell')[i]"
            ".querySelector('.fz').clientWidth < wide",
            arg=[i, 420],
        )
        if name != "megabyte":
            view.screenshot(path=ARTIFACTS / f"view-{name}-narrow.png")
            view.evaluate(OPEN)
        assert view.evaluate(OVERFLOW) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_inert(open_notebook: Any, name: str) -> None:
    nb = open_notebook(f"{name}.ipynb", [shown(name)])
    nb.run(0)
    view = nb.output(0, ".fz")
    view.evaluate(OPEN)
    nb.page.wait_for_timeout(1000)  # MathJax and images, had they been asked for
    assert nb.page.evaluate("window.__pwned") is None
    assert view.locator("script, img, svg, iframe, a, form, mjx-container").count() == 0
    assert "<script>window.__pwned=1</script>" in view.inner_text()
    assert nb.page.evaluate("getComputedStyle(document.body).display") != "none"


def test_an_untrusted_notebook_still_reads(open_notebook: Any) -> None:
    from fusion_magics.views import bundle

    fused = SAMPLES["best_of"]()
    output = nbformat.v4.new_output("display_data", data=bundle(fused))
    cell = nbformat.v4.new_code_cell("1", outputs=[output], execution_count=1)
    nb = open_notebook("untrusted.ipynb", [cell])
    nb.theme("JupyterLab Light")
    view = nb.output(0, ".jp-RenderedHTML")
    view.screenshot(path=ARTIFACTS / "view-untrusted.png")
    assert view.locator("style").count() == 0, "the notebook is trusted, so this shows nothing"
    assert view.locator("tbody tr").count() == 3 + 4
    for text in ("best of 3 members", "tiny:words", "9.5", "Spelled and counted right.", "0.42"):
        assert text in view.inner_text()
    assert view.locator("mjx-container").count() == 0


# ── progress ─────────────────────────────────────────────────────────────────────────────────

SLOW = """
import asyncio
from fusion_magics.types import Delta
from fusion_magics.views.progress import Progress
from fusion_magics.views.screens import screen_for
%config FuseMagics.view = "table"

async def slow(seconds):
    print("printed before")
    async with Progress(["tiny:sums", "tiny:words"], "tiny:judge", screen=screen_for()) as watch:
        for i in range(int(20 * seconds)):
            watch("tiny:words", "member", Delta(text=f"word{i} "))
            await asyncio.sleep(0.05)
        watch.result = FUSED
    return FUSED
"""

# Writes down what a cell's output holds, at each frame in which that changes.
WATCH_FRAMES = """index => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  window.frames_ = [];
  let last;
  const look = () => {
    const area = cell.querySelector('.jp-Cell-outputArea');
    const seen = css => [...area?.querySelectorAll(css) ?? []]
      .filter(e => e.getClientRects().length).length;
    const now = [seen('.fz-run'), seen('.jp-OutputArea-executeResult')];
    if (String(now) !== last) { last = String(now); window.frames_.push(now); }
    requestAnimationFrame(look);
  };
  look();
}"""


def test_progress_is_seen_and_gone(open_notebook: Any, tmp_path: Path) -> None:
    define = shown("best_of").replace("\nSAMPLES", "\nFUSED = SAMPLES")
    nb = open_notebook(
        "progress.ipynb", [define + "\n%load_ext fusion_magics\n" + SLOW, "await slow(3)"]
    )
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.page.evaluate(WATCH_FRAMES, 1)
    nb.start(1)
    # Each drawing replaces the one before, so nothing here may take hold of an element.
    nb.output(1, ".fz-run").filter(has_text="tokens/s").filter(has_text="word2").wait_for()
    nb.shot("progress")
    nb.wait(1)
    nb.output(1, ".fz-t").wait_for()

    frames = nb.page.evaluate("window.frames_")
    assert [1, 1] not in frames, "the result appeared twice, or beside the progress"
    assert frames.index([1, 0]) + 1 == frames.index([0, 1]), "an empty gap before the result"
    children = nb.output(1, ".jp-OutputArea-child")
    heights = [child.bounding_box()["height"] for child in children.all()]
    assert [h > 0 for h in heights] == [True, False, True], "the progress left a gap"
    assert nb.output(1).inner_text().startswith("printed before")

    saved = nb.save().cells[1].outputs
    assert "fz-run" not in str(saved)
    assert "word1" not in str(saved)
    assert [o.output_type for o in saved] == ["stream", "display_data", "execute_result"]
    assert saved[1].data == {"text/html": ""}, "all that is left of the progress"


FUSE = """%load_ext fusion_magics
from fusion_magics.backends.scripted import SCRIPTS, Script
reply = '{"check": "3 is 3", "rationale": "It is right.", "score": 8}'
SCRIPTS["judge"] = Script(reply, gap=0.05, wording="short")
SCRIPTS["hostile"] = Script("<img src=x onerror='window.__pwned=1'> $x^2$\\nAnswer: 3", gap=0.3)
"""


@pytest.mark.parametrize("view", ["table", "text"])
def test_a_fuse_cell_shows_its_progress_then_its_result(open_notebook: Any, view: str) -> None:
    line = f"%%fuse --view {view} -p scripted:hostile,scripted:no,scripted:broken -j scripted:judge"
    nb = open_notebook(f"fuse-{view}.ipynb", [FUSE, f"{line}\nHow many?"])
    nb.run(0)
    nb.page.evaluate(WATCH_FRAMES, 1)
    nb.start(1)
    nb.output(1, ".fz-run").filter(has_text="scripted:hostile").wait_for()
    nb.wait(1)
    result = nb.output(1, ".jp-OutputArea-executeResult")
    result.wait_for()
    for text in ("best of 2 of 3 members", "onerror='window.__pwned=1'", "broke off after 3 words"):
        assert text in result.inner_text()
    assert nb.output(1, ".fz-run").count() == 0
    assert [1, 1] not in nb.page.evaluate("window.frames_")
    assert nb.page.evaluate("window.__pwned") is None


def test_stop_ends_a_quiet_pool_at_once(open_notebook: Any) -> None:
    quiet = """
import asyncio
from fusion_magics.views.progress import Progress
async with Progress(["a"]):
    await asyncio.sleep(20)
"""
    nb = open_notebook("stop.ipynb", [quiet])
    nb.start(0)
    nb.page.wait_for_timeout(1500)
    began = time.monotonic()
    nb.stop()
    nb.wait(0)
    assert time.monotonic() - began < 10  # half a second and the browser's own time; not 20


# ── without a kernel ─────────────────────────────────────────────────────────────────────────


def test_an_exported_page_holds_every_text(chromium: Any, tmp_path: Path) -> None:
    from nbconvert import HTMLExporter

    from fusion_magics.views import bundle

    fused = SAMPLES["best_of"]()
    empty = nbformat.v4.new_output("display_data", data={"text/html": ""})
    result = nbformat.v4.new_output("execute_result", data=bundle(fused), execution_count=1)
    cell = nbformat.v4.new_code_cell("…", outputs=[empty, result], execution_count=1)
    html, _ = HTMLExporter(mathjax_url="").from_notebook_node(
        nbformat.v4.new_notebook(cells=[cell])
    )
    (tmp_path / "page.html").write_text(html)
    page = chromium.new_page(viewport={"width": 1100, "height": 800})
    page.route("http*://**", lambda route: route.abort())
    page.goto(f"file://{tmp_path}/page.html")
    page.screenshot(path=ARTIFACTS / "view-exported.png")
    text = page.locator(".fz").text_content()
    for candidate, verdict in zip(fused.candidates, fused.judgment.verdicts, strict=True):
        for part in (candidate.member, verdict.rationale, verdict.working):
            assert part in text
        assert all(line.removeprefix("Answer: ") in text for line in candidate.text.split("\n"))
    assert page.locator(".fz").evaluate(OVERFLOW) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("adapts", [True, False], ids=["adapting-page", "white-page"])
def test_outside_jupyter_it_follows_the_page(
    chromium: Any, tmp_path: Path, scheme: str, adapts: bool
) -> None:
    from fusion_magics.views import bundle

    meta = '<meta name="color-scheme" content="light dark">' if adapts else ""
    html = bundle(SAMPLES["unread"]())["text/html"]
    (tmp_path / "page.html").write_text(f'<!doctype html><meta charset="utf-8">{meta}{html}')
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 1000, "height": 700})
    page.goto(f"file://{tmp_path}/page.html")
    page.screenshot(path=ARTIFACTS / f"view-page-{scheme}-{adapts}.png")
    ground = page.evaluate(
        "matchMedia('(prefers-color-scheme: dark)').matches && "
        "getComputedStyle(document.body).color === 'rgb(255, 255, 255)'"
    )
    assert ground == (adapts and scheme == "dark")
    if not ground:  # a dark canvas has no computed colour that could be measured against
        assert [c for c in page.locator(".fz").evaluate(CONTRASTS) if c[0] < 4.5] == []
    page.close()
