"""A vote in a real JupyterLab: what it keeps, where it is seen; and keys that stay in the view."""

from __future__ import annotations

from typing import Any

from live_page import RESULT, SETUP, errors_of, shot, value

ASK = "exec(open('ask.py').read())"


def told(nb: Any, code: str, printed: str) -> Any:
    """What ``printed`` is in the kernel after ``code``, asked in the third cell."""
    (nb.path.parent / "ask.py").write_text(f"{code}\nprint(json.dumps({printed}))")
    return value(nb, 2)


def test_a_vote_keeps_what_was_sorted_and_the_keys_stay_in_the_view(open_notebook: Any) -> None:
    nb = open_notebook("live-result.ipynb", [SETUP, "F = sample()\nF", ASK], width=1400)
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.wait_for()

    result.get_by_label("search members, answers and reasons").fill("mean")
    result.locator("th", has_text="tokens").first.get_by_role("button").click()
    rows = result.locator(".fz-t tbody tr:not([hidden]) th bdi").all_inner_texts()

    # A vote keeps what was searched and sorted, and the focus.
    vote = result.get_by_role("button", name=f"vote for {rows[0]}")
    vote.focus()
    nb.page.keyboard.press("Enter")
    result.locator(".fz-by", has_text=f"your vote: {rows[0]}").wait_for()
    after = result.locator(".fz-t tbody tr:not([hidden]) th bdi").all_inner_texts()
    assert after == rows
    assert vote.evaluate("e => e === document.activeElement")
    assert vote.get_attribute("aria-pressed") == "true"
    assert told(nb, "", "F.candidates[F.vote.candidate].member") == rows[0]
    assert f"your vote: {rows[0]}" in str(nb.save().cells[1].outputs)
    shot(nb, 1, "live-voted")
    vote.click()
    result.locator(".fz-by", has_not_text="your vote").wait_for()
    assert told(nb, "", "F.vote") is None

    # Keys that JupyterLab knows stay in the view.
    cells = nb.page.locator(".jp-Notebook .jp-Cell").count()
    result.get_by_label("search members, answers and reasons").fill("")
    result.get_by_label("search members, answers and reasons").press_sequentially("abdd")
    result.get_by_role("button", name="copy answer").focus()
    for key in ("a", "b", "d", "d", "ArrowDown"):
        nb.page.keyboard.press(key)
    assert nb.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert errors == []


def test_nothing_moves_where_that_is_asked_for(open_notebook: Any) -> None:
    nb = open_notebook("live-calm.ipynb", [SETUP, 'SAMPLES["merge"]()'])
    nb.page.emulate_media(reduced_motion="reduce")
    nb.run(0)
    nb.run(1)
    nb.output(1, RESULT).wait_for()
    moving = "e => e.getAnimations({ subtree: true }).length"
    nb.output(1, ".fz-h [data-rows]").first.hover()
    assert nb.output(1, RESULT).evaluate(moving) == 0
