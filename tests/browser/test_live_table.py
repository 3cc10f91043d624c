"""The rationale table in a real JupyterLab: sorted, searched, read, voted on, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from live_page import RESULT, SETUP, errors_of, shot
from sample import sample

ROWS = "rows => rows.filter(row => !row.hidden).map(row => row.querySelector('th bdi').textContent)"

FUSED = sample()
_V = FUSED.judgment.verdicts if FUSED.judgment else ()
# A column's head → the value to sort by, by the candidate's index, and whether it goes down first.
COLUMNS: dict[str, tuple[Callable[[int], Any], bool]] = {
    "number|rank": (lambda i: _V[i].rank, False),
    "member": (lambda i: FUSED.candidates[i].member.casefold(), False),
    "score": (lambda i: _V[i].score, True),
    "answer": (lambda i: FUSED.candidates[i].text.casefold(), False),
    "why": (lambda i: _V[i].rationale.casefold(), False),
    "tokens": (lambda i: FUSED.candidates[i].usage.completion_tokens, True),
    "time": (lambda i: FUSED.candidates[i].timing.seconds, True),
    "tokens/s": (lambda i: FUSED.candidates[i].tokens_per_second, True),
    "cost": (lambda i: FUSED.candidates[i].usage.cost, True),
}
LOST = FUSED.failures[0].member


def _rows(result: Any) -> list[str]:
    return list(result.locator(".fz-t tbody > tr").evaluate_all(ROWS))


def _sorted(key: Callable[[int], Any], down: bool) -> list[str]:
    order = sorted(range(len(FUSED.candidates)), key=key, reverse=down)
    return [*(FUSED.candidates[i].member for i in order), LOST]


def test_rows_are_sorted_searched_and_filtered(open_notebook: Any) -> None:
    nb = open_notebook("live-table.ipynb", [SETUP, "F = sample()\nF"], width=1400, height=1000)
    errors = errors_of(nb.page)
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    result = nb.output(1, RESULT)
    result.wait_for()
    shot(nb, 1, "live-result")
    heads = result.locator(".fz-t thead th")
    assert heads.count() == len(COLUMNS)
    for i, (name, (key, first)) in enumerate(COLUMNS.items()):
        head = heads.nth(i)
        assert any(word in head.text_content() for word in name.split("|"))
        for down in (first, not first):
            head.get_by_role("button").click()
            sorts = heads.evaluate_all("all => all.map(e => e.getAttribute('aria-sort'))")
            said = "descending" if down else "ascending"
            assert sorts == [said if j == i else "none" for j in range(len(COLUMNS))]
            assert _rows(result) == _sorted(key, down), name
    shot(nb, 1, "live-sorted")

    by = result.get_by_label("sort by")
    nb.page.set_viewport_size({"width": 600, "height": 1000})
    by.wait_for()
    nb.page.set_viewport_size({"width": 1400, "height": 1000})
    for j, criterion in enumerate(("correct", "clear")):
        by.select_option(label=f"by {criterion}")
        assert _rows(result) == _sorted(lambda i, j=j: _V[i].criteria[j].score, True)
    by.select_option(label="by rank")
    assert _rows(result) == _sorted(lambda i: _V[i].rank, False)

    search = result.get_by_label("search members, answers and reasons")
    for word, members in (
        ("MEDIAN", ["Mid:one", "alpha:big"]),  # in two answers
        ("vague", ["gamma:odd"]),  # a reason
        ("beta", ["beta:two"]),  # a member
        ("no such word", []),
    ):
        search.fill(word)
        assert _rows(result) == members
        assert result.get_by_role("status").first.inner_text() == f"{len(members)} of 6"
    search.fill("")
    assert len(_rows(result)) == 6
    choice = result.get_by_label("show", exact=True)
    choice.select_option(label="the same answer")
    assert _rows(result) == ["Mid:one"]
    choice.select_option(label="without an answer")
    assert _rows(result) == [LOST]
    choice.select_option(label="other answers")
    search.fill("mean")
    assert _rows(result) == ["alpha:big", "zeta:small", "gamma:odd"]
    shot(nb, 1, "live-filtered")
    assert errors == []
