"""``merge``: analysis, synthesis, provenance, and what is done where one of them cannot be had."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from cases import candidate, member, scripted
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import fence_for
from fusion_magics.asking.reply import schema_of
from fusion_magics.backends.scripted import Script
from fusion_magics.modes import analysis, synthesis
from fusion_magics.modes.merge import merge, support
from fusion_magics.seams import Outcome
from fusion_magics.types import (
    Analysis,
    Contradiction,
    Message,
    Point,
    Prompt,
    SamplingParams,
    Wording,
)

TEXTS = ("red and round", "red, sweet", "green")


SHOWN = re.compile(r"^\[\d+\]\n<([0-9a-f]{8})>\n(.*?)\n</\1>", re.DOTALL | re.MULTILINE)


def shown(prompt: Prompt) -> list[str]:
    """The answers in a prompt, by number."""
    return [text for _, text in SHOWN.findall(prompt.messages[0].content)]


def numbers(prompt: Prompt, word: str) -> list[int]:
    return [n for n, text in enumerate(shown(prompt), 1) if word in text]


def analyse(prompt: Prompt) -> dict[str, Any]:
    red, green, sweet = (numbers(prompt, word) for word in ("red", "green", "sweet"))
    return {
        "check": "An apple may be red.",
        "consensus": [{"point": "It is red.", "answers": red}],
        "contradictions": [
            {
                "topic": "colour",
                "stances": [
                    {"stance": "red", "answers": red},
                    {"stance": "green", "answers": green},
                ],
            }
        ],
        "partial_coverage": [{"topic": "taste", "answers": sweet}],
        "unique_insights": [{"insight": "sweet", "answer": sweet[0]}],
        "blind_spots": ["size"],
    }


def write(prompt: Prompt) -> dict[str, Any]:
    red, green, sweet = (numbers(prompt, word) for word in ("red", "green", "sweet"))
    return {
        "sentences": [
            {"text": "It is red.", "answers": red},
            {"text": "Some say green.\n", "answers": green},
            {"text": "It is sweet,", "answers": sweet},
            {"text": "and small.", "answers": []},
        ]
    }


def aggregator(
    first: Callable[[Prompt], Any] = analyse,
    then: Callable[[Prompt], Any] = write,
    seen: list[Prompt] | None = None,
    wording: Wording = "full",
) -> Script:
    """A model that replies to the analysis and to the synthesis."""

    def reply(prompt: Prompt, params: SamplingParams) -> str:
        if seen is not None:
            seen.append(prompt)
        analyses = "blind_spots" in json.dumps(params.schema)
        found = (first if analyses else then)(prompt)
        return found if isinstance(found, str) else json.dumps(found)

    return Script(reply, wording=wording)


def run(script: Script, texts: Sequence[str] = TEXTS, **more: Any) -> Outcome:
    a_case, _ = scripted([member(f"m{i}", t) for i, t in enumerate(texts)], script, **more)
    return asyncio.run(merge(a_case))


@pytest.mark.parametrize("seed", range(4))
def test_each_passage_names_the_candidates_that_support_it(seed: int) -> None:
    outcome = run(aggregator(), seed=seed)
    assert outcome.text == "It is red. Some say green.\nIt is sweet, and small."
    assert outcome.passages == (
        Point("It is red.", (0, 1)),
        Point("Some say green.\n", (2,)),
        Point("It is sweet,", (1,)),
        Point("and small.", ()),
    )
    judgment = outcome.judgment
    assert judgment is not None
    assert (judgment.protocol, judgment.judge) == ("merge", "scripted:judge")
    assert judgment.analysis == Analysis(
        consensus=(Point("It is red.", (0, 1)),),
        contradictions=(Contradiction("colour", (Point("red", (0, 1)), Point("green", (2,)))),),
        partial_coverage=(Point("taste", (1,)),),
        unique_insights=(Point("sweet", (1,)),),
        blind_spots=("size",),
        working="An apple may be red.",
    )
    assert [v.rank for v in judgment.verdicts] == [2, 1, 2]
    assert judgment.verdicts[1].rationale == "supports 2 of 4 sentences, 1 of them alone"
    assert all(v.score is None and not v.error for v in judgment.verdicts)
    assert (judgment.best, judgment.ties, judgment.agreement) == (1, (), 1 / 4)
    assert outcome.notes == ()


def test_the_order_is_drawn_and_recorded() -> None:
    orders = set()
    for seed in range(12):
        seen: list[Prompt] = []
        judgment = run(aggregator(seen=seen), seed=seed).judgment
        assert judgment is not None
        for prompt in seen:
            assert shown(prompt) == [TEXTS[i] for i in judgment.order]
        orders.add(judgment.order)
    assert len(orders) > 3


@given(st.permutations(range(4)), st.integers(0, 9))
def test_shuffling_members_never_changes_what_the_aggregator_reads(
    order: list[int], seed: int
) -> None:
    texts = [*TEXTS, "red and round"]
    one: list[Prompt] = []
    other: list[Prompt] = []

    def merged(order: Sequence[int], seen: list[Prompt]) -> Outcome:
        members = [member(f"m{i}", texts[i]) for i in order]
        return asyncio.run(merge(scripted(members, aggregator(seen=seen), seed=seed)[0]))

    first, then = merged(range(4), one), merged(order, other)
    assert one == other
    assert first.text == then.text


def test_the_synthesis_reads_the_analysis_as_it_was_understood() -> None:
    seen: list[Prompt] = []
    run(aggregator(lambda prompt: json.dumps(analyse(prompt) | {"more": 1}, indent=1), seen=seen))
    understood = json.dumps(analyse(seen[0]), ensure_ascii=False)
    assert understood not in seen[0].text
    assert f">\n{understood}\n</" in seen[1].text


def test_an_unreadable_analysis_is_said_and_the_answer_is_written_from_the_answers() -> None:
    seen: list[Prompt] = []
    outcome = run(aggregator(lambda _: "not JSON", seen=seen))
    assert len(seen) == 3
    assert "analysis" not in seen[2].text.lower()
    assert outcome.text == "It is red. Some say green.\nIt is sweet, and small."
    assert outcome.judgment is not None
    assert outcome.judgment.analysis is None
    (note,) = outcome.notes
    assert note.startswith("The answer was merged without an analysis")
    assert "could not be read, twice" in note


@pytest.mark.parametrize(
    "reply",
    [
        "not JSON",
        {"sentences": []},
        {"sentences": [{"text": " \n", "answers": [1]}]},
        {"sentences": [{"text": "x", "answers": [4]}]},
        {"sentences": [{"text": "x", "answers": [0]}]},
        {"sentences": [{"text": "x"}]},
    ],
)
def test_without_a_synthesis_the_majority_decides_and_it_is_said(reply: Any) -> None:
    texts = ["Answer: 1", "so\nAnswer: 2", "Answer: 2"]
    outcome = run(aggregator(lambda _: "not JSON", lambda _: reply), texts)
    assert outcome.text in texts[1:]
    assert outcome.passages == ()
    judgment = outcome.judgment
    assert judgment is not None
    assert (judgment.protocol, judgment.judge, judgment.agreement) == (
        "merge",
        "scripted:judge",
        2 / 3,
    )
    assert judgment.verdicts[0].rationale == "1 of 3 votes for 1"
    assert sorted(judgment.order) == [0, 1, 2]
    (note,) = outcome.notes
    assert note.startswith("The answers could not be merged, so the majority decided.")


@pytest.mark.parametrize(
    "changes",
    [
        {"consensus": [{"point": "x", "answers": [4]}]},
        {"partial_coverage": [{"topic": "x", "answers": [4]}]},
        {"unique_insights": [{"insight": "x", "answer": 4}]},
        {"contradictions": [{"topic": "x", "stances": [{"stance": "y", "answers": [4]}]}]},
        {"blind_spots": [1]},
    ],
)
def test_an_analysis_that_names_nobody_is_not_kept(changes: dict[str, Any]) -> None:
    outcome = run(aggregator(lambda prompt: analyse(prompt) | changes))
    assert outcome.judgment is not None
    assert outcome.judgment.analysis is None
    assert "without an analysis" in outcome.notes[0]


def test_an_aggregator_that_fails_is_told_from_one_that_cannot_be_read() -> None:
    outcome = run(Script("one two", fail_after=1), ["Answer: 1", "Answer: 1"])
    assert outcome.text == "Answer: 1"
    assert all("The model failed: scripted:judge broke off" in note for note in outcome.notes)


def test_one_answer_is_given_as_it_is_and_nobody_is_asked() -> None:
    a_case, recorder = scripted([member("a", "Alone."), member("b", Script("x y", fail_after=1))])
    outcome = asyncio.run(merge(a_case))
    assert outcome.text == "Alone."
    assert outcome.judgment is not None
    assert outcome.judgment.judge is None
    assert outcome.notes == ("There was one answer only, so there was nothing to merge.",)
    assert {call.purpose for call in recorder.calls} == {"member"}


def test_short_wordings_are_those_the_tiny_judge_learns() -> None:
    seen: list[Prompt] = []
    prompt = Prompt((Message("system", "S"), Message("user", "What?")))
    outcome = run(aggregator(seen=seen, wording="short"), prompt=prompt)
    order = outcome.judgment.order if outcome.judgment else ()
    answers = [TEXTS[i] for i in order]
    found = json.dumps(analyse(seen[0]), ensure_ascii=False)

    def listed(mark: str) -> str:
        return "\n".join(f"[{i}]\n<{mark}>\n{t}\n</{mark}>" for i, t in enumerate(answers, 1))

    first = f"Analyse the answers.\nQuestion: What?\n{listed(fence_for(*answers))}"
    then = f"Merge the answers.\nQuestion: What?\n{listed(fence_for(*answers, found))}"
    assert [p.text for p in seen] == [first, f"{then}\nAnalysis: {found}"]
    assert [len(p.messages) for p in seen] == [1, 1]
    assert outcome.text == "It is red.\nSome say green.\nIt is sweet,\nand small."


def test_the_short_synthesis_without_an_analysis_has_no_line_for_it() -> None:
    asked = synthesis.synthesis_prompt(Prompt.of("q"), ["a", "b"], "", "short", 0).text
    assert asked.endswith(f"</{fence_for('a', 'b', '')}>")


def test_the_full_wording_shows_the_whole_conversation() -> None:
    talk = Prompt((Message("system", "S"), Message("user", "U1")))
    for asked in (
        analysis.analysis_prompt(talk, ["a"], "full", 0),
        synthesis.synthesis_prompt(talk, ["a"], "", "full", 0),
    ):
        assert "system: S\n\nuser: U1" in asked.text


def test_schemas_are_those_of_the_fixed_replies() -> None:
    parts = ["consensus", "contradictions", "partial_coverage", "unique_insights", "blind_spots"]
    assert schema_of(analysis.Reply)["required"] == ["check", *parts]
    assert schema_of(synthesis.Reply)["required"] == ["sentences"]


@pytest.mark.parametrize(
    ("wording", "text"), [("full", "a b\nc\n\n- d\n- e"), ("short", "a\nb\nc\n\n- d\n- e")]
)
def test_pieces_are_joined_where_no_line_ends(wording: Wording, text: str) -> None:
    pieces = ["a", "b\n", "c", "\n\n", "- d\n", "- e"]
    sentences = [synthesis.Sentence(piece, []) for piece in ["\n", *pieces]]
    passages = synthesis.passages_of(synthesis.Reply(sentences), (), ())
    assert [p.text for p in passages] == ["a", "b\n", "c\n\n", "- d\n", "- e"]
    assert synthesis.joined(passages, wording) == text


def test_what_stands_in_an_answer_word_for_word_is_supported_by_it() -> None:
    texts = ["It is a red  apple.", "It is a red apple, I think.", "A red apple-tree", "red apples"]

    def support_of(text: str, *claimed: int) -> tuple[int, ...]:
        reply = synthesis.Reply([synthesis.Sentence(text, list(claimed))])
        (passage,) = synthesis.passages_of(reply, texts, (3, 2, 1, 0))
        return passage.candidates

    assert support_of("a red\napple") == (1, 2, 3)[1:]
    assert support_of("a red apple", 4) == (0, 2, 3)
    assert support_of("red") == ()


def test_equal_support_is_a_tie_by_the_stated_rule() -> None:
    candidates = [candidate(t) for t in ("a", "b")]
    bests = set()
    for seed in range(20):
        judgment = support([Point("x", (0, 1)), Point("y", ())], candidates, seed)
        assert judgment.ties == (0, 1)
        assert judgment.rule.startswith("equal support")
        bests.add(judgment.best)
    assert bests == {0, 1}
