"""What a result opens on request: full answers, comparisons, charts, code, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from live_page import RESULT, SETUP, errors_of, shot, value
from modes_by_hand import SAMPLES
from sample import sample

from fusion_magics.views.charts import KINDS, svg

FUSED = sample()
PASTED = "print(json.dumps(list(table['member'])))"
LIT = """all => [...new Set(all.filter(e => e.classList.contains('fz-lit'))
  .map(e => Number(e.dataset.passage ?? e.dataset.i)))].sort()"""


def _panel(result: Any, title: str) -> Any:
    return result.get_by_role("group", name=title, exact=True)


def test_answers_are_read_compared_and_drawn(open_notebook: Any) -> None:
    nb = open_notebook("live-panels.ipynb", [SETUP, "F = sample()\nF"], height=1000)
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.get_by_text("full answer").click()
    answer = result.locator(".fz-rich")
    answer.locator("math").wait_for()
    assert answer.locator("math mfrac").count() == 1
    assert answer.locator("code .k").all_inner_texts() == ["def", "return"]
    colours = answer.locator("code span").evaluate_all(
        "all => all.map(e => getComputedStyle(e).color)"
    )
    assert len(set(colours)) > 1, "code is not highlighted"
    assert answer.locator("li").count() == 2
    assert answer.locator("td").all_inner_texts() == ["3", "2.5"]
    shot(nb, 1, "live-row-open")
    result.get_by_text("full answer").click()

    result.get_by_role("button", name="compare two").click()
    result.get_by_label("first answer").select_option("zeta:small")
    result.get_by_label("second answer").select_option("gamma:odd")
    panel = _panel(result, "word by word")
    panel.get_by_text('fusion.diff("zeta:small", "gamma:odd")').wait_for()
    assert panel.locator("th").all_inner_texts() == ["− zeta:small", "+ gamma:odd"]
    assert panel.locator("ins").all_inner_texts() == ["mode, or the"]
    assert panel.locator("del").count() == 0
    _seen(nb, panel, "live-diff")
    panel.get_by_role("button", name="close word by word").click()
    assert panel.is_hidden()
    assert nb.page.evaluate("document.activeElement.textContent") == "compare two"

    result.get_by_role("button", name="agreement").click()
    heat = _panel(result, "agreement")
    rows = heat.locator("tbody tr")
    rows.last.wait_for()
    shown = [row.locator("td").all_inner_texts() for row in rows.all()]
    names = [name.split(" ", 1)[1] for name in rows.locator("th").all_inner_texts()]
    alike = FUSED.similarity()
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            assert i == j or float(shown[i][j]) == round(alike.loc[one, other], 2)
    shades = heat.locator("tbody td").evaluate_all(
        "all => all.map(e => getComputedStyle(e).backgroundColor)"
    )
    assert len(set(shades)) > 3, "it is no heat map"
    _seen(nb, heat, "live-agreement")

    for kind in KINDS:
        result.get_by_label("chart", exact=True).select_option(kind)
        chart = _panel(result, f"chart of {kind}")
        image = chart.locator("img")
        image.wait_for()
        assert image.evaluate("img => img.decode().then(() => img.naturalWidth)") > 100
        assert image.get_attribute("alt")
        with nb.page.expect_download() as saved:
            chart.get_by_role("button", name="save SVG").click()
        assert saved.value.suggested_filename == f"chart of {kind}.svg"
        assert Path(saved.value.path()).read_text("utf-8") == svg(FUSED, kind)
        _seen(nb, chart, f"live-chart-{kind}")
    assert errors == []


def _seen(nb: Any, shown: Any, name: str) -> None:
    shown.scroll_into_view_if_needed()
    nb.page.mouse.move(0, 0)
    nb.page.wait_for_timeout(250)
    nb.shot(name)


def test_it_is_taken_along_as_code_and_files(open_notebook: Any) -> None:
    nb = open_notebook("live-code.ipynb", [SETUP, "F = sample()\nF", ""], width=1400)
    nb.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.get_by_role("button", name="copy answer").click()
    result.get_by_role("status").filter(has_text="copied").wait_for()
    assert nb.page.evaluate("navigator.clipboard.readText()") == FUSED.text
    for kind, content in (("CSV", FUSED.to_csv()), ("JSON", FUSED.to_json())):
        with nb.page.expect_download() as saved:
            result.get_by_role("button", name=f"export {kind}").click()
        assert saved.value.suggested_filename == f"fusion.{kind.lower()}"
        assert Path(saved.value.path()).read_bytes().decode() == content

    # What the hand did, done again by the code that the page shows.
    result.get_by_role("button", name="time", exact=True).click()
    result.get_by_label("search members, answers and reasons").fill("mean")
    result.get_by_label("show", exact=True).select_option(label="other answers")
    shown = result.locator(".fz-t tbody tr:visible th bdi").all_inner_texts()
    assert shown == ["alpha:big", "zeta:small", "gamma:odd"]
    result.get_by_role("button", name="show as code").click()
    panel = _panel(result, "the same as code")
    assert panel.get_by_label("the cell").inner_text() == FUSED.code()
    assert panel.get_by_label("in Python").inner_text() == FUSED.code("python")
    panel.get_by_label("the table").wait_for()
    _seen(nb, panel, "live-code")
    panel.get_by_role("button", name="copy").last.click()
    result.get_by_role("status").filter(has_text="copied").wait_for()
    nb.cell(2).locator(".cm-content").click()
    nb.page.keyboard.insert_text("fusion = _2\n")
    nb.page.keyboard.press("Control+V")
    nb.page.keyboard.press("Control+End")
    nb.page.keyboard.insert_text(f"\n{PASTED}")
    assert value(nb, 2) == shown
    assert errors == []


# ── provenance ───────────────────────────────────────────────────────────────────────────────


def test_a_passage_and_its_sources_light_each_other_up(open_notebook: Any) -> None:
    nb = open_notebook("live-merge.ipynb", [SETUP, "SAMPLES['merge']()"], height=1000)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.wait_for()
    fused = SAMPLES["merge"]()
    pieces, rows = result.locator(".fz-h [data-passage]"), result.locator(".fz-t tr[data-i]")
    stops = [i for i, piece in enumerate(pieces.all()) if piece.get_attribute("tabindex") == "0"]
    numbers = pieces.evaluate_all("all => all.map(e => Number(e.dataset.passage))")
    assert [numbers[i] for i in stops] == [0, 1, 2, 3, 4], "one stop for each passage"
    assert len(numbers) > 5, "the code is highlighted"
    for how, at in (("hover", range(len(numbers))), ("focus", stops)):
        for i in at:
            getattr(pieces.nth(i), how)()
            assert rows.evaluate_all(LIT) == [*fused.passages[numbers[i]].candidates], (how, i)
            assert pieces.evaluate_all(LIT) == [numbers[i]]
        nb.page.mouse.move(0, 0)
    nb.page.evaluate("document.activeElement.blur()")
    assert pieces.evaluate_all(LIT) == rows.evaluate_all(LIT) == []
    for i in range(3):
        based = [at for at, passage in enumerate(fused.passages) if i in passage.candidates]
        row = result.locator(f"tr[data-i='{i}']")
        row.hover()
        assert pieces.evaluate_all(LIT) == based
        nb.page.mouse.move(0, 0)
        row.get_by_role("button", name="vote for").focus()
        assert pieces.evaluate_all(LIT) == based
        nb.page.evaluate("document.activeElement.blur()")
    nb.cell(1).evaluate("cell => cell.scrollIntoView({ block: 'start' })")
    pieces.nth(2).hover()
    nb.page.wait_for_timeout(400)
    nb.shot("live-provenance")
    shot(nb, 1, "live-result-merge")
