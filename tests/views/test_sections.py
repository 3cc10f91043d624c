"""What stands below the table: comparisons in several orders, and a debate round by round."""

from __future__ import annotations

from dataclasses import replace

import pytest
from modes_by_hand import candidate, debate, debate_unmoved, listwise, pairwise
from reading import Element, page, rows

from fusion_magics.types import Answers, Change, Comparison, Fusion
from fusion_magics.views.plain import plain


def sections(fused: Fusion) -> dict[str, list[str]]:
    """Title → the texts of the points directly below it."""
    found = {}
    for element in page(fused).all("div", "fz-o"):
        titles = element.all("summary") or element.all("p")
        points = [e for ul in element.all("ul")[:1] for e in ul.children if isinstance(e, Element)]
        found[titles[0].text] = [point.text for point in points]
    return found


# ── comparisons ──────────────────────────────────────────────────────────────────────────────


def test_pairs_are_shown_in_both_orders() -> None:
    ((title, points),) = sections(pairwise()).items()
    assert title == (
        "judged in both orders: 1 of 3 pairs flipped (counted as a tie); "
        "1 of 6 replies could not be read"
    )
    assert [p.split("tiny:a shown")[0].split("tiny:b shown")[0] for p in points] == [
        "tiny:a against tiny:b: tiny:b wins in both orders ",
        "tiny:a against tiny:c: tiny:c wins in one order only ",
        "tiny:b against tiny:c: flipped ",
    ]
    assert points[2].endswith(
        "tiny:b shown first, tiny:b wins Short and right."
        "tiny:c shown first, tiny:c wins It shows the sum."
    )
    assert "tiny:c shown first The judge's reply could not be read, twice: not JSON" in points[1]
    assert "the judge's working6 + 8 = 14" in points[0]


def test_the_judges_working_stands_with_the_comparisons_only() -> None:
    fused = pairwise()
    assert fused.judgment is not None
    first, *others = fused.judgment.verdicts
    judgment = replace(fused.judgment, verdicts=(replace(first, working="6 + 8 = 14"), *others))
    assert page(replace(fused, judgment=judgment)).text.count("6 + 8 = 14") == 2


def test_the_text_view_lists_the_pairs() -> None:
    text = plain(pairwise(), 100)
    assert (
        "  tiny:b against tiny:c: flipped\n"
        "    tiny:b shown first, tiny:b wins: Short and right.\n"
        "    tiny:c shown first, tiny:c wins: It shows the sum.\n"
    ) in text


def test_orders_are_shown_as_they_were_ranked() -> None:
    ((title, points),) = sections(listwise()).items()
    assert title == "judged in 3 orders: 1 of 3 pairs changed places (counted as a tie)"
    assert points[1] == (
        "shown tiny:c, tiny:a, tiny:b ranked tiny:c > tiny:b > tiny:a The first shows its working."
    )
    assert "ranked tiny:b = tiny:c > tiny:a: Both are right." in plain(listwise(), 100)


@pytest.mark.parametrize(
    ("flips", "words"),
    [(0, "none of 3 pairs flipped;"), (2, "2 of 3 pairs flipped (counted as ties);")],
)
def test_flips_are_counted_in_words(flips: int, words: str) -> None:
    fused = pairwise()
    assert fused.judgment is not None
    (title,) = sections(replace(fused, judgment=replace(fused.judgment, flips=flips)))
    assert f"judged in both orders: {words}" in title


@pytest.mark.parametrize(
    ("rankings", "outcome"),
    [
        ((((0,), (1,)), ((0, 1),)), "flipped"),
        ((((0, 1),), ((0, 1),)), "a tie in both orders"),
        ((((0,), (1,)),), "tiny:a wins in one order only"),
        (((), ()), "not read"),
    ],
)
def test_the_outcome_of_a_pair(
    rankings: tuple[tuple[tuple[int, ...], ...], ...], outcome: str
) -> None:
    fused = pairwise()
    assert fused.judgment is not None
    met = tuple(Comparison((0, 1), r, error="" if r else "mute") for r in rankings)
    judgment = replace(fused.judgment, comparisons=met, pairs=0, flips=0)
    ((title, points),) = sections(replace(fused, judgment=judgment)).items()
    assert title.startswith(f"{len(met)} comparison")
    assert points[0].startswith(f"tiny:a against tiny:b: {outcome} ")


