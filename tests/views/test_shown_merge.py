"""A merged answer: its provenance, and the analysis that it rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from modes_by_hand import CODE, KEEP, LOCK, MEASURE, SAMPLES, SPLIT, candidate, fusion, merge
from reading import Element, page, rows

from fusion_magics.types import Analysis, Fusion, Judgment, Point, Verdict
from fusion_magics.views.plain import plain


def marked(fused: Fusion) -> list[tuple[str, str]]:
    """Each passage with the marks that follow it."""
    root = page(fused).one("div", "fz-u")
    texts = [e.text for e in root.all() if e.tag in ("u", "span", "div")]
    return list(zip(texts, [e.text for e in root.all("sup")], strict=True))


def test_each_passage_has_the_numbers_of_the_rows_that_support_it() -> None:
    fused = merge()
    assert marked(fused) == [
        (SPLIT, "[1 2]"),
        (LOCK, "[2]"),
        (f"{CODE}[1]", "[1]"),
        (KEEP, "[2 3]"),
        (MEASURE, "[own]"),
    ]
    found = rows(page(fused))
    # Candidates 1, 0 and 2 in pool order.
    assert [r["number"].text for r in found[:3]] == ["1", "2", "3"]
    assert [r["member"].text for r in found[:3]] == [
        "local:qwen2.5-14b",
        "local:mistral-small-24b",
        "openrouter:claude-3.7",
    ]


def test_the_aggregators_own_passage_looks_different() -> None:
    own = page(merge()).one(css="fz-own")
    assert own.text == MEASURE


def test_code_and_line_breaks_are_kept() -> None:
    block = page(merge()).one("div", "fz-u").one("div")
    assert block.one("pre").text == CODE[CODE.index("```") :]
    assert len(block.all("br")) - len(block.one("pre").all("br")) == 2


def test_how_it_was_merged_is_said() -> None:
    assert page(merge()).one("p", "fz-by").text == (
        "merged from 3 of 4 members · agreement 0.71 · one contradiction kept: "
        "Is a batch of 10,000 rows safe on replicas? · judge local:ministral-3-8b · rubric general"
    )


def test_the_text_view_has_the_same_numbers() -> None:
    text = plain(merge(), 200)
    first = (
        f"{SPLIT} [1 2] {LOCK} [2]\n\n{CODE}\n[1]\n\n{KEEP} [2 3] {MEASURE} [own]\n\nmerged from"
    )
    assert text.startswith(first)


def test_rows_are_numbered_where_ranks_are_shared() -> None:
    found = rows(page(SAMPLES["merge_unscored"]()))
    assert [next(iter(r.values())).text for r in found] == ["1", "2", "3", "–"]
    assert "A tie" not in page(SAMPLES["merge_unscored"]()).text


@pytest.mark.parametrize(
    ("text", "passages", "shown"),
    [
        ("One. Two.", ("One.", "Two."), [("One.", "[1]"), ("Two.", "[1]")]),
        # The answer is shown as it is, whatever the passages say.
        ("One. Two.", ("Two.", "One."), [("Two.", "[1]")]),
        ("One.", ("Two.", "", "  "), []),
        ("x x", (" x\n", "x"), [("x", "[1]"), ("x", "[1]")]),
        ("if:\n  a\n  b", ("if:", "  a\n  b"), [("if:", "[1]"), ("  a\n  b[1]", "[1]")]),
    ],
)
def test_a_passage_stands_where_it_is_found(
    text: str, passages: tuple[str, ...], shown: list[tuple[str, str]]
) -> None:
    fused = fusion(
        [candidate("one", "One.")],
        Judgment((Verdict(0, 1),), 0, "merge", "j"),
        text=text,
        mode="merge",
        passages=tuple(Point(p, (0,)) for p in passages),
    )
    assert marked(fused) == shown
    whole = page(fused).one("div", "fz-u").text
    # A block begins a line of its own.
    assert whole.replace("[1]", "") == text.replace("if:\n", "if:")


def test_a_long_merged_answer_is_folded_and_stored_once() -> None:
    fused = SAMPLES["merge_long"]()
    shown, folded = page(fused).all("div", "fz-u")
    assert "Passage 5 " in shown.text
    for i in range(60):
        assert (shown.text + folded.text).count(f"Passage {i} says") == 4
    assert "[own]" in folded.text


def test_two_contradictions_are_counted_and_named() -> None:
    fused = merge()
    assert fused.judgment is not None
    assert fused.judgment.analysis is not None
    (one,) = fused.judgment.analysis.contradictions
    both = (one, replace(one, topic="And\nthis?"))
    judgment = replace(fused.judgment, analysis=Analysis(contradictions=both))
    by = page(replace(fused, judgment=judgment)).one("p", "fz-by").text
    assert (
        "two contradictions kept: Is a batch of 10,000 rows safe on replicas? and And this?" in by
    )


def section(fused: Fusion, title: str) -> Element:
    (found,) = (
        details
        for each in page(fused).all(css="fz-o")
        for details in each.all("details")
        if details.all("summary")[0].text == title
    )
    return found


def test_the_analysis_names_each_side() -> None:
    analysis = section(merge(), "analysis")
    assert "open" in analysis.attributes
    labels = [i.text for i in analysis.all("ul")[0].children if isinstance(i, Element)]
    assert labels == [
        "consensus A change of a large table must not hold a long lock.[1 2]",
        "contradictions Is a batch of 10,000 rows safe on replicas?"
        "yes, at any load[1]no, it stalls them at peak[2 3]",
        "partial coverage how to roll back[2 3]",
        "unique insights a lock per tenant keeps deploys apart[2]",
        "blind spots Nobody says how long the constraint takes to validate.",
        "shown local:qwen2.5-14b, local:mistral-small-24b, openrouter:claude-3.7"
        "the judge's workingA rewrite holds a lock; [1] and [2] split it, "
        "[3] does not.",
    ]


def test_empty_parts_of_an_analysis_are_left_out() -> None:
    fused = merge()
    assert fused.judgment is not None
    only = replace(fused.judgment, analysis=Analysis(blind_spots=("the cost",)))
    assert "consensus" not in page(replace(fused, judgment=only)).text
    none = replace(fused, judgment=replace(fused.judgment, analysis=Analysis()))
    assert "analysis: nothing was found to report" in page(none).text


def test_an_analysis_of_many_points_is_folded() -> None:
    fused = merge()
    assert fused.judgment is not None
    many = Analysis(consensus=tuple(Point(f"point {i}", (0,)) for i in range(30)))
    long = replace(fused, judgment=replace(fused.judgment, analysis=many))
    assert "open" not in section(long, "analysis").attributes
    assert "point 29" in section(long, "analysis").text


def test_what_was_not_merged_says_so() -> None:
    fused = SAMPLES["rubric"]()
    by = page(replace(fused, mode="merge")).one("p", "fz-by").text
    assert by.startswith(
        "not merged: one answer of 3 of 4 members · in the words of local:qwen2.5-14b"
    )
    assert rows(page(replace(fused, mode="merge")))[0]["member"].text.endswith("chosen")


def test_one_answer_needs_no_merging() -> None:
    alone = Judgment((Verdict(0, 1),), 0, "merge")
    root = page(fusion([candidate("one", "Answer: 3")], alone, mode="merge"))
    assert root.one("p", "fz-by").text == "the only answer of 1 member"


def test_an_undecided_merge_shows_its_analysis_and_no_answer() -> None:
    root = page(SAMPLES["merge_undecided"]())
    assert not root.all(css="fz-h")
    assert root.one("p", "fz-by").text == (
        "merge of 3 of 4 members, not decided · judge local:ministral-3-8b · rubric general"
    )
    assert "yes, at any load[1]" in root.text
    assert [r["rank"].text for r in rows(root)] == ["1", "2", "3", "–"]
