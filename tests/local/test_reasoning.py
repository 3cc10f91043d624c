"""Reasoning models of this machine: their thinking comes with its marks, so that it can be told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from vocabularies import vocabulary

from fusion_magics.local.engines import Token, Vocabulary
from fusion_magics.local.generation import Generation
from fusion_magics.thinking import Thought, split_thinking
from fusion_magics.types import Delta, Message, SamplingParams

Q = [Message("user", "2 + 2?")]
OPENS = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}{{ '<think>\n' }}"


@dataclass
class Engine:
    """As much of one as a generation asks for."""

    vocabulary: Vocabulary
    context: int = 4096


def written(
    tokenizer: Vocabulary, text: str, messages: Sequence[Message] = Q, **params: object
) -> str:
    """What becomes of ``text``, if a model writes it in the tokens of a real vocabulary."""
    deltas: list[Delta] = []
    generation = Generation(
        Engine(tokenizer),  # type: ignore[arg-type]
        messages,
        SamplingParams(**params),  # type: ignore[arg-type]
        deltas.append,
    )
    generation.begin(0)
    for token in tokenizer.encode(text, special=True):
        if not generation.over:
            generation.add(None if tokenizer.ends(token) else Token(token))
    if not generation.over:
        generation.add(None)
    return "".join(d.text for d in deltas)


@pytest.mark.parametrize("engine", ["llamacpp", "mlx"])
@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("ministral-3", "[THINK]Let me add.[/THINK]4</s>"),
        ("qwen-3", "<think>\nLet me add.\n</think>\n\n4<|im_end|>"),
        ("deepseek-r1", "<think>\nLet me add.\n</think>\n\n4<｜end▁of▁sentence｜>"),
        ("gemma-4", "<|channel>thought\nLet me add.\n<channel|>4<turn|>"),
        (
            "gpt-oss",
            "<|channel|>analysis<|message|>Let me add.<|end|><|start|>assistant"
            "<|channel|>final<|message|>4<|return|>",
        ),
    ],
)
def test_thinking_in_control_tokens_is_told_from_the_answer(
    family: str, text: str, engine: str
) -> None:
    got = written(vocabulary(f"{family} by {engine}"), text)
    assert split_thinking(got) == Thought("Let me add.", "4")


def test_other_control_tokens_stay_invisible() -> None:
    assert written(vocabulary("llama-3.1 by llamacpp"), "a<|python_tag|>b<|eom_id|>") == "ab"


@pytest.fixture
def opening() -> Iterator[Vocabulary]:
    """A vocabulary whose template begins the thinking, as DeepSeek-R1's and QwQ's own do."""
    tokenizer = vocabulary("qwen-3 by llamacpp")
    before, tokenizer.template = tokenizer.template, OPENS
    yield tokenizer
    tokenizer.template = before


def test_what_the_template_began_belongs_to_the_text(opening: Vocabulary) -> None:
    got = written(opening, "Let me add.\n</think>\n\n4<|im_end|>")
    assert got == "<think>\nLet me add.\n</think>\n\n4"
    assert split_thinking(got) == Thought("Let me add.", "4")


def test_what_is_held_to_a_schema_is_all_answer(opening: Vocabulary) -> None:
    assert written(opening, '{"score": 4}<|im_end|>', schema={"type": "object"}) == '{"score": 4}'


def test_thinking_cut_at_the_limit_has_no_answer(opening: Vocabulary) -> None:
    got = written(opening, "Let me add.\n</think>\n\n4", max_tokens=8)
    assert split_thinking(got, cut=True) == Thought("Let me a", "")


def test_a_question_that_ends_with_a_mark_begins_no_thinking() -> None:
    messages = [Message("user", "What is <think>\n")]
    for name in ("qwen-3 by llamacpp", "tiny by llamacpp", "ministral-3 by mlx"):
        assert written(vocabulary(name), "4", messages) == "4"
