"""Hundreds of attacks in every place that shows a text: nothing runs, and all of it can be read."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from fusions_by_hand import candidate, fusion
from payloads import PAYLOADS, inert
from reading import read

from fusion_magics.types import (
    Analysis,
    Answers,
    Ballot,
    Change,
    Comparison,
    Contradiction,
    CriterionScore,
    Failure,
    Fusion,
    Judgment,
    Panel,
    Point,
    Prompt,
    Verdict,
)
from fusion_magics.views import _words as words
from fusion_magics.views.live.requests import REQUESTS, result
from fusion_magics.views.plain import plain
from fusion_magics.views.rich import rich, rich_answer, rich_headline, rich_merged
from fusion_magics.views.table import table

SHORT = {name: text for name, text in PAYLOADS.items() if len(text) <= 20_000}


def everywhere(text: str) -> Fusion:
    """``text`` in every place that a fusion has for one."""
    point = Point(text, (0, 1))
    two = (
        candidate(text, text, thinking=text, critique=text),
        candidate("other", f"Answer: {text}", finish_reason="length"),
    )
    verdicts = (
        Verdict(0, 1, 9.0, text, text, "", (CriterionScore(text, 9.0, text),)),
        Verdict(1, 2, None, error=text),
    )
    ballots = (Ballot(text, 0, True, 90, text), Ballot("b", 0, error=text))
    judgment = Judgment(
        verdicts,
        0,
        "pointwise",
        text,
        0.5,
        ties=(0, 1),
        rule=text,
        comparisons=(Comparison((0, 1), ((0,), (1,)), text, text),),
        panel=Panel((text, "b"), (text, "c"), ballots, alpha_undefined=text),
        analysis=Analysis((point,), (Contradiction(text, (point,)),), (), (), (text,), text),
        rubric=text,
    )
    return fusion(
        list(two),
        judgment,
        (Failure(text, text, text, hint=text, partial=text),),
        text=f"{text}\n\n{text}",
        prompt=Prompt.of(text, text),
        mode=text,
        passages=(point, Point(text)),
        rounds=(Answers(two), Answers((candidate(text, "no"), two[1]))),
        changes=(Change(1, text, text, text, (text,)),),
        late=(candidate("late", text),),
        notes=(text,),
    )


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = ""
        self.hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden = tag == "style"

    def handle_data(self, data: str) -> None:
        self.seen += "" if self.hidden else data

    def handle_endtag(self, tag: str) -> None:
        self.hidden = False


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def seen(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return squeezed(reader.seen)


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS.values())) >= 300


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<p onclick=x>y</p>",
        "<a href=javascript:x>y</a>",
        "<a href='java\tscript:x'>y</a>",
        "<img src=x>",
        "<p style='background:url(x)'>y</p>",
        "<math href=http://x>y</math>",
        "<style>@import 'x'</style>",
        "<p><b>x</p></b>",
        "<p>left open",
        "<!-- x -->",
    ],
)
def test_what_is_not_inert_is_found(html: str) -> None:
    assert inert(html)


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_the_table_runs_none_and_shows_all(text: str) -> None:
    html = table(everywhere(text))
    assert inert(html) == []
    shown, needle = seen(html), squeezed(words.clean(text))[:60].strip("*")  # emphasis
    # As often as a harmless word, whatever is cut or folded for its length.
    places = seen(table(everywhere("zebra" if len(text) < 60 else "zebra " * 60))).count("zebra")
    assert shown.count(needle) >= (places if len(text) < 60 else 8)


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_a_terminal_gets_letters_only(text: str) -> None:
    printed = plain(everywhere(text), 100)
    assert [c for c in printed if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"] == []
    assert words.clean(printed) == printed
    assert squeezed(words.clean(text))[:40] in squeezed(printed)


@pytest.mark.parametrize("shape", [rich, rich_headline, rich_answer])
@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_markdown_runs_none(text: str, shape: Callable[[str], str]) -> None:
    assert inert(shape(text)) == []
    assert inert(shape(f"Said first.\nAnswer: {text}")) == []


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_a_merged_answer_runs_none(text: str) -> None:
    html = rich_merged(everywhere(text))
    assert inert(html) == []
    passages = [piece for piece in words.pieces(everywhere(text)) if piece.mark]
    assert html.count("<sup>") == len(passages)


@pytest.mark.parametrize("name", PAYLOADS.keys() - SHORT.keys())
def test_a_megabyte_runs_none(name: str) -> None:
    text = PAYLOADS[name]
    fused = fusion([candidate("one", text)], None, notes=(text,))
    for html in (table(fused), rich(text)):
        assert inert(html) == []
        assert squeezed(text)[:1000] in seen(html)
    assert len(plain(fused)) < 100_000


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_no_link_leads_where_it_does_not_say(text: str) -> None:
    for link in read(rich(text)).all("a"):
        address = link.attributes["href"]
        assert address == link.attributes["title"]
        assert address.startswith(("http://", "https://", "mailto:"))


ASKED: dict[str, dict[str, object]] = {
    "rich": {"i": 0},
    "diff": {"a": 0, "b": 1},
    "agreement": {},
    "chart": {"kind": "scores"},
    "code": {"sort": "rank", "query": "\ud800", "filter": "same"},
    "export": {"kind": "CSV"},
}
STRANGE = [name for name in PAYLOADS if name.startswith(("unicode-", "terminal-", "csv-"))]


@pytest.mark.parametrize("name", STRANGE)
def test_a_page_can_be_told_everything(name: str) -> None:
    fused = everywhere(PAYLOADS[name])
    assert ASKED.keys() == REQUESTS.keys()
    for message in (result(fused), *(REQUESTS[kind](fused, ASKED[kind]) for kind in ASKED)):
        json.dumps(message, ensure_ascii=False).encode()  # half a character has no UTF-8 form
