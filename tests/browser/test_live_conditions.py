"""The running board beside other cells, in a narrow window, in a second view, and blind."""

from __future__ import annotations

import json
import re
from typing import Any

from live_page import BOARD, LISTEN, RESULT, SETUP, errors_of, shot, value

THREE = "-p scripted:one,scripted:two,scripted:three -j scripted:judge"
BRIEF = "-p scripted:first,scripted:second -j scripted:quick"

ANIMATIONS = """root => [...root.querySelectorAll('*')].flatMap(element =>
  ['', '::before', '::after'].flatMap(part => {
    const { animationName, transitionDuration } = getComputedStyle(element, part || null);
    return [animationName !== 'none' && animationName, transitionDuration !== '0s' && 'transition'];
  })).filter(Boolean)"""

WHOLE = """tabs => {
  const [all, chosen] = [tabs, tabs.querySelector('[aria-selected=true]')]
    .map(e => e.getBoundingClientRect());
  return chosen.left >= all.left - 1 && chosen.right <= all.right + 1;
}"""


def _column(root: Any, name: str, role: str = "region") -> Any:
    return root.get_by_role(role, name=name, exact=True)


def test_other_cells_run_beside_one_in_the_background(open_notebook: Any) -> None:
    nb = open_notebook(
        "live-bg.ipynb",
        [SETUP, f"%%fuse --bg {THREE} --out F\nhi", "print(6 * 7)", "%fuse_status",
         "print(json.dumps([F.text, len(F.failures)]))"],
    )  # fmt: skip
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    board = nb.output(1, BOARD)
    _column(board, "scripted:one").filter(has_text="one-30 ").wait_for()
    nb.run(2)
    assert nb.output(2).inner_text().strip() == "42"
    seen = len(_column(board, "scripted:one").inner_text())
    nb.run(3)
    status = nb.output(3).inner_text()
    assert re.search(r"#1 +running +[\d.]+\ss +0/3 done +hi", status), status
    _column(board, "scripted:two").filter(has_text="two-150 ").wait_for()
    assert len(_column(board, "scripted:one").inner_text()) > seen
    shot(nb, 1, "live-background")
    board.get_by_role("button", name="Cancel", exact=True).click()
    nb.output(1, RESULT).wait_for()
    assert value(nb, 4) == ["", 3]
    nb.run(3)
    assert re.search(r"#1 +cancelled", nb.output(3).inner_text())
    assert errors == []


def test_a_narrow_board_has_tabs_and_a_second_view_the_same_text(open_notebook: Any) -> None:
    nb = open_notebook("live-narrow.ipynb", [SETUP, f"%%fuse {THREE}\nhi"])
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.start(1)
    board = nb.output(1, BOARD)
    _column(board, "scripted:one").filter(has_text="one-10 ").wait_for()
    assert board.get_by_role("tablist").count() == 0, "there is room for columns"
    assert "fz-blink" in board.evaluate(ANIMATIONS)
    nb.page.emulate_media(reduced_motion="reduce")
    assert board.evaluate(ANIMATIONS) == []

    nb.cell(1).click(button="right", position={"x": 300, "y": 80})
    nb.page.get_by_role("menuitem", name="Create New View for Cell Output").click()
    second = nb.page.locator(".jp-LinkedOutputView .fz-board")
    _column(second, "scripted:three").filter(has_text="three-80 ").wait_for()
    numbers = re.findall(r"three-(\d+)(?= )", _column(second, "scripted:three").inner_text())
    assert [*map(int, numbers)] == [*range(len(numbers))]
    nb.shot("live-second-view")
    nb.page.locator(".lm-TabBar-tab:has-text('Output View') .lm-TabBar-tabCloseIcon").click()
    second.wait_for(state="detached")

    nb.page.set_viewport_size({"width": 400, "height": 800})
    tabs = board.get_by_role("tab")
    tabs.first.wait_for()
    assert tabs.all_inner_texts() == ["scripted:one", "scripted:two", "scripted:three"]
    assert _shown(board) == ["scripted:one"]
    assert board.get_by_role("tabpanel", name="scripted:one").is_visible()
    tabs.nth(1).click()
    assert _shown(board) == ["scripted:two"]
    for key, name in (("ArrowRight", "three"), ("ArrowRight", "one"), ("ArrowLeft", "three")):
        nb.page.keyboard.press(key)
        assert _shown(board) == [f"scripted:{name}"]
        focused = nb.page.evaluate("document.activeElement.textContent")
        assert focused == f"scripted:{name}"
        assert board.locator("[aria-selected=true]").inner_text() == f"scripted:{name}"
        assert board.locator(".fz-tabs").evaluate(WHOLE), "its tab is cut off"
    stop = board.get_by_role("button", name="Cancel", exact=True)
    assert stop.bounding_box()["height"] < 40, "its word is broken"
    edge = board.evaluate("""e => Math.max(...[...e.querySelectorAll('*')]
      .filter(x => !x.closest('.fz-tabs, .fz-bar'))
      .map(x => x.getBoundingClientRect().right)) - e.getBoundingClientRect().right""")
    assert edge <= 1, "something sticks out"
    shot(nb, 1, "live-narrow")
    stop.click()
    nb.output(1, RESULT).wait_for()
    shot(nb, 1, "live-narrow-cancelled")
    assert errors == []


