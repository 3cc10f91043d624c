"""A vote in a real JupyterLab: what it keeps, where it is seen; and keys that stay in the view."""

from __future__ import annotations

from typing import Any

from live_page import RESULT, SETUP, errors_of, shot, value

TOLD = """
print(json.dumps([F.vote and F.candidates[F.vote.candidate].member, F.vote and F.vote.blind]))"""
FOCUSED = "document.activeElement.getAttribute('aria-label')"
ROWS = "rows => rows.filter(row => !row.hidden).map(row => row.querySelector('bdi').textContent)"

# What JupyterLab's own shortcuts would change.
NOTEBOOK = """() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return JSON.stringify([content.mode, content.activeCellIndex, content.widgets.map(cell =>
    [cell.model.type, cell.model.sharedModel.getSource(), cell.isCollapsed ?? null,
     cell.outputHidden ?? null, cell.model.executionCount ?? null])]);
}"""
COMMANDS = ["a", "b", "d", "d", "x", "z", "m", "y", "o", "c", "v", "i", "i", "0", "0"]
COMMANDS += ["ArrowDown", "ArrowUp", "j", "k", "Shift+Enter", "Shift+m"]


def test_a_vote_is_cast_changed_and_taken_back(open_notebook: Any) -> None:
    nb = open_notebook("live-vote.ipynb", [SETUP, "F = sample()\nF", TOLD, "F"], height=1000)
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    nb.run(3)  # the same fusion, shown once more
    result, again = nb.output(1, RESULT), nb.output(3, RESULT)
    again.wait_for()
    result.get_by_role("button", name="time", exact=True).click()
    result.get_by_text("full answer").click()
    result.locator(".fz-rich").wait_for()
    result.get_by_label("search members, answers and reasons").fill("e")
    arranged = _arranged(result)
    result.get_by_role("button", name="compare two").click()
    result.get_by_label("second answer").select_option("zeta:small")
    compared = result.get_by_text('"zeta:small")')
    compared.wait_for()

    by_line = result.locator(".fz-by")
    result.get_by_role("button", name="vote for gamma:odd").click()
    by_line.filter(has_text="your vote: gamma:odd").wait_for()
    mine = result.get_by_role("button", name="vote for gamma:odd")
    assert mine.get_attribute("aria-pressed") == "true"
    assert result.locator("tr:has([aria-pressed=true])").inner_text().count("your vote") == 1
    assert nb.page.evaluate(FOCUSED) == "vote for gamma:odd"
    assert _arranged(result) == arranged
    result.locator(".fz-rich math").wait_for()
    again.locator(".fz-by", has_text="your vote: gamma:odd").wait_for()
    compared.wait_for()
    assert result.get_by_label("second answer").locator(":checked").inner_text() == "zeta:small"
    shot(nb, 1, "live-voted")
    result.get_by_role("button", name="close word by word").click()
    assert value(nb, 2) == ["gamma:odd", False]
    for i in (1, 3):
        assert "your vote: gamma:odd" in nb.save().cells[i].outputs[0].data["text/html"]

    result.get_by_role("button", name="vote for Mid:one").press("Enter")
    by_line.filter(has_text="your vote: Mid:one, as the judge").wait_for()
    assert nb.page.evaluate(FOCUSED) == "vote for Mid:one"
    assert value(nb, 2) == ["Mid:one", False]
    result.get_by_role("button", name="vote for Mid:one").press("Space")
    by_line.filter(has_not_text="your vote").wait_for()
    assert value(nb, 2) == [None, None]
    assert result.locator("[aria-pressed=true]").count() == 0
    assert result.get_by_role("group", name="word by word").count() == 0
    assert _arranged(result) == arranged
    assert "your vote" not in str(nb.save().cells[1].outputs)
    assert errors == []


def _arranged(result: Any) -> Any:
    search = result.get_by_label("search members, answers and reasons").input_value()
    rows = result.locator(".fz-t > tbody > tr").evaluate_all(ROWS)
    opened = result.locator("details[open] summary").all_inner_texts()
    sorts = result.locator("[aria-sort]").evaluate_all("all => all.map(e => e.ariaSort)")
    return search, rows, opened, sorts


def test_keys_typed_in_the_view_are_not_for_the_notebook(open_notebook: Any) -> None:
    nb = open_notebook("live-keys.ipynb", [SETUP, "SAMPLES['merge']()", "3", "4"])
    errors = errors_of(nb.page)
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.wait_for()
    result.get_by_role("button", name="show as code").press("Enter")
    code = result.get_by_label("the cell")
    code.wait_for()
    search = result.get_by_label("search members, answers and reasons")
    for control in (
        search,
        result.get_by_role("button", name="score"),
        result.locator("summary").first,
        result.locator("[data-passage]").first,
        code,
    ):
        control.focus()
        unchanged = nb.page.evaluate(NOTEBOOK)
        for key in COMMANDS:
            nb.page.keyboard.press(key)
            assert nb.page.evaluate(NOTEBOOK) == unchanged, key
    assert "abddxzmyocvii00" in search.input_value()
    assert nb.page.locator(".jp-Dialog").count() == 0
    # And outside of it they are the notebook's again.
    nb.cell(2).locator(".jp-InputPrompt").first.click()
    nb.page.keyboard.press("b")
    assert nb.page.locator(".jp-Notebook .jp-Cell").count() == 5
    assert errors == []
