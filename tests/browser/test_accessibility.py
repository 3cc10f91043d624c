"""The live view for those who do not see it, or not its colours, or have no mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from layout import OVERFLOW

HERE = Path(__file__).parent
ARTIFACTS = HERE.parents[1] / "artifacts"
FOLDERS = [str(HERE), str(HERE.parent / "views")]
SETUP = f"""%load_ext fusion_magics
import sys
sys.path += {FOLDERS!r}
from dataclasses import replace
from held import SAMPLES, run"""

# Each sample, and the panel to open in it.
PANELS = {
    "best_of": "compare",
    "merge": "agreement",
    "debate": "timeline",
    "jury": "agreement",
    "rubric": "scores",
    "pairwise": "code",
    "rtl": "compare",
    "hostile": "code",
    "hostile_modes": "compare",
    "nothing": "",
    "stopped": "",
}

OPEN = "root => root.querySelectorAll('details').forEach(d => { d.open = true })"


def violations(page: Any, root: str = ".fz") -> list[str]:
    """What axe finds below ``root``: the rule, its impact, and the element."""
    found = Axe().run(page, root, {"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


def looks(nb: Any, name: str, shown: Any, root: str = ".fz") -> list[str]:
    """What is wrong in both themes, wide and narrow, while ``shown`` is on the screen."""
    found = []
    for theme in ("Dark", "Light"):
        nb.theme(f"JupyterLab {theme}")
        for width in (1200, 400):
            nb.page.set_viewport_size({"width": width, "height": 900})
            nb.page.wait_for_timeout(400)
            shown.scroll_into_view_if_needed()
            nb.shot(f"a11y-{name}-{width}-{theme.lower()}")
            wrong = violations(nb.page, root)
            if root == ".fz":
                wrong += nb.page.locator(root).evaluate_all(OVERFLOW)
            found += [f"{width} {theme}: {said}" for said in wrong]
    return found


def open_panel(view: Any, panel: str) -> None:
    if panel in ("scores", "timeline"):
        view.get_by_label("chart", exact=True).select_option(panel)
    elif panel:
        view.locator(f"[data-panel={panel}]").click()
    if panel:
        view.locator(".fz-panel > :nth-child(2)").wait_for()


def test_axe_finds_nothing_in_any_result(open_notebook: Any) -> None:
    shown = [f"SAMPLES[{name!r}]()" for name in PANELS]
    hidden = "replace(SAMPLES['merge'](), blind=True)"
    cells = [SETUP, *shown, hidden, hidden, "%fuse_pool edit"]
    nb = open_notebook("axe.ipynb", cells, height=900)
    for i in range(len(cells)):
        nb.run(i)
    for i, panel in enumerate(PANELS.values(), 1):
        nb.output(i, ".fz-acts").wait_for()
        nb.output(i, ".fz").evaluate(OPEN)
        open_panel(nb.output(i), panel)
    blind = 1 + len(PANELS)
    nb.output(blind, ".fz-vote").first.wait_for()
    nb.output(blind + 1, ".fz-vote").first.click()
    nb.output(blind + 1, ".fz-vote[aria-pressed=true]").wait_for()
    assert nb.page.locator(".fz").count() == len(PANELS) + 2
    assert looks(nb, "blind", nb.output(blind, ".fz")) == []
    assert looks(nb, "form", nb.output(blind + 2, ".fz-form"), ".fz-form") == []
    # The outline of the notebook is its author's.
    assert nb.page.locator(".fz :is(h1, h2, h3, h4, h5, h6)").count() == 0


def test_axe_finds_nothing_while_it_runs(open_notebook: Any, lab: Any, chromium: Any) -> None:
    nb = open_notebook("axe-running.ipynb", [SETUP, "await run('a')", "await run('b')"])
    nb.run(0)
    nb.start(1)
    nb.output(1, ".fz-cols").filter(has_text="r at 8").wait_for()
    found = looks(nb, "running", nb.output(1, ".fz-board"))
    (lab.folder / "a-judge").touch()
    nb.output(1, ".fz-judging progress").wait_for()
    found += looks(nb, "judging", nb.output(1, ".fz-judging"))
    (lab.folder / "a-end").touch()
    nb.wait(1)

    # A page that was loaded anew, and never saved: what runs is in a dock.
    nb.save()
    nb.start(2)
    nb.output(2, ".fz-cols").wait_for()
    nb.page.close(run_before_unload=False)
    nb.page = chromium.new_page(viewport={"width": 1200, "height": 900})
    nb.page.goto(lab.page("axe-running.ipynb"))
    nb.page.locator(".fz-dock .fz-cols").filter(has_text="r at 8").wait_for(timeout=90_000)
    found += looks(nb, "dock", nb.page.locator(".fz-dock"))
    (lab.folder / "b-judge").touch()
    (lab.folder / "b-end").touch()
    nb.page.locator(".fz-dock .fz-t").wait_for()
    found += looks(nb, "dock-result", nb.page.locator(".fz-dock"))
    nb.page.close(run_before_unload=False)
    assert found == []


# ── by keyboard ──────────────────────────────────────────────────────────────────────────────

# What Tab should stop at, in this order.
STOPS = """root => [...root.querySelectorAll('button, input, select, summary, [tabindex="0"]')]
  .filter(e => e.checkVisibility() && !e.disabled && e.tabIndex === 0)"""

# What Tab is at, whether a ring shows it, and whether it is on the screen.
STOP = """root => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!root.contains(e)) return null;
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const seen = box.bottom > 0 && box.top < innerHeight;
  return { at: STOPS(root).indexOf(e), ring, seen, html: e.outerHTML.slice(0, 120) };
}""".replace("STOPS", f"({STOPS})")


def test_by_keyboard_alone(open_notebook: Any) -> None:
    nb = open_notebook("keyboard.ipynb", [SETUP, "SAMPLES['rubric']()"], height=900)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    view, key = nb.output(1, ".fz"), nb.page.keyboard
    nb.output(1, ".fz-acts").wait_for()
    for summary in nb.output(1, "summary").all():
        summary.press("Enter")
    count = view.evaluate(f"root => ({STOPS})(root).length")
    view.evaluate(f"root => ({STOPS})(root)[0].focus()")
    key.press("Tab")
    key.press("Shift+Tab")
    stops = []
    while (stop := view.evaluate(STOP)) is not None:
        stops.append(stop)
        key.press("Tab")
    assert [stop["at"] for stop in stops] == [*range(count)]
    assert [stop for stop in stops if not stop["ring"] or not stop["seen"]] == []
    assert count > 20

    score = view.get_by_role("columnheader", name="score")
    for way in ("descending", "ascending"):
        score.get_by_role("button").press("Enter")
        assert score.get_attribute("aria-sort") == way
        assert nb.output(1, "th[aria-sort]:not([aria-sort=none])").count() == 1

    view.get_by_role("searchbox").press_sequentially("mistral")
    _says(view, "1 of 4")
    view.get_by_role("searchbox").fill("")

    agreement = view.get_by_role("button", name="agreement", exact=True)
    agreement.press("Enter")
    view.get_by_role("group", name="agreement", exact=True).wait_for()
    assert agreement.get_attribute("aria-expanded") == "true"
    view.get_by_role("button", name="close agreement").press("Enter")
    assert agreement.get_attribute("aria-expanded") == "false"
    assert agreement.evaluate("e => e === document.activeElement"), "the focus was lost"
    view.get_by_role("button", name="copy answer").press("Enter")
    _says(view, "copied")

    view.get_by_role("button", name="vote for local:qwen2.5-14b").press("Enter")
    voted = nb.output(1, ".fz-vote[aria-pressed=true]")
    voted.wait_for()
    nb.page.wait_for_function("document.activeElement.matches('.fz-vote[aria-pressed=true]')")
    voted.press("Enter")
    voted.wait_for(state="detached")


def _says(view: Any, text: str) -> None:
    view.get_by_role("status").filter(has_text=text).wait_for()


# ── from right to left ───────────────────────────────────────────────────────────────────────

ARABIC = """from fusions_by_hand import candidate, fusion
said = "\u0627\u0644\u062c\u0648\u0627\u0628 \u0647\u0648 3 (GGUF)."
fusion([candidate("a", f"{said}\\nAnswer: {said}"), candidate("b", "Answer: 3")], None)"""

# How far each text ends from the right edge of its place, in pixels.
GAPS = """root => ['.fz-h', '.fz-w', '[data-i="0"] strong', '[data-i="0"] .fz-x'].map(css => {
  const e = root.querySelector(css), text = document.createRange();
  text.selectNodeContents(e);
  const place = e.closest('.fz-a') ?? root;
  const padding = parseFloat(getComputedStyle(place).paddingRight);
  return place.getBoundingClientRect().right - padding - text.getBoundingClientRect().right;
})"""


def test_arabic_stands_at_the_right(open_notebook: Any) -> None:
    nb = open_notebook("arabic.ipynb", [SETUP, ARABIC, "SAMPLES['rtl']()"])
    nb.theme("JupyterLab Light")
    for i in range(3):
        nb.run(i)
    nb.output(1, ".fz-acts").wait_for()
    for i, sample in ((2, "rtl"), (1, "arabic")):
        for width in (1200, 400):
            nb.page.set_viewport_size({"width": width, "height": 900})
            nb.page.wait_for_timeout(400)
            nb.output(i, ".fz").screenshot(path=ARTIFACTS / f"a11y-{sample}-{width}.png")
            assert max(map(abs, nb.output(1, ".fz").evaluate(GAPS))) < 2