def _shown(board: Any) -> list[str]:
    return [
        str(section.get_attribute("aria-label"))
        for section in board.locator("section").all()
        if section.is_visible()
    ]


# ── blind ────────────────────────────────────────────────────────────────────────────────────

# Not in a cell: what the user wrote is in the history that the kernel tells.
NAMES = ("marjoram", "tarragon", "chervil")
VOTED = """
print(json.dumps([F.vote.candidate, F.vote.blind, F.candidates[F.vote.candidate].text]))"""


def test_nothing_tells_who_before_the_vote(open_notebook: Any) -> None:
    nb = open_notebook("live-blind.ipynb", [SETUP, "%%fuse -p herbs --blind --out F\nhi", VOTED])
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.save()
    # A socket tells only who listened when it was opened.
    frames: list[str] = []
    nb.page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda f: frames.append(_text(f)))
    )
    nb.page.reload()
    nb.ready()
    nb.page.evaluate(LISTEN, 1)
    nb.start(1)
    board = nb.output(1, BOARD)
    _column(board, "answer C").filter(has_text="-30 ").wait_for()
    assert board.locator("section .fz-name b").all_inner_texts() == [f"answer {x}" for x in "ABC"]
    texts = {x: _column(board, f"answer {x}").locator(".fz-out").inner_text()[:5] for x in "ABC"}
    assert len(set(texts.values())) == 3
    shot(nb, 1, "live-blind")
    nb.wait(1)
    view = nb.output(1, ".fz:has(.fz-vote)")
    view.wait_for()
    votes = view.get_by_role("button")
    labels = votes.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert labels == [f"vote for answer {x}" for x in "ABC"]
    for letter, text in texts.items():
        assert text in view.locator(f"[data-letter={letter}]").inner_text(), "another order"
    shot(nb, 1, "live-blind-vote")

    page = nb.output(1).evaluate("e => e.outerHTML")
    heard = json.dumps(nb.page.evaluate("window.heard_"))
    saved = json.dumps(nb.save().cells[1].outputs)
    told = "\n".join(frames)
    assert "uno-30" in told, "these are not the kernel's messages"
    for name in NAMES:
        for where, text in {"page": page, "board": heard, "file": saved, "socket": told}.items():
            assert name not in text, f"{name} is in the {where}"

    view.get_by_role("button", name="vote for answer B").click()
    nb.output(1, RESULT).wait_for()
    chosen, blind, text = value(nb, 2)
    assert blind is True
    assert text.startswith(texts["B"])
    row = nb.output(1, f"tr[data-i='{chosen}']").inner_text()
    assert "your vote" in row
    assert f"scripted:{NAMES[chosen]}" in row
    shot(nb, 1, "live-blind-voted")
    assert f"scripted:{NAMES[chosen]}" in json.dumps(nb.save().cells[1].outputs)


def _text(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode(errors="replace")
