"""The running board in a real JupyterLab: what it shows, how soon, and what its buttons stop."""

from __future__ import annotations

import re
from typing import Any

from live_page import BOARD, CLICKS, LISTEN, RESULT, SETUP, errors_of, shot, value

SOON = 1.0
"""Seconds from a token to its text in the page."""
AT_ONCE = 0.5
"""Seconds from a click to the last token."""

THREE = "-p scripted:one,scripted:two,scripted:three -j scripted:judge"
QUESTION = 'How many times does the letter r occur in "strawberry"?'


def test_text_is_seen_at_once(open_notebook: Any) -> None:
    timeline = """
times = {c.label: c.timing.writing for c in F.timeline if c.purpose == "member"}
print(json.dumps({"began": writers.CELLS[-2], "wrote": times}))"""
    nb = open_notebook(
        "live-tiny.ipynb",
        [SETUP, "%fuse_models unload", f"%%fuse --out F\n{QUESTION}", timeline],
    )
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    lags = []
    for _ in range(3):  # a busy machine has three chances
        nb.run(1)
        nb.page.evaluate(LISTEN, 2)
        nb.run(2)
        nb.output(2, RESULT).wait_for()
        heard = nb.page.evaluate("window.heard_")
        lags.append(_together(heard, value(nb, 3)))
        _check_states(heard)
        if lags[-1] < SOON:
            break
    print("seconds from the first token to three texts in the page:", lags)
    assert 0 < lags[-1] < SOON
    assert errors == []


def _together(heard: dict[str, Any], told: dict[str, Any]) -> float:
    """Seconds from the first token of all to the text of three members beside each other."""
    assert len(told["wrote"]) == len(heard["text"]) == 3
    return float(heard["together"] / 1000 - told["began"] - min(told["wrote"].values()))


def _check_states(heard: dict[str, Any]) -> None:
    for states in heard["states"].values():
        assert states[0].startswith("loading")
        assert re.fullmatch(r"done · \d.*s", states[-1])
    assert re.search(r"tiny:judge .* [123] of 3", " ".join(heard["judge"]))
    assert heard["bars"] >= 3


# ── stopping ─────────────────────────────────────────────────────────────────────────────────

AFTER = """
print(json.dumps({"last": writers.LAST, "ends": writers.ENDS, "text": F.text, "notes": F.notes,
                  "answers": [c.member for c in F.candidates], "same": F is KEPT,
                  "lost": [[f.member, f.kind, f.partial] for f in F.failures]}))"""


def _column(board: Any, name: str) -> Any:
    return board.get_by_role("region", name=f"scripted:{name}", exact=True)


def _writing(board: Any, *names: str, word: int = 30) -> None:
    """Wait until so many words of each can be read."""
    for name in names:
        _column(board, name).filter(has_text=f"{name}-{word} ").wait_for()


def test_cancel_ends_all_and_keeps_what_arrived(open_notebook: Any) -> None:
    nb = open_notebook(
        "live-cancel.ipynb", [SETUP, f"%%fuse {THREE} --out F\nhi", "KEPT = _", AFTER]
    )
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.page.evaluate(CLICKS)
    nb.page.evaluate(LISTEN, 1)
    nb.start(1)
    board = nb.output(1, BOARD)
    _writing(board, "one", "two", "three")
    _column(board, "one").filter(has_text="tokens/s").wait_for()
    nb.page.wait_for_timeout(600)
    shot(nb, 1, "live-streaming")
    board.get_by_role("button", name="Cancel", exact=True).click()
    clicked = nb.page.evaluate("window.clicked_") / 1000
    nb.wait(1)
    nb.output(1, RESULT).wait_for()
    for more in nb.output(1, "summary").filter(has_text="all of it").all():
        more.click()
    seen = " ".join(nb.output(1).inner_text().split())
    shot(nb, 1, "live-cancelled")
    nb.run(2)
    after = value(nb, 3)

    lags = {name: at - clicked for name, at in after["last"].items()}
    print(
        f"the last word {max(lags.values()):.3f} s after the click, the stream's end",
        f"{max(after['ends'].values()) - clicked:.3f} s",
    )
    assert set(lags) == {"scripted:one", "scripted:two", "scripted:three"}
    assert max(lags.values()) < AT_ONCE
    assert max(after["ends"].values()) - clicked < AT_ONCE
    assert nb.output(1, ".jp-RenderedText[data-mime-type*=error]").count() == 0
    assert after["same"], "the cell's value is the fusion"
    assert (after["text"], after["answers"]) == ("", [])
    assert after["notes"] == ["Stopped before it was decided; what had arrived is kept."]
    assert after["notes"][0] in seen
    for member, kind, partial in after["lost"]:
        assert kind == "cancelled"
        assert partial in seen, f"{member}: not all that arrived is shown"
        assert partial.startswith(f"{member.partition(':')[2]}-0 ")
    heard = nb.page.evaluate("window.heard_")["states"]
    for states in heard.values():
        assert any(re.fullmatch(r"writing · \d+ tokens/s", state) for state in states)


