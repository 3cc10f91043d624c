"""The text view: the same content in a terminal's width."""

from __future__ import annotations

import unicodedata

import pytest
from fusions_by_hand import LOST, best_of, candidate, fusion
from modes_by_hand import SAMPLES

from fusion_magics.errors import UsageError
from fusion_magics.records import from_json, to_json
from fusion_magics.types import Failure, Judgment, Verdict
from fusion_magics.views import bundle
from fusion_magics.views.plain import plain


def width(line: str) -> int:
    """Columns of a terminal, counted another way than the view does."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_wider_than_the_terminal(name: str, columns: int) -> None:
    text = plain(SAMPLES[name](), columns)
    assert max(map(width, text.split("\n"))) <= columns


def test_it_says_what_the_table_says() -> None:
    text = plain(best_of(), 100)
    paragraphs = text.split("\n\n")
    assert paragraphs[:3] == [
        "Answer: 3",
        "s t r a w b e r r y. r at 3, r at 8, r at 9: three.",
        "best of 3 members · in the words of tiny:words · agreement 0.33 · judge tiny:judge",
    ]
    assert paragraphs[3].split("\n") == [
        "  1 tiny:words  ██████████  9.5 · 22 tokens · 0.42 s · 65 tokens/s",
        "    chosen: the answer above",
        "    Spelled and counted right.",
    ]
    assert paragraphs[4].split("\n") == [
        "  2 tiny:sums   ████░░░░░░    4 · 12 tokens · 0.31 s · 48 tokens/s",
        "    > Answer: 2",
        "    > s t r a w b e r r y",
        "    Spelled right, counted wrong.",
    ]
    assert text.endswith("1.0 s · 126 tokens written, 306 read, 30 reused")


def test_after_stop_what_had_arrived_is_printed() -> None:
    paragraphs = plain(SAMPLES["stopped"](), 100).split("\n\n")
    assert paragraphs[0].startswith("the only answer of 2 members\n! Stopped before")
    row, *answer = paragraphs[1].split("\n")
    assert row.startswith("  – quick")
    assert answer == ["    > Answer: no", "    > No."]
    assert paragraphs[2].split("\n") == [
        "  – slow   stopped",
        "    Cancelled.",
        "    what it had written:",
        "    > one two",
        "    > three",
    ]


def test_an_answer_is_printed_verbatim_where_its_last_word_is_no_line_of_its_own() -> None:
    fused = SAMPLES["code"]()
    assert plain(fused, 80).startswith(fused.text + "\n\n")


def test_the_first_lines_indentation_is_part_of_the_answer() -> None:
    assert plain(fusion([candidate("a", "\n    x = 1\n    y = 2\n")], None)).startswith(
        "    x = 1\n    y = 2\n\n"
    )


def test_a_chosen_answer_that_is_not_the_fusions_is_printed() -> None:
    text = plain(fusion([candidate("a", "Answer: 3")], None, text="Three."))
    assert text.startswith("Three.\n")
    assert "    > Answer: 3" in text


def test_an_empty_answer_is_said_above_and_nothing_is_said_of_none() -> None:
    judged = Judgment((Verdict(0, 1, 9.0),), 0, "pointwise", "j", 1.0)
    assert plain(fusion([candidate("mute", "")], judged)).startswith("an empty answer\n\nbest of")


def test_answers_and_messages_of_many_lines_are_cut() -> None:
    lost = Failure("lost", "failed", "why\n" * 5000, hint="because\n" * 5000, partial="x\n" * 5000)
    text = plain(fusion([candidate("a", "a\n" * 9000)], None, (lost,)))
    assert "… and 16,000 more characters, in fusion.text" in text
    assert len(text.split("\n")) < 1100


def test_models_beyond_the_shown_ones_are_counted_in_the_timeline() -> None:
    assert "… and 79 more, in fusion.timeline" in plain(SAMPLES["hundred"]())


def test_failures_ties_and_unread_verdicts_are_said() -> None:
    one_left = plain(SAMPLES["one_left"](), 100)
    assert (
        f"  – {LOST.member}  failed: out-of-memory\n    {LOST.message}\n    {LOST.hint}" in one_left
    )
    assert "! A tie at the top between one and two; two was chosen" in plain(SAMPLES["tied"](), 100)
    unread = plain(SAMPLES["unread"](), 100)
    assert "not scored" in unread
    assert "cut at 2 tokens" in unread
    assert "The judge's reply could not be read, twice: not JSON" in unread
    assert "! Cut at the token limit: two." in unread


@pytest.mark.parametrize("name", SAMPLES)
def test_no_control_character_reaches_the_terminal(name: str) -> None:
    text = plain(SAMPLES[name]())
    bad = [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n"]
    assert not bad


def test_the_answer_is_whole_and_the_others_are_cut() -> None:
    long = "\n".join(f"line {i}" for i in range(40))
    text = plain(fusion([candidate("a", long), candidate("b", long)], None, text=long), 80)
    assert "\n".join(f"line {i}" for i in range(40)) in text
    assert "    > line 5 …" in text
    assert "    > line 6" not in text


def test_a_megabyte_is_cut_and_says_where_the_rest_is() -> None:
    text = plain(SAMPLES["megabyte"]())
    assert "… and 980,000 more characters, in fusion.text" in text
    assert len(text) < 30_000


def test_the_bundle_of_each_view() -> None:
    fused = best_of()
    assert set(bundle(fused)) == {"text/html", "text/plain"}
    assert bundle(fused, "text") == {"text/plain": plain(fused)}
    with pytest.raises(UsageError, match=r"no view 'tabel'\.\nDid you mean table\?"):
        bundle(fused, "tabel")


@pytest.mark.parametrize("name", [n for n in SAMPLES if "hostile" not in n])
def test_a_stored_fusion_is_shown_again_the_same(name: str) -> None:
    fused = SAMPLES[name]()
    assert bundle(from_json(to_json(fused))) == bundle(fused)
