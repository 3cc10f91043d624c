"""A jury's scorecard, in both views."""

from __future__ import annotations

from dataclasses import replace

from modes_by_hand import JURORS, REASONS, jury, jury_of_models, merge
from reading import Element, page, rows

from fusion_magics.types import Ballot, Fusion, Judgment, Panel
from fusion_magics.views.plain import plain
from fusion_magics.views.table import table


def shown(fused: Fusion) -> Element:
    return page(fused).one("div", "fz-j")


def judged(fused: Fusion) -> tuple[Judgment, Panel]:
    assert fused.judgment is not None
    assert fused.judgment.panel is not None
    return fused.judgment, fused.judgment.panel


def with_panel(fused: Fusion, **changes: object) -> Fusion:
    judgment, panel = judged(fused)
    changed = replace(panel, **changes)  # type: ignore[arg-type]
    return replace(fused, judgment=replace(judgment, panel=changed))


def test_the_headline_says_how_the_jury_split() -> None:
    head = "Jury of five: ship, 4 of 5 · alpha 0.46 [0.11, 0.70]"
    assert shown(jury()).all("p")[0].text == head
    assert f"\n{head}\n" in plain(jury(), 100)


def test_a_card_per_juror() -> None:
    cards = shown(jury()).one("ul").all("li")
    assert [card.text for card in cards] == [
        f"{'skip' if j == 'skeptic' else 'ship'} {score} {j}{reason}"
        for j, score, reason in zip(JURORS, (88, 45, 80, 85, 75), REASONS, strict=True)
    ]
    assert [card.classes for card in cards] == [[], ["fz-skip"], [], [], []]
    text = plain(jury(), 100)
    assert "  ship 88   builder\n            Could be pasted into a runbook.\n" in text
    assert "  skip 45   skeptic\n            Nobody measured the replica lag.\n" in text


def test_each_row_has_its_split() -> None:
    found = rows(page(jury()))
    assert [r["score of 10"].text for r in found[:3]] == [
        "7.5 4 of 5 ship",
        "5.4 2 of 5 ship",
        "4 1 of 5 ship",
    ]
    assert "4.4 tokens/s · 2 of 5 ship" in plain(jury(), 100)


def test_a_split_that_the_rationale_tells_is_not_told_twice() -> None:
    judgment, _ = judged(jury())
    first, *others = judgment.verdicts
    told = replace(first, rationale="2 of 5 ship; skeptic: skeptic on 0")
    fused = replace(jury(), judgment=replace(judgment, verdicts=(told, *others)))
    assert page(fused).text.count("2 of 5 ship") == 1
    assert plain(fused, 100).count("2 of 5 ship") == 1


def test_the_folded_table_has_every_ballot_and_no_reason_twice() -> None:
    details = shown(jury()).one("details")
    assert "open" not in details.attributes
    head, *body = details.one("table").all("tr")
    assert [c.text for c in head.children if isinstance(c, Element)] == [
        "", "local:qwen2.5-14b", "local:mistral-small-24b", "openrouter:claude-3.7"
    ]  # fmt: skip
    first = [c.text for c in body[0].children if isinstance(c, Element)]
    assert first == ["builder", "ship 88", "ship 60builder on 0", "skip 35builder on 2"]
    assert shown(jury()).text.count(REASONS[0]) == 1


def test_missing_ballots_and_weights_are_said() -> None:
    jury_ = shown(jury_of_models())
    assert jury_.all("p")[0].text == ("Jury of three: split, 1 of 2 · weighted by reliability")
    cards = [card.text for card in jury_.one("ul").all("li")]
    assert cards[0] == "ship 90 tiny:a (weight 1.20)Right."
    assert cards[1].startswith("no ballot skeptic (tiny:b, weight 0.50)The judge's reply could")
    missing = "1 of 3 ballots on the other answers is missing: A juror does not judge its own"
    assert jury_.all("p")[1].text.startswith(missing)
    assert missing in plain(jury_of_models(), 100)
    assert "0 of 2 ship" in plain(jury_of_models(), 100)


def test_the_jury_of_a_merged_answer_says_what_it_judged() -> None:
    judgment, panel = judged(jury())
    ballots = tuple(replace(b, candidate=0) for b in panel.ballots if b.candidate == judgment.best)
    review = replace(panel, ballots=ballots, ship=(0.8,), of_answer=True)
    merged = merge().judgment
    assert merged is not None
    fused = replace(merge(), judgment=replace(merged, panel=review))
    assert shown(fused).all("p")[0].text.startswith("Jury of five on the merged answer: ship, ")
    assert "every juror on every answer" not in table(fused)


def test_a_jury_that_would_skip_and_one_without_a_ballot() -> None:
    _, panel = judged(jury())
    against = tuple(replace(b, ship=b.juror == "skeptic") for b in panel.ballots)
    assert "Jury of five: skip, 4 of 5 · " in plain(with_panel(jury(), ballots=against), 100)
    same = with_panel(jury(), alpha=None, alpha_undefined="all scores are equal")
    assert "4 of 5 · alpha is undefined: all scores are equal\n" in plain(same, 100)
    mute = tuple(Ballot(b.juror, b.candidate, error="mute") for b in panel.ballots)
    text = plain(with_panel(jury(), ballots=mute, alpha=None), 100)
    assert "Jury of five: no ballot\n" in text
    assert "10 of 10 ballots on the other answers are missing: mute" in text
    assert "· no ballot\n" in text


def test_a_large_jury_is_folded() -> None:
    names = tuple(f"juror {i}" for i in range(40))
    many = tuple(Ballot(name, 1, True, 90, "Good.") for name in names)
    fused = with_panel(jury(), jurors=names, models=("m",) * 40, ballots=many, ship=())
    assert "what 40 jurors say" in [s.text for s in shown(fused).all("summary")]
    assert "… and 20 more, in fusion.judgment.panel" in plain(fused, 100)
