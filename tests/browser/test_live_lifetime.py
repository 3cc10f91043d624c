"""What becomes of a live view: run again, cleared, shown twice, its kernel restarted; its looks."""

from __future__ import annotations

from typing import Any

from layout import OVERFLOW
from live_page import BOARD, RESULT, SETUP, errors_of, shot

BRIEF = "%%fuse -p scripted:first,scripted:second -j scripted:quick\nhi"
ENDLESS = "%%fuse --bg -p scripted:one,scripted:two -j scripted:quick\nhi"
GONE = "The kernel was restarted and does not have this any more: run the cell again."

# The timers that the view's own module has started and not stopped.
TIMERS = """() => {
  const { setInterval, clearInterval } = window;
  window.timers_ = new Set();
  window.setInterval = (act, ...rest) => {
    const timer = setInterval(act, ...rest);
    if (String(act).includes('beat')) window.timers_.add(timer);
    return timer;
  };
  window.clearInterval = timer => { window.timers_.delete(timer); clearInterval(timer); };
}"""
LIVES = "[...globalThis[Symbol.for('fusion_magics.live')].lives.values()]"
ALIVE = f"({LIVES}).filter(live => [...live.roots.keys()].some(root => root.isConnected)).length"
MOVES = """root => [...root.querySelectorAll('*')].filter(e => {
  const style = getComputedStyle(e);
  return style.animationName !== 'none' || style.transitionDuration !== '0s';
}).map(e => e.className)"""


def _command(nb: Any, name: str) -> None:
    nb.page.evaluate(f"() => {{ window.jupyterapp.commands.execute('{name}') }}")


def test_nothing_is_left_behind(open_notebook: Any) -> None:
    nb = open_notebook("live-again.ipynb", [SETUP, BRIEF, ENDLESS, "%fuse_status cancel all"])
    errors = errors_of(nb.page)
    nb.run(0)
    nb.page.evaluate(TIMERS)
    nb.start(1)
    nb.output(1, BOARD).wait_for()
    assert nb.page.evaluate("window.timers_.size") == 1, "these are not its timers"
    nb.wait(1)
    for _ in range(2):
        nb.run(1)
        nb.output(1, RESULT).wait_for()
    assert nb.page.evaluate("window.timers_.size") == 0
    assert nb.page.evaluate(f"({LIVES}).length") == 1, "what the cell showed before still listens"

    nb.cell(1).locator(".jp-InputPrompt").first.click()
    _open_view(nb, 1)
    second = nb.page.locator(".jp-LinkedOutputView .fz")
    second.locator(".fz-acts").wait_for()
    second.get_by_role("button", name="vote for scripted:second").click()
    for view in (second, nb.output(1, ".fz")):
        view.locator(".fz-by", has_text="your vote: scripted:second").wait_for()
    second.get_by_role("button", name="agreement").click()
    second.get_by_role("group", name="agreement", exact=True).wait_for()
    nb.shot("live-result-second-view")
    nb.page.locator(".lm-TabBar-tab:has-text('Output View') .lm-TabBar-tabCloseIcon").click()
    second.wait_for(state="detached")

    nb.cell(1).locator(".jp-InputPrompt").first.click()
    _command(nb, "notebook:clear-cell-output")
    nb.output(1, ".fz").wait_for(state="detached")
    nb.start(2)
    nb.output(2, BOARD).wait_for()
    nb.run(2)  # once more, beside the first
    nb.output(2, BOARD).filter(has_text="one-20 ").wait_for()
    nb.run(3)
    nb.output(2, RESULT).wait_for()
    nb.page.wait_for_timeout(2500)  # its latest timer
    assert nb.page.evaluate("window.timers_.size") == 0
    assert nb.page.evaluate(ALIVE) == 1
    assert errors == []


def _open_view(nb: Any, index: int) -> None:
    nb.output(index, ".fz").click(button="right", position={"x": 300, "y": 20})
    nb.page.get_by_role("menuitem", name="Create New View for Cell Output").click()


def test_after_a_restart_it_is_read_and_says_what_is_wrong(open_notebook: Any) -> None:
    nb = open_notebook("live-restart.ipynb", [SETUP, "F = sample()\nF", ENDLESS], height=1100)
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    for i in range(3):
        nb.run(i)
    result = nb.output(1, RESULT)
    result.wait_for()
    board = nb.output(2, BOARD)
    board.filter(has_text="one-20 ").wait_for()
    _command(nb, "notebook:restart-kernel")
    nb.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
    board.get_by_text("The kernel was restarted: this run is over").wait_for()
    assert "one-20 " in board.inner_text()
    assert board.get_by_role("button").count() == board.get_by_role("tab").count() == 0

    result.get_by_role("button", name="score").click()
    assert result.locator(".fz-t th bdi").first.inner_text() == "Mid:one", "it can be sorted"
    for name in ("agreement", "show as code", "export CSV"):
        result.get_by_role("button", name=name).click()
        result.get_by_role("status").get_by_text(GONE).wait_for(timeout=5000)
    result.get_by_role("button", name="vote for zeta:small").click()
    result.locator("tr", has_text="zeta:small").get_by_role("alert").get_by_text(GONE).wait_for()
    result.get_by_text("full answer").click()
    answer = result.locator(".fz-a", has_text="full answer")
    answer.get_by_role("alert").get_by_text(GONE).wait_for()
    assert "def mean(values):" in answer.inner_text(), "it can be read as it was written"
    shot(nb, 1, "live-restarted")
    assert errors == []


def test_it_fits_any_page(open_notebook: Any) -> None:
    cells = ["SAMPLES['merge']()", "SAMPLES['rtl']()", "sample()"]
    nb = open_notebook("live-looks.ipynb", [SETUP, *cells], height=1100)
    for i in range(4):
        nb.run(i)
    views = [nb.output(i, RESULT) for i in (1, 2, 3)]
    everything = nb.page.locator(RESULT)
    for view, name in zip(views, ("compare two", "compare two", "agreement"), strict=True):
        view.get_by_role("button", name=name).click()
        view.locator(".fz-panel table").wait_for()
    for theme, width in (("Dark", 1200), ("Dark", 400), ("Light", 400), ("Light", 1200)):
        nb.theme(f"JupyterLab {theme}")
        nb.page.set_viewport_size({"width": width, "height": 1100})
        nb.page.wait_for_timeout(500)
        look = theme.lower() + ("-narrow" if width == 400 else "")
        assert everything.evaluate_all(OVERFLOW) == [], (theme, width)
        for i, name in enumerate(("merge", "rtl", "table"), 1):
            shot(nb, i, f"live-{look}-{name}")
    arabic = views[1].locator("tr[data-i='0'] .fz-a .fz-x")
    starts = arabic.evaluate(
        "e => { const r = document.createRange(); r.selectNodeContents(e);"
        " return e.getBoundingClientRect().right - r.getBoundingClientRect().right }"
    )
    assert arabic.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert starts < 2, "it does not begin at the right"
    views[0].locator("[data-passage]").first.hover()
    assert views[0].evaluate(MOVES), "nothing moves in any case"
    nb.page.emulate_media(reduced_motion="reduce")
    assert [moving for view in views for moving in view.evaluate(MOVES)] == []
