"""The static table: what it says, and that nothing it says is markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fusions_by_hand import HOSTILE, LOST, best_of, candidate, fusion
from modes_by_hand import SAMPLES
from reading import Element, page, read, rows

from fusion_magics.text import printable
from fusion_magics.types import Call, Failure, Fusion, Judgment, Timing, Usage, Verdict
from fusion_magics.views import bundle

# Everything a view may be made of. No script, no form, nothing that loads or links.
ALLOWED = {"div", "style", "p", "strong", "b", "i", "u", "em", "small", "span", "bdi", "br"}
ALLOWED |= {"table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li", "sup", "pre"}
ALLOWED |= {"progress", "details", "summary"}
ATTRIBUTES = {"class", "dir", "scope", "colspan", "value", "max", "title", "style", "open"}
ATTRIBUTES |= {"aria-label", "aria-hidden", "data-i", "tabindex"}


def texts(fused: Fusion, column: str) -> list[str]:
    return [row[column].text.strip() for row in rows(page(fused))]


def test_the_answer_comes_first_then_how_it_came_to_be() -> None:
    fz = page(best_of()).one("div", "fz")
    style, answer, working, by, *_ = (c for c in fz.children if isinstance(c, Element))
    assert style.tag == "style"
    assert answer.text == "3"
    assert answer.one("strong")
    assert working.text == "s t r a w b e r r y. r at 3, r at 8, r at 9: three."
    assert by.text == (
        "best of 3 members · in the words of tiny:words · agreement 0.33 · judge tiny:judge"
    )


def test_an_answer_in_the_middle_of_a_text_stays_there() -> None:
    fused = SAMPLES["code"]()
    root = page(fused)
    assert root.one("div", "fz-h").text == fused.text
    assert not root.all("strong")


def test_the_first_lines_indentation_is_part_of_the_answer() -> None:
    root = page(fusion([candidate("a", "\n    x = 1\n    y = 2\n")], None))
    assert root.one("div", "fz-h").text == "    x = 1\n    y = 2"


def test_after_stop_there_is_no_answer_and_none_is_chosen() -> None:
    root = page(SAMPLES["stopped"]())
    assert not root.all(css="fz-h")
    quick, slow = rows(root)
    assert (quick["rank"].text, quick["member"].text) == ("–", "quick")
    assert quick["answer"].text == "noNo."
    assert slow["member"].text == "slow stopped", "nothing failed"
    shown = [part.text for part in slow["failure"].all("div")]
    assert shown == ["Cancelled.", "one two\nthree"], "what had arrived is in view"


@pytest.mark.parametrize(("mode", "word"), [("best-of", "best"), ("vote", "vote")])
def test_what_was_not_compared_is_named_by_its_mode(mode: str, word: str) -> None:
    both = [candidate("one", "Answer: 3"), candidate("two", "Answer: 4")]
    root = page(fusion(both, None, text="", mode=mode))
    assert root.one("p", "fz-by").text == f"{word} of 2 members, not compared"


def test_where_no_verdict_was_had_the_answer_is_the_majoritys() -> None:
    unread = tuple(Verdict(i, 1, error="not JSON") for i in range(2))
    both = [candidate("one", "Answer: 3"), candidate("two", "Answer: 3")]
    root = page(fusion(both, Judgment(unread, 1, "pointwise", "j", 1.0)))
    assert root.one("p", "fz-by").text == (
        "vote of 2 members · in the words of two · agreement 1.00 · judge j"
    )
    assert [r["member"].text for r in rows(root)] == ["two chosen", "one"]
    assert [r["why"].text for r in rows(root)] == ["not JSON", "not JSON"]


def test_one_row_per_candidate_by_rank() -> None:
    first, second, third = rows(page(best_of()))
    assert list(first) == (
        ["rank", "member", "score of 10", "answer", "why", "tokens", "time", "tokens/s"]
    )
    assert [r["rank"].text for r in (first, second, third)] == ["1", "2", "3"]
    assert first["member"].text == "tiny:words chosen"
    assert second["member"].text == "tiny:sums"
    assert [r["score of 10"].text for r in (first, second, third)] == ["9.5", "4", "0"]
    assert first["score of 10"].one("progress").attributes["value"] == "9.5"
    assert second["answer"].one("strong").text == "2"
    assert second["answer"].one("div").text == "s t r a w b e r r y"
    assert second["tokens"].text == "12"
    assert second["time"].text == "0.31\u00a0s"
    assert second["tokens/s"].text == "48"


def test_the_judges_working_is_folded_below_the_rationale() -> None:
    why = rows(page(best_of()))[1]["why"]
    assert why.text.startswith("Spelled right, counted wrong.")
    details = why.one("details")
    assert details.one("summary").text == "the judge's working"
    assert details.one("div").text == "r r r = 3; 2 is not 3"
    assert "open" not in details.attributes


def test_headers_name_their_rows_and_columns() -> None:
    table = page(best_of()).one("table", "fz-t")
    assert table.attributes["aria-label"] == "candidates"
    assert {th.attributes["scope"] for th in table.one("thead").all("th")} == {"col"}
    assert [th.attributes["scope"] for th in table.one("tbody").all("th")] == ["row"] * 3
    assert all(bar.attributes["aria-hidden"] == "true" for bar in table.all("progress"))


def test_a_vote_shows_counts_and_no_scores() -> None:
    root = page(SAMPLES["vote"]())
    assert (
        root.one("p", "fz-by").text == "vote of 3 members · in the words of tiny:a · agreement 0.67"
    )
    found = rows(root)
    assert "score of 10" not in found[0]
    assert [r["votes"].text for r in found] == (
        ["2 of 3 votes for 3", "2 of 3 votes for 3", "1 of 3 votes for 2"]
    )
    assert [r["rank"].text for r in found] == ["=1", "=1", "3"]


def test_a_failure_has_its_own_row_with_cause_and_cure() -> None:
    root = page(SAMPLES["one_left"]())
    assert root.one("p", "fz-by").text == "the only answer of 3 members"
    only, lost, crashed = rows(root)
    assert only["rank"].text == "1"
    assert "why" not in only
    assert lost["member"].text == f"{LOST.member} failed: out-of-memory"
    assert LOST.message in lost["failure"].text
    assert LOST.hint in lost["failure"].text
    assert lost["failure"].one("details").one("div").text == LOST.partial
    assert crashed["failure"].text == "The child process ended by signal 9."


def test_where_nobody_answered_there_is_nothing_to_count() -> None:
    lost = Failure("slow", "cancelled", "Stopped.", partial="one two")
    root = page(replace(SAMPLES["stopped"](), candidates=(), failures=(lost,)))
    head = [th.text for th in root.one("thead").all("th")]
    assert head == ["rank", "member", "answer"]


def test_a_failure_of_no_special_kind_is_just_failed() -> None:
    lost = Failure("broken", "failed", "It broke off.")
    root = page(fusion([candidate("one", "Answer: 3")], None, (lost,)))
    assert rows(root)[1]["member"].text == "broken failed"


def test_no_speed_is_told_of_a_moment() -> None:
    assert texts(fusion([candidate("one", "Answer: 3", end=0.001)], None), "tokens/s") == ["–"]


def test_failures_beside_a_judgment_are_counted() -> None:
    one = candidate("one", "Answer: 3")
    judged = Judgment((Verdict(0, 1, 9.0, "Right."),), 0, "pointwise", "j", 1.0)
    root = page(fusion([one], judged, (LOST,)))
    assert root.one("p", "fz-by").text.startswith("best of 1 of 2 members · ")


def test_a_tie_is_said_in_words() -> None:
    root = page(SAMPLES["tied"]())
    assert root.one("ul", "fz-notes").text == (
        "A tie at the top between one and two; two was chosen "
        "(equal scores: one drawn by the seed)."
    )
    found = rows(root)
    assert [r["rank"].text for r in found] == ["=1", "=1", "3"]
    assert [r["member"].text for r in found] == ["two chosen", "one", "three"]


def test_an_unread_verdict_and_a_cut_answer_are_said_in_words() -> None:
    root = page(SAMPLES["unread"]())
    long, unread = rows(root)
    assert unread["rank"].text == "–"
    assert unread["score of 10"].text == "not scored"
    assert unread["why"].text == "The judge's reply could not be read, twice: not JSON"
    assert "cut at 2 tokens" in unread["answer"].text
    assert long["score of 10"].text == "7.2"
    assert root.one("ul", "fz-notes").text == "Cut at the token limit: two."


def test_a_long_answer_is_folded_and_whole() -> None:
    text = "One fine line.\n" * 50
    judged = Judgment((Verdict(0, 2, 1.0), Verdict(1, 1, 9.0)), 1, "pointwise", "j", 0.5)
    root = page(fusion([candidate("long", text), candidate("short", "Answer: 3")], judged))
    cell = rows(root)[1]["answer"]
    details = cell.one("details")
    assert details.one("summary").text == "One fine line. full answer, 750 characters"
    assert details.one("div").text == text.strip()


def test_a_long_winner_is_stored_once() -> None:
    fused = SAMPLES["megabyte"]()
    html = bundle(fused)["text/html"]
    root = read(html)
    # The answer in full, the other member's, the rationale and the working: four megabytes.
    assert html.count("x" * 1_000_000) == 4
    assert fused.text in root.text
    winner = rows(root)[0]["answer"]
    assert winner.text.endswith("in full above")
    # What is seen without opening anything stays small.
    assert len(_seen(root)) < 10_000


def _seen(element: Element) -> str:
    if element.tag == "details":
        return element.one("summary").text if len(element.all("summary")) == 1 else ""
    return "".join(c if isinstance(c, str) else _seen(c) for c in element.children)


def test_a_hundred_members_show_twenty_and_fold_the_rest() -> None:
    root = page(SAMPLES["hundred"]())
    shown, folded = root.all("table", "fz-t")
    assert len(shown.one("tbody").all("tr")) == 20
    assert len(folded.one("tbody").all("tr")) == 80
    summaries = [s.text for s in root.all("summary")]
    assert "80 more members, 2 of them without an answer" in summaries
    assert "timeline of 99 models" in summaries
    assert len(rows(root)) == 100


def test_only_failures_that_are_folded_are_counted_as_folded() -> None:
    some = [candidate(f"m{i}", "Answer: 3") for i in range(10)]
    root = page(fusion(some, None, (LOST,) * 30))
    assert "20 more members, 20 of them without an answer" in [s.text for s in root.all("summary")]


def test_long_errors_and_notes_and_tall_answers_are_folded() -> None:
    long = "It went wrong. " * 9000
    unread = Judgment((Verdict(0, 1, error=long),), 0, "pointwise", "j", 1.0)
    lost = Failure("lost", "failed", long, hint=long, partial=long)
    root = page(fusion([candidate("a", "a" + "\n" * 5000 + "b")], unread, (lost,), notes=(long,)))
    assert len(_seen(root)) < 7_000  # with the style sheet
    assert _seen(root).count("\n") < 30
    assert root.text.count(long.strip()) == 4  # each is there, opened


def test_accents_are_not_stacked_and_separators_end_a_line() -> None:
    cell = rows(page(fusion([candidate("a", "e" + "\u0301" * 99 + "\u2028f")], None)))[0]["answer"]
    assert cell.text == "e" + "\u0301" * 4 + "\nf"


def test_no_candidate_is_said() -> None:
    root = page(SAMPLES["nothing"]())
    assert root.one("p", "fz-by").text == "no answer from 1 member"
    assert LOST.message in rows(root)[0]["failure"].text


def test_an_empty_answer_is_said() -> None:
    assert page(fusion([candidate("mute", " ")], None)).one("p", "fz-h").text == "an empty answer"
    assert texts(fusion([candidate("mute", "  \n")], None), "answer") == ["an empty answer"]


def test_the_timeline_shows_each_phase_on_a_common_time() -> None:
    strips = page(best_of()).one("table", "fz-s")
    labels = [th.text for th in strips.all("th")]
    assert labels == ["tiny:sums", "tiny:words", "tiny:logic", "judge tiny:judge"]
    bars = strips.all("span", "fz-bar")
    assert [i.classes[0] for i in bars[0].all("i")] == ["fz-load", "fz-read", "fz-write"]
    assert [i.classes[0] for i in bars[3].all("i")] == ["fz-read", "fz-judge"] * 3
    assert bars[0].text == "loading 0.03 s, reading 0.03 s, writing 0.25 s"
    for bar in bars:
        ends = [_span(i.attributes["style"]) for i in bar.all("i")]
        assert all(left + width <= 100.2 for left, width in ends)
    assert max(left + width for left, width in ends) == pytest.approx(100, abs=0.2)


def test_calls_that_wait_for_their_model_do_not_cover_the_one_it_works_on() -> None:
    timings = [
        Timing(0.0, loading=0.0, reading=1.0, writing=1.5, ended=2.0),
        Timing(0.0, loading=0.0, reading=2.0, writing=2.25, ended=4.0),
    ]
    calls = [Call("tiny:judge on x", "judge", "done", t, Usage()) for t in timings]
    bar = page(replace(best_of(), calls=tuple(calls))).one("span", "fz-bar")
    spans = [(i.classes[0], *_span(i.attributes["style"])) for i in bar.all("i")]
    assert spans == [
        ("fz-load", 0, 25),
        ("fz-read", 25, 12.5),
        ("fz-judge", 37.5, 12.5),
        ("fz-read", 50, 6.2),
        ("fz-judge", 56.2, 43.8),
    ]
    assert bar.text == "loading 1.0 s, reading 0.75 s, judging 2.2 s"


def _span(style: str) -> tuple[float, float]:
    left, width = (part.split(":")[1].rstrip("%") for part in style.split(";"))
    return float(left), float(width)


@pytest.mark.parametrize("view", ["table", "text"])
def test_a_call_that_was_stopped_while_it_waited_is_shown(view: str) -> None:
    waited = Call("tiny:late", "member", "cancelled", Timing(0.1, ended=2.0), Usage())
    shown = bundle(replace(best_of(), calls=(*best_of().calls, waited)), view)
    assert "tiny:late" in shown["text/plain"]


def test_the_foot_sums_all_calls() -> None:
    foot = page(best_of()).one("p", "fz-foot").text
    assert foot == "1.0\u00a0s · 126 tokens written, 306 read, 30 reused"


@pytest.mark.parametrize("name", SAMPLES)
def test_only_harmless_elements_and_attributes(name: str) -> None:
    root = page(SAMPLES[name]())
    for element in root.all():
        assert element.tag in ALLOWED
        assert set(element.attributes) <= ATTRIBUTES, element
        if element.attributes.get("style", "text-align:left") != "text-align:left":
            _span(element.attributes["style"])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_seen_as_it_is(name: str) -> None:
    attack = HOSTILE[name]
    shown = printable(attack).replace("\ud800", "\ufffd")
    root = page(SAMPLES["hostile"]())
    # Twice the answer, rationale, working and error of two, cause, cure and part of a failure.
    assert root.text.count(shown) >= 8
    assert not any(c in root.text for c in "\x1b\x07\x9b\u202e\u2066\u200b\ud800")


@pytest.mark.parametrize("place", ["member", "kind", "note", "rule"])
def test_short_words_are_escaped_too(place: str) -> None:
    root = page(SAMPLES["hostile"]())
    line = " ".join(printable("\n".join(HOSTILE.values())).replace("\ud800", "\ufffd").split())
    one = {
        "member": rows(root)[0]["member"].one("bdi").text,
        "kind": rows(root)[2]["member"].one("small").text,
        "note": " ".join(root.all("li")[1].text.split()),
        "rule": " ".join(root.all("li")[0].text.split()),
    }
    assert line in one[place]
    # The mode, the member whose words they are, the judge.
    assert root.one("p", "fz-by").text.count(line) == 3


def test_math_in_an_answer_is_left_alone() -> None:
    classes = page(best_of()).one("div", "fz").classes
    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(classes)


def test_right_to_left_text_has_its_own_direction() -> None:
    root = page(SAMPLES["rtl"]())
    for block in root.all(css="fz-x"):
        assert block.attributes["dir"] == "auto"
    assert all(row["member"].one("bdi") for row in rows(root))


def test_line_breaks_survive_without_a_style_sheet() -> None:
    cell = rows(page(fusion([candidate("a", "one\ntwo\r\nthree")], None)))[0]["answer"]
    assert cell.text == "one\ntwo\nthree"
    assert len(cell.all("br")) == 2


def test_a_stored_output_is_small() -> None:
    fused = best_of()
    own = sum(len(c.text) for c in fused.candidates)
    assert len(bundle(fused)["text/html"]) - own < 9_500


def test_a_tie_between_answers_that_say_the_same_is_not_worth_a_note() -> None:
    same = [candidate("one", "Answer: 3"), candidate("two", "So 3.\nAnswer: 3")]
    verdicts = (Verdict(0, 1, 9.0), Verdict(1, 1, 9.0))
    for agreement, noted in ((1.0, False), (0.5, True)):
        judgment = Judgment(verdicts, 0, "pointwise", "j", agreement, ties=(0, 1))
        assert ("A tie at the top" in page(fusion(same, judgment)).text) is noted
