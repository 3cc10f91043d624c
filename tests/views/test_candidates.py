"""What a row says besides its answer and score: criteria, thinking, that it came late."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fusions_by_hand import HOSTILE
from modes_by_hand import SAMPLES, early_stop, escalated, rubric
from reading import page, rows

from fusion_magics.text import printable
from fusion_magics.views import bundle
from fusion_magics.views.plain import plain


def test_each_criterion_has_a_bar_and_its_score() -> None:
    cell = rows(page(rubric()))[1]["score of 10"]
    assert [e.text for e in cell.all("div", "fz-cr")] == ["correct 8.6", "complete 7", "clear 9"]
    bars = [e.attributes["value"] for e in cell.all("progress")]
    assert bars == ["8.2", "8.6", "7", "9"]
    assert page(rubric()).one("p", "fz-by").text.endswith(" · rubric general")
    assert "    correct 8.6 · complete 7 · clear 9\n" in plain(rubric(), 100)


def test_the_reasons_by_criterion_are_folded() -> None:
    _, details = rows(page(rubric()))[1]["why"].all("details")
    assert "open" not in details.attributes
    assert [li.text for li in details.all("li")] == [
        "correct It says what is locked, and for how long.",
        "complete Nothing about the backfill.",
    ]


def test_a_late_answer_is_a_row_that_took_no_part() -> None:
    late = rows(page(early_stop()))[-1]
    assert late["rank"].text == "–"
    assert late["member"].text == "slow:d late"
    assert late["answer"].one("strong").text == "3"
    assert late["votes"].text == "It had not ended after 5 s."
    text = plain(early_stop(), 100)
    assert "  – slow:d  7 tokens · 9.0 s · 1.0 tokens/s · late\n    > Answer: 3\n" in text
    assert "\n    It had not ended after 5 s.\n" in text


@pytest.mark.parametrize("lost", [True, False])
def test_a_late_member_is_counted_and_shown_once(lost: bool) -> None:
    fused = early_stop()
    fused = fused if lost else replace(fused, failures=())
    assert page(fused).one("p", "fz-by").text.startswith("vote of 3 of 4 members · ")
    assert [r["member"].one("bdi").text for r in rows(page(fused))].count("slow:d") == 1
    assert plain(fused, 100).count("slow:d") == 1
    late = rows(page(fused))[-1]["votes"].text
    assert lost or late == "came after the pool had stopped waiting, and took no part"


def test_saved_calls_are_said() -> None:
    by = page(early_stop()).one("p", "fz-by").text
    assert by.endswith(" · one came late · 4 of 7 calls saved")
    by = page(escalated()).one("p", "fz-by").text
    assert by == "the only one asked of 3 members · 5 of 6 calls saved"


def test_thinking_is_folded_beside_the_answer() -> None:
    cell = rows(page(early_stop()))[1]["answer"]
    details = cell.one("details")
    assert "open" not in details.attributes
    assert details.text.startswith("the model's thinkingLet me count")
    assert "thought first: 49 characters" in plain(early_stop(), 100)


@pytest.mark.parametrize("attack", HOSTILE.values())
def test_every_text_of_every_mode_is_seen_as_it_is(attack: str) -> None:
    shown = printable(attack).replace("\ud800", "\ufffd")
    root = page(SAMPLES["hostile_modes"]())
    places = (
        *root.all("div", "fz-u"),
        *root.all("div", "fz-j"),
        *root.all("div", "fz-r"),
        *root.all("div", "fz-o"),
        *(row["answer"] for row in rows(root)),
        rows(root)[0]["score of 10"],
        rows(root)[0]["why"],
    )
    assert len(places) == 10
    for place in places:
        assert shown in place.text or shown in " ".join(place.text.split())
    assert not any(c in root.text for c in "\x1b\x07\x9b\u202e\u2066\u200b\ud800")


@pytest.mark.parametrize("name", ["merge", "jury", "debate", "pairwise", "rubric", "early_stop"])
def test_a_stored_output_of_each_mode_is_small(name: str) -> None:
    html = bundle(SAMPLES[name]())["text/html"]
    style, content = html.split("</style>")
    assert len(style) < 6_000
    assert len(content) < 9_200
