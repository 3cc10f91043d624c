"""Thinking is kept apart from the answer, and no answer is taken for thinking."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics import fuse
from fusion_magics.backends.scripted import Script
from fusion_magics.thinking import MARKS, Thought, opened_by, split_thinking

SAMPLE = Path(__file__).parent / "data" / "gsm8k_sample.jsonl.gz"
BEGIN, END = "<think>", "</think>"
HARMONY = "<|channel|>analysis<|message|>Let me add.<|end|><|start|>assistant"
FINAL = "<|channel|>final<|message|>"

# As each model writes it.
WRITTEN = {
    "deepseek-r1, qwen-3": "<think>\nLet me add.\n</think>\n\n2 + 2 = 4",
    "phi-4-reasoning": "<think>Let me add.\nYes.</think>\n2 + 2 = 4",
    "on one line": "<think>Let me add.</think>2 + 2 = 4",
    "after a blank line": "\n<think>\nLet me add.\n</think>\n2 + 2 = 4",
    "magistral, ministral-3": "[THINK]Let me add.[/THINK]2 + 2 = 4",
    "gemma-4": "<|channel>thought\nLet me add.\n<channel|>2 + 2 = 4",
    "gpt-oss": f"{HARMONY}{FINAL}2 + 2 = 4<|return|>",
    "gpt-oss, end left out": f"{HARMONY}{FINAL}2 + 2 = 4",
    "gpt-oss, turn begun": f"<|start|>assistant{HARMONY}{FINAL}2 + 2 = 4",
    "gpt-oss, constrained": (
        f"{HARMONY}<|channel|>final <|constrain|>json<|message|>2 + 2 = 4<|return|>"
    ),
    "gpt-oss, a preamble": (
        f"{HARMONY}<|channel|>commentary<|message|>So.<|end|><|start|>assistant{FINAL}2 + 2 = 4"
    ),
}


@pytest.mark.parametrize("model", WRITTEN)
def test_thinking_and_answer_as_models_write_them(model: str) -> None:
    thought = split_thinking(WRITTEN[model])
    assert thought.answer == "2 + 2 = 4"
    assert thought.thinking.startswith("Let me add.")
    assert not any(mark in thought.thinking for mark in MARKS)


@pytest.mark.parametrize("text", ["<think>\n\n</think>\n\n4", f"{FINAL}4<|return|>"])
def test_a_model_that_was_told_not_to_think(text: str) -> None:
    assert split_thinking(text) == Thought("", "4")


@pytest.mark.parametrize(
    "text", ["<think>\nHm, let", "<think>Hm, let", "[THINK]Hm, let", HARMONY[:40], "<think>"]
)
def test_thinking_that_was_cut_is_all_there_is(text: str) -> None:
    thinking, answer = split_thinking(text, cut=True)
    assert answer == ""
    assert thinking in text


def test_thinking_that_stopped_by_itself_is_no_answer() -> None:
    assert split_thinking("<think>\nI give up.") == Thought("I give up.", "")


@pytest.mark.parametrize(
    "text",
    [
        "<think> and </think> are the tags that R1 uses.",
        "<think>…</think>, says R1, is its draft.",
        "<think> is a tag of R1.",
        "`<think>` opens, `</think>` closes.",
        "```\n<think>\na\n</think>\n```\nThat is how R1 thinks.",
        "A draft:\n<think>\na\n</think>\nb",
        "It ends with </think>\n\nand goes on.",
        "</think>",
        "[THINKING] of it, [/THINK] is odd.",
        "<|channel|> is a token of gpt-oss.",
        "<|channel|>sports<|message|>hello",
        "<thinking>\nClaude's\n</thinking>\nb",
    ],
)
def test_an_answer_that_speaks_of_the_marks_stays_whole(text: str) -> None:
    assert split_thinking(text) == Thought("", text)


def test_an_answer_keeps_its_indentation_and_its_marks() -> None:
    assert split_thinking("<think>\na\n</think>\n\n    x = 1\n").answer == "    x = 1\n"
    assert split_thinking("<think>\na\n</think>\nUse </think>.").answer == "Use </think>."
    assert split_thinking(f"{HARMONY}{FINAL}a {FINAL} b").answer == f"a {FINAL} b"


def test_recorded_answers_of_twelve_models_come_through_unchanged() -> None:
    texts = [
        text
        for line in gzip.decompress(SAMPLE.read_bytes()).splitlines()
        for text in json.loads(line)["outputs"]
    ]
    assert len(texts) == 480
    for cut in (False, True):
        assert all(split_thinking(text, cut) == Thought("", text) for text in texts)


@given(st.text(), st.booleans())
def test_any_text_without_a_mark_at_its_beginning_stays(text: str, cut: bool) -> None:
    assert split_thinking(f".{text}", cut) == Thought("", f".{text}")


@given(st.text().filter(lambda t: END not in t), st.text())
def test_any_thinking_is_apart_from_any_answer(thinking: str, answer: str) -> None:
    split = split_thinking(f"{BEGIN}\n{thinking}\n{END}\n\n{answer}")
    assert split.thinking == thinking.strip()
    assert split.answer.strip() == answer.strip()


PIECES = st.sampled_from([*sorted(MARKS), "final", "analysis", "thought", "\n", " ", "a"])


@given(st.lists(PIECES).map("".join), st.booleans())
def test_no_letter_of_an_answer_is_made_up(text: str, cut: bool) -> None:
    thinking, answer = split_thinking(text, cut)
    assert answer in text
    assert len(thinking) + len(answer) <= len(text)


@pytest.mark.parametrize(
    ("prompt", "mark"),
    [
        ("<｜Assistant｜><think>\n", "<think>\n"),
        ("[/INST][THINK]", "[THINK]"),
        ("<｜Assistant｜><think>\n</think>", ""),
        ("<|turn>model\n<|channel>thought\n<channel|>", ""),
        ("Say <think>.", ""),
    ],
)
def test_what_a_prompt_has_begun(prompt: str, mark: str) -> None:
    assert opened_by(prompt) == mark


# ── from end to end ──────────────────────────────────────────────────────────────────────────


async def test_judges_votes_and_results_see_answers_only(scripts: dict[str, Script]) -> None:
    seen: list[str] = []

    def look(prompt: object, _: object) -> str:
        seen.append(str(prompt))
        return '<think>\nSecret.\n</think>\n{"check": "", "rationale": "r", "score": 7}'

    scripts["thinks"] = Script(WRITTEN["deepseek-r1, qwen-3"])
    scripts["judge"] = Script(look, wording="short")
    fusion = await fuse("2 + 2?", pool="scripted:thinks", judge="scripted:judge")
    assert fusion.text == "2 + 2 = 4"
    assert fusion.candidates[0].thinking == "Let me add."
    assert fusion.judgment
    assert fusion.judgment.verdicts[0].score == 7
    assert len(seen) == 1
    assert "Let me add." not in seen[0]
    # All that was written counts, thinking too.
    assert fusion.candidates[0].usage.completion_tokens == 7


async def test_an_answer_that_never_came_is_marked(scripts: dict[str, Script]) -> None:
    scripts["thinks"] = Script("<think>\none two three four</think>\nAnswer: 4")
    pool = ["scripted:thinks@max_tokens=3", "scripted:yes"]
    fusion = await fuse("2 + 2?", pool=pool, mode="vote")
    cut = fusion.candidates[0]
    assert (cut.text, cut.thinking, cut.finish_reason) == ("", "one two three", "length")
    assert fusion.text == "Yes.\nAnswer: yes"
    assert any("scripted:thinks" in note and "Cut" in note for note in fusion.notes)
