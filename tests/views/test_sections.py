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


def rounds(fused: Fusion) -> dict[str, list[str]]:
    """The title of each round → its messages; ``|`` parts number, member and what it says."""
    thread = page(fused).one("div", "fz-r")
    return {
        details.all("summary")[0].text: [
            "|".join(part.text for part in elements(li)) for li in elements(details.all("ul")[0])
        ]
        for details in elements(thread)
        if details.tag == "details"
    }


def elements(parent: Element) -> list[Element]:
    return [child for child in parent.children if isinstance(child, Element)]


CRITIQUE = "its critique of the others, numbered as it saw them"


def test_a_debate_is_a_thread_of_rounds() -> None:
    assert page(debate()).one("p", "fz-who").text == ("debate: 1 of 3 members changed its answer")
    assert rounds(debate()) == {
        "before they saw each other": [
            "2|tiny:a|126 + 8 = 12",
            "1|tiny:b|146 + 8 = 14",
            "–|tiny:c|15I guess.",
        ],
        "round 1: 1 changed": [
            "2|tiny:a|changed: 12 → 14, towards tiny:b146 + 8 = 14 after all"
            f"{CRITIQUE}[2] adds right; [3] only guesses.",
            f"1|tiny:b|as before{CRITIQUE}[1] is two short.",
            "–|tiny:c|failed: out-of-memory. It does not fit: 18.1 GB are needed, "
            "15.2 GB are free.",
        ],
    }
    by = page(debate()).one("p", "fz-by").text
    assert by.startswith("debate of 2 of 3 members · 1 round · in the words of tiny:b")


def test_a_change_is_marked_in_a_word_and_a_class() -> None:
    (moved,) = page(debate()).all("li", "fz-moved")
    assert moved.one("em").text == "changed:"


def test_a_short_debate_is_seen_at_once_of_a_long_one_the_changes() -> None:
    fused = debate()
    assert _opened(fused) == [True, True]
    long = replace(fused, rounds=(*fused.rounds, *fused.rounds[-1:] * 4))
    assert _opened(long) == [False, True, False, False, False, False]


def _opened(fused: Fusion) -> list[bool]:
    _, *folds = elements(page(fused).one("div", "fz-r"))
    return ["open" in details.attributes for details in folds]


def test_the_text_view_lists_changes_and_the_transcript() -> None:
    text = plain(debate(), 100)
    assert (
        "1 of 3 members changed its answer\n"
        "  round 1: tiny:a changed 12 → 14, towards tiny:b\n\n"
        "transcript\n"
        "  before they saw each other\n"
    ) in text
    assert "    tiny:b: as before\n      critique: [1] is two short.\n" in text


def test_a_critique_stands_in_the_transcript_only() -> None:
    assert page(debate()).text.count("[1] is two short.") == 1
    assert plain(debate(), 100).count("[1] is two short.") == 1


def test_a_critique_is_not_told_again_for_who_keeps_its_answer() -> None:
    fused = debate()
    again = replace(fused, rounds=(*fused.rounds, fused.rounds[-1]))
    assert page(again).text.count("[1] is two short.") == 1
    assert rounds(again)["round 2"][:2] == ["2|tiny:a|as before", "1|tiny:b|as before"]


def test_a_critique_without_a_transcript_is_folded_in_its_row() -> None:
    fused = replace(debate(), rounds=(), changes=())
    (details,) = rows(page(fused))[0]["answer"].all("details")
    assert details.text == "its critique of the others[1] is two short."
    assert "    of the others it says:\n    > [1] is two short." in plain(fused, 100)


def test_nobody_changed() -> None:
    assert page(debate_unmoved()).one("p", "fz-who").text == "debate: nobody changed"
    assert rounds(debate_unmoved())["round 1"] == ["2|tiny:a|as before", "1|tiny:b|as before"]


def test_where_there_was_one_round_nobody_could_change() -> None:
    fused = debate()
    once = replace(fused, rounds=fused.rounds[:1], changes=())
    assert page(once).one("p", "fz-who").text == "debate"
    assert "changed" not in plain(once, 100)


def test_a_long_last_answer_is_not_told_twice() -> None:
    long = candidate("tiny:a", "I have thought about it. " * 99 + "\nAnswer: 14")
    fused = debate()
    told = (fused.rounds[0], Answers((long,)))
    shown = page(replace(fused, candidates=(long, fused.candidates[1]), rounds=told))
    assert shown.text.count("I have thought about it. " * 99) == 1
    assert "in full in the table" in shown.one("div", "fz-r").text


def test_an_answer_that_was_or_became_none_is_said() -> None:
    change = Change(2, "tiny:a", "", "x" * 999, ("b", "c"))
    text = plain(replace(debate(), changes=(change,)), 200)
    assert f"round 2: tiny:a changed no answer → {'x' * 79}…, towards b and c" in text


def test_a_long_transcript_is_cut_in_the_text_view() -> None:
    fused = debate()
    text = plain(replace(fused, rounds=fused.rounds * 20), 100)
    assert "more lines, in fusion.rounds" in text
    assert len(text.split("\n")) < 90