def test_one_member_is_cancelled_and_stop_still_works(open_notebook: Any) -> None:
    pool = "-p scripted:first,scripted:one,scripted:second -j scripted:judge"
    nb = open_notebook(
        "live-one.ipynb",
        [SETUP, f"%%fuse {pool} --out F\nhi", "KEPT = _", AFTER, f"%%fuse {THREE}\nhi"],
    )
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.page.evaluate(CLICKS)
    nb.page.evaluate(LISTEN, 1)
    nb.start(1)
    board = nb.output(1, BOARD)
    _writing(board, "first", "second", "one")
    board.get_by_role("button", name="cancel scripted:one").click()
    clicked = nb.page.evaluate("window.clicked_") / 1000
    board.get_by_text("2 of 3 members answered").wait_for()
    board.locator(".fz-judging").filter(has_text="1 of 2").wait_for()
    shot(nb, 1, "live-judging")
    assert board.get_by_role("button", name="cancel scripted:one").is_hidden()
    nb.wait(1)
    result = nb.output(1, RESULT)
    result.wait_for()
    lost = result.locator("tr.fz-fail")
    lost.get_by_text("all of it").click()
    row = " ".join(lost.inner_text().split())
    nb.run(2)
    after = value(nb, 3)

    print(f"one: the last word {after['last']['scripted:one'] - clicked:.3f} s after the click")
    assert after["last"]["scripted:one"] - clicked < AT_ONCE
    assert after["ends"]["scripted:one"] - clicked < AT_ONCE
    assert after["answers"] == ["scripted:first", "scripted:second"]
    assert after["text"].endswith("-119"), "the others wrote to their end"
    [[member, kind, partial]] = after["lost"]
    assert (member, kind) == ("scripted:one", "cancelled")
    assert "Cancelled while it was writing." in row
    assert partial in row
    heard = nb.page.evaluate("window.heard_")["states"]
    assert [s.partition(" ")[0] for s in heard["scripted:first"]][:2] == ["reading", "writing"]
    assert heard["scripted:one"][-1].startswith("cancelled")

    nb.start(4)
    _writing(nb.output(4, BOARD), "one", "two", "three")
    nb.page.locator(".jp-ToolbarButtonComponent[data-command='notebook:interrupt-kernel']").click()
    nb.wait(4)
    stopped = nb.output(4, "[data-mime-type*=stderr], [data-mime-type*=error]")
    stopped.first.wait_for()
    assert nb.output(4, BOARD).count() == 0
    assert "three-30 " in nb.output(4).text_content(), "what had arrived is kept"


# ── loaded anew ──────────────────────────────────────────────────────────────────────────────


def _numbers(board: Any, name: str) -> list[int]:
    """The numbers of the words that a column shows."""
    out = _column(board, name).locator(".fz-out")
    return [int(n) for n in re.findall(rf"{name}-(\d+)(?= )", out.text_content())]


def test_a_page_that_is_loaded_anew_finds_the_run(open_notebook: Any) -> None:
    nb = open_notebook("live-reload.ipynb", [SETUP, f"%%fuse {THREE} --out F\nhi"])
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.start(1)
    _writing(nb.output(1, BOARD), "one", "two", "three")
    nb.save()
    before = max(_numbers(nb.output(1, BOARD), "one"))
    nb.page.reload()
    board = nb.output(1, BOARD)
    _writing(board, "one", word=before + 10)
    for name in ("one", "two", "three"):
        numbers = _numbers(board, name)
        assert numbers == list(range(len(numbers))), "something was lost, or came twice"
    _writing(board, "two", word=len(numbers) + 50)  # and it goes on
    shot(nb, 1, "live-reloaded")
    board.get_by_role("button", name="Cancel", exact=True).click()
    result = nb.output(1, RESULT)
    result.wait_for()
    assert "Stopped before it was decided" in result.inner_text()
    assert "is not in the notebook file" in result.inner_text()
    shot(nb, 1, "live-reloaded-result")


def test_a_run_that_the_file_does_not_hold_is_docked(open_notebook: Any) -> None:
    pool = "-p scripted:first,scripted:one,scripted:second -j scripted:quick"
    nb = open_notebook("live-dock.ipynb", [SETUP, f"%%fuse {pool}\nhi"])
    nb.theme("JupyterLab Light")
    nb.save()
    nb.run(0)
    nb.start(1)
    _writing(nb.output(1, BOARD), "one", "first")
    nb.page.reload()
    dock = nb.page.locator(".fz-dock")
    _writing(dock, "one", word=100)
    numbers = _numbers(dock, "one")
    assert numbers == list(range(len(numbers)))
    box, window = dock.bounding_box(), nb.page.viewport_size
    assert window["width"] - 40 < box["x"] + box["width"] <= window["width"]
    assert window["height"] - 40 < box["y"] + box["height"] <= window["height"]
    nb.page.wait_for_timeout(300)
    nb.shot("live-dock")
    dock.get_by_role("button", name="cancel scripted:one").click()
    dock.locator(".fz-t").wait_for()
    nb.page.wait_for_timeout(300)
    nb.shot("live-dock-result")
    assert "best of 2 of 3 members" in dock.inner_text()
    dock.get_by_role("button", name="close", exact=True).click()
    assert dock.count() == 0
    nb.page.wait_for_timeout(2500)
    assert dock.count() == 0, "it came back"