def test_pairs_that_were_counted_but_not_kept_are_still_told() -> None:
    fused = pairwise()
    assert fused.judgment is not None
    judgment = replace(fused.judgment, comparisons=())
    title = "judged in both orders: 1 of 3 pairs flipped (counted as a tie)"
    assert sections(replace(fused, judgment=judgment)) == {title: []}


# ── debate ───────────────────────────────────────────────────────────────────────────────────


def test_who_changed_when_and_towards_whose_answer() -> None:
    found = sections(debate())
    assert list(found) == ["1 of 3 members changed its answer", "transcript"]
    changes, rounds = found.values()
    assert changes == ["round 1 tiny:a changed 12 → 14, towards tiny:b"]
    assert rounds == [
        "before they saw each other tiny:a 6 + 8 = 12\nAnswer: 12"
        "tiny:b 6 + 8 = 14\nAnswer: 14tiny:c I guess.\nAnswer: 15",
        "round 1 tiny:a 6 + 8 = 14 after all\nAnswer: 14critique [2] adds right; [3] only guesses."
        "tiny:b as beforecritique [1] is two short."
        "tiny:c failed: out-of-memory. It does not fit: 18.1 GB are needed, 15.2 GB are free.",
    ]
    by = page(debate()).one("p", "fz-by").text
    assert by.startswith("debate of 2 of 3 members · 1 round · in the words of tiny:b")


def test_changes_are_seen_at_once_and_the_transcript_is_folded() -> None:
    changes, transcript = (e.all("details")[0] for e in page(debate()).all("div", "fz-o"))
    assert "open" in changes.attributes
    assert "open" not in transcript.attributes


def test_a_critique_stands_in_the_transcript_only() -> None:
    assert page(debate()).text.count("[1] is two short.") == 1
    assert plain(debate(), 100).count("[1] is two short.") == 1


def test_a_critique_is_not_told_again_for_who_keeps_its_answer() -> None:
    fused = debate()
    again = replace(fused, rounds=(*fused.rounds, fused.rounds[-1]))
    assert page(again).text.count("[1] is two short.") == 1
    assert sections(again)["transcript"][2].startswith("round 2 tiny:a as beforetiny:b as before")


def test_a_critique_without_a_transcript_is_folded_in_its_row() -> None:
    fused = replace(debate(), rounds=(), changes=())
    (details,) = rows(page(fused))[0]["answer"].all("details")
    assert details.text == "its critique of the others[1] is two short."
    assert "    of the others it says:\n    > [1] is two short." in plain(fused, 100)


def test_nobody_changed() -> None:
    found = sections(debate_unmoved())
    assert found["nobody changed"] == []
    assert found["transcript"][1].startswith("round 1 tiny:a as before")


def test_a_long_last_answer_is_not_told_twice() -> None:
    long = candidate("tiny:a", "I have thought about it. " * 99 + "\nAnswer: 14")
    fused = debate()
    rounds = (fused.rounds[0], Answers((long,)))
    told = page(replace(fused, candidates=(long, fused.candidates[1]), rounds=rounds))
    assert told.text.count("I have thought about it. " * 99) == 1
    assert "tiny:a in full in the table" in told.text


def test_an_answer_that_was_or_became_none_is_said() -> None:
    change = Change(2, "tiny:a", "", "x" * 999, ("b", "c"))
    text = plain(replace(debate(), changes=(change,)), 200)
    assert f"round 2: tiny:a changed no answer → {'x' * 79}…, towards b and c" in text


def test_a_long_transcript_is_cut_in_the_text_view() -> None:
    fused = debate()
    text = plain(replace(fused, rounds=fused.rounds * 20), 100)
    assert "more lines, in fusion.rounds" in text
    assert len(text.split("\n")) < 90
