"""What a hand does with a result in a real JupyterLab: read on, compare, trace, vote, take away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from live_page import RESULT, SETUP, errors_of, shot, value

ASK = "exec(open('ask.py').read())"
LIT = "elements => elements.filter(e => e.classList.contains('fz-lit')).map(e => e.innerText)"


def told(nb: Any, code: str, printed: str) -> Any:
    """What ``printed`` is in the kernel after ``code``, asked in the third cell."""
    (nb.path.parent / "ask.py").write_text(f"{code}\nprint(json.dumps({printed}))")
    return value(nb, 2)


def test_an_answer_is_read_compared_and_taken_away(open_notebook: Any) -> None:
    nb = open_notebook("live-result.ipynb", [SETUP, "F = sample()\nF", ASK], width=1400)
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.wait_for()

    # A row, opened: the whole answer as Markdown.
    row = result.locator("tr", has=nb.page.locator(".fz-a details")).first
    row.locator(".fz-a summary").first.click()
    row.locator(".fz-rich").wait_for()
    assert row.locator(".fz-rich .fz-md").count() == 1
    shot(nb, 1, "live-expanded")

    # Two answers, chosen.
    result.get_by_role("button", name="compare two").click()
    panel = result.locator(".fz-panel")
    panel.locator("ins, del").first.wait_for()
    names = panel.get_by_label("second answer").locator("option").all_inner_texts()
    panel.get_by_label("second answer").select_option(names[3])
    panel.locator("code", has_text=f'fusion.diff("{names[0]}", "{names[3]}")').wait_for()
    assert result.locator("[data-panel=compare]").get_attribute("aria-expanded") == "true"
    shot(nb, 1, "live-diff")

    result.get_by_role("button", name="agreement").click()
    panel.locator("caption", has_text="agreement of 5 answers").wait_for()
    shot(nb, 1, "live-agreement")
    for kind in ("scores", "agreement", "timeline", "cost"):
        result.get_by_label("chart", exact=True).select_option(kind)
        panel.get_by_text(f"chart of {kind}").wait_for()
        assert panel.locator("img").evaluate("e => e.decode().then(() => e.naturalWidth > 100)")
    with nb.page.expect_download() as saved:
        panel.get_by_role("button", name="save SVG").click()
    assert "</svg>" in Path(saved.value.path()).read_text()
    panel.get_by_role("button", name="close").click()
    assert not panel.is_visible()

    # What is shown, as code that gives the same rows.
    result.get_by_label("search members, answers and reasons").fill("mean")
    result.locator("th", has_text="tokens").first.get_by_role("button").click()
    rows = result.locator(".fz-t tbody tr:not([hidden]) th bdi").all_inner_texts()
    result.get_by_role("button", name="show as code").click()
    code = panel.get_by_label("the table").inner_text()
    assert told(nb, f"fusion = F\n{code}", "[*table['member']]") == rows
    shot(nb, 1, "live-code")

    result.get_by_role("button", name="copy answer").click()
    result.get_by_text("copied").wait_for()
    assert nb.page.evaluate("navigator.clipboard.readText()") == told(nb, "", "F.text")
    for kind in ("CSV", "JSON"):
        with nb.page.expect_download() as saved:
            result.get_by_role("button", name=f"export {kind}").click()
        whole = told(nb, "", f"F.to_{kind.lower()}()")
        assert Path(saved.value.path()).read_bytes().decode() == whole

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


def test_a_passage_and_its_sources_light_up_together(open_notebook: Any) -> None:
    nb = open_notebook("live-passages.ipynb", [SETUP, 'F = SAMPLES["merge"]()\nF'], height=1000)
    nb.theme("JupyterLab Dark")
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.wait_for()
    passages, rows = result.locator(".fz-h [data-rows]"), result.locator(".fz-t tr[data-i]")
    for act in ("hover", "focus"):
        getattr(passages.first, act)()
        result.locator("tr.fz-lit").first.wait_for()
        numbers = [text.split()[0] for text in rows.evaluate_all(LIT)]
        assert numbers == passages.first.get_attribute("data-rows").split()
    shot(nb, 1, "live-provenance")
    passages.first.evaluate("e => e.blur()")
    rows.nth(2).hover()
    lit = result.locator(".fz-h .fz-lit")
    lit.first.wait_for()
    for passage in lit.all():
        assert "3" in passage.get_attribute("data-rows").split()


def test_nothing_moves_where_that_is_asked_for(open_notebook: Any) -> None:
    nb = open_notebook("live-calm.ipynb", [SETUP, 'SAMPLES["merge"]()'])
    nb.page.emulate_media(reduced_motion="reduce")
    nb.run(0)
    nb.run(1)
    nb.output(1, RESULT).wait_for()
    moving = "e => e.getAnimations({ subtree: true }).length"
    nb.output(1, ".fz-h [data-rows]").first.hover()
    assert nb.output(1, RESULT).evaluate(moving) == 0
