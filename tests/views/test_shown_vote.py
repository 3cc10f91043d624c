"""The user's vote beside the judge's, and a fusion before it is cast."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from fusions_by_hand import HOSTILE, SAMPLES, best_of, candidate, fusion
from modes_by_hand import SAMPLES as MODES
from reading import page, read, rows

from fusion_magics.own_vote import letters_of
from fusion_magics.types import Ballot, Call, Failure, Fusion, Judgment, Panel, Timing, Usage
from fusion_magics.views import bundle, plain, plain_blind


def voted(fused: Fusion, choice: int | str, blind: bool = False) -> Fusion:
    fused.cast_vote(choice, blind=blind)
    return fused


def jury(best: int) -> Fusion:
    ballots = [
        Ballot(juror, i, True, score)
        for juror, scores in (("a", (90, 10)), ("b", (20, 80)), ("c", (70, 70)))
        for i, score in enumerate(scores)
    ]
    panel = Panel(("a", "b", "c"), ("m",) * 3, tuple(ballots))
    first = best_of()
    judged = replace(first.judgment, best=best, protocol="jury", panel=panel)  # type: ignore[type-var]
    return replace(first, judgment=judged)


TIED = SAMPLES["tied"]


@pytest.mark.parametrize(
    ("fused", "said"),
    [
        (voted(best_of(), 1), "your vote: tiny:words, as the judge"),
        (voted(best_of(), 0), "your vote: tiny:sums; the judge chose tiny:words"),
        (
            voted(best_of(), 0, blind=True),
            "your vote, cast blind: tiny:sums; the judge chose tiny:words",
        ),
        (voted(TIED(), 0), "your vote: one; the judge puts it at the top, too"),
        (voted(SAMPLES["vote"](), 1), "your vote: tiny:b; the majority chose tiny:a"),
        (voted(SAMPLES["one_left"](), 0), "your vote: tiny:words"),
        (voted(SAMPLES["stopped"](), 0), "your vote: quick"),
        (
            voted(jury(1), 0),
            "your vote: tiny:sums; the jury chose tiny:words; 2 of 3 jurors agree with you",
        ),
        (
            voted(jury(1), 1),
            "your vote: tiny:words, as the jury; 2 of 3 jurors agree with you",
        ),
    ],
)
def test_the_vote_stands_beside_the_judges(fused: Fusion, said: str) -> None:
    assert page(fused).one("p", "fz-by").text.split(" · ")[-1] == said
    assert said in " ".join(plain(fused, 200).split())
    named = fused.candidates[fused.vote.candidate].member  # type: ignore[union-attr]
    mine = [row["member"].text for row in rows(page(fused)) if "your vote" in row["member"].text]
    assert [text.split()[0] for text in mine] == [named], "the row says so in words"
    marked = [line for line in plain(fused, 200).split("\n") if line.endswith("· your vote")]
    assert len(marked) == 1
    assert named in marked[0]


def test_without_a_vote_nothing_is_said() -> None:
    assert all("your vote" not in shown for shown in bundle(best_of()).values())


# ── blind ────────────────────────────────────────────────────────────────────────────────────

SECRET = "sECRET"


def blind_one() -> Fusion:
    """Everything that is hidden says so; the answers do not."""
    members = [candidate(f"{SECRET}:{i}", f"Answer: {i}", thinking=SECRET) for i in range(3)]
    judged = fusion(members, best_of().judgment).judgment
    assert judged is not None
    verdicts = tuple(
        replace(v, rationale=SECRET, working=SECRET, error=SECRET) for v in judged.verdicts
    )
    return fusion(
        members,
        replace(judged, verdicts=verdicts, judge=SECRET),
        (Failure(f"{SECRET}:lost", SECRET, SECRET, hint=SECRET, partial=SECRET),),
        text=f"Answer: {SECRET}",
        notes=(SECRET,),
        late=(candidate(f"{SECRET}:late", SECRET),),
        calls=(Call(SECRET, "member", "done", Timing(0.0, ended=1.0), Usage()),),
        blind=True,
    )


@pytest.mark.parametrize("view", ["table", "text"])
def test_nothing_tells_who_wrote_what_before_the_vote(view: str) -> None:
    fused = blind_one()
    for shown in bundle(fused, view).values():
        assert SECRET not in shown
        assert "data-i" not in re.sub(r"<style>.*?</style>", "", shown)
        assert not re.search(r"\bchosen\b|\brank\b|score|judge", shown.split("</style>")[-1])


def test_the_answers_stand_by_letters_in_the_drawn_order() -> None:
    fused = blind_one()
    table = page(fused).one("table", "fz-t")
    found = table.one("tbody").all("tr")
    drawn = letters_of(fused)
    assert [row.attributes for row in found] == [{"data-letter": x} for x in drawn.values()]
    assert [row.one("th").text for row in found] == list(drawn.values())
    assert [row.one("td").text for row in found] == [str(index) for index in drawn]
    text = plain_blind(fused, 80)
    assert re.findall(r"answer ([A-Z])\n  > Answer: (\d)", text) == [
        (letter, str(index)) for index, letter in drawn.items()
    ]


def test_the_order_is_neither_the_pools_nor_the_judges() -> None:
    many = [replace(blind_one(), params=replace(best_of().params, seed=i)) for i in range(40)]
    orders = {tuple(letters_of(fused)) for fused in many}
    assert len(orders) == 6


def test_it_says_how_to_vote_and_the_vote_opens_it() -> None:
    fused = blind_one()
    said = page(fused).one("p", "fz-by").text
    assert said.startswith("3 answers, and who wrote which is hidden until you vote.")
    (letter,) = re.findall(r'fusion\.cast_vote\("(.+?)"\)', said)
    fused.cast_vote(letter)
    assert fused.vote is not None
    assert fused.vote.blind
    for shown in bundle(fused).values():
        assert SECRET in shown
        assert "your vote, cast blind" in shown
    assert Fusion.from_json(fused.to_json()).vote == fused.vote


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("name", [*SAMPLES, *MODES])
def test_every_fusion_can_be_blind(name: str, width: int) -> None:
    fused = replace((SAMPLES | MODES)[name](), blind=True)
    root = page(fused)
    assert not root.all("script")
    if len(fused.candidates) > 1:
        assert root.one("table").attributes["aria-label"] == "answers without names"
        assert {th.attributes["scope"] for th in root.one("thead").all("th")} == {"col"}
    assert "\x1b" not in plain_blind(fused, width)


def test_hostile_answers_stay_text() -> None:
    both = [candidate(f"m{i}", text) for i, text in enumerate(HOSTILE.values())]
    fused = fusion(both, Judgment((), 0, "vote"), blind=True)
    html = bundle(fused)["text/html"]
    tags = {element.tag for element in read(html).all()}
    assert tags <= {
        "div",
        "style",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "strong",
    }
