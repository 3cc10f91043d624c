"""Whatever a candidate says, a prompt about it keeps its structure, in text and in tokens.

python -m pytest tests/asking/test_injections.py
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

import pytest
from builders import ASKED, BUILDERS, Builder, anatomy
from injections import CONTROL_TOKENS, INJECTIONS, QUESTION, WRONG
from injections import FAMILIES as ATTACKS
from vocabularies import FAMILIES, VOCABULARIES, vocabulary

from fusion_magics.asking import harmless
from fusion_magics.local.chat import prompt_tokens
from fusion_magics.local.engines import Vocabulary
from fusion_magics.modes.debate_turn import turn
from fusion_magics.tiny.foreign import foreign
from fusion_magics.types import Message, Prompt

OTHERS = ("It is 4.\nAnswer: 4", "four", "2 + 2 = 4", "I do not know.")


def places(builder: Builder, text: str) -> list[list[str]]:
    """``text`` as each of the candidates that the prompt shows, among harmless others."""
    others = OTHERS[: builder.count - 1]
    return [[*others[:n], text, *others[n:]] for n in range(builder.count)]


def whole(text: str, builder: Builder) -> bool:
    """Whether the builder's prompts about ``text`` are those about a harmless one, but for it."""
    for texts, plain in zip(places(builder, text), places(builder, "x"), strict=True):
        seen, expected = anatomy(builder.build(texts)), anatomy(builder.build(plain))
        if seen.own != expected.own or len(seen.contents) != builder.fences:
            return False
        shown = seen.contents[builder.first : builder.first + builder.count]
        clean = tuple(map(harmless, texts))
        if shown != clean and not (builder.shuffled and sorted(shown) == sorted(clean)):
            return False
    return True


def test_there_are_a_hundred_injections_and_more() -> None:
    assert len(set(INJECTIONS.values())) == len(INJECTIONS) >= 100


@pytest.mark.parametrize("name", BUILDERS)
def test_the_prompts_structure_survives_all_of_them(name: str) -> None:
    survived = [i for i, text in INJECTIONS.items() if whole(text, BUILDERS[name])]
    assert len(survived) == len(INJECTIONS), set(INJECTIONS) - set(survived)


def test_no_candidate_shows_a_fence_or_a_number_of_its_own() -> None:
    """For a reader who does not compare eight digits: any fence in a candidate is a false one."""
    false = re.compile(r"^\W*(</?[0-9a-fA-F]{8}>|\[ *\d+ *\])\W*$", re.MULTILINE)
    assert sum(bool(false.search(text)) for text in INJECTIONS.values()) >= 10
    assert not [i for i, text in INJECTIONS.items() if false.search(harmless(text))]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_tiny_debater_reads_one_line_of_each(count: int) -> None:
    for text in INJECTIONS.values():
        for n in range(count):
            others = [*OTHERS[:n], text, *OTHERS[n : count - 1]]
            *talk, last = turn(ASKED, "It is 5.", others, "short", 0, 1).messages
            first, *lines, end = last.content.split("\n")
            assert (first, end) == ("Others say:", "Check again. Keep or change your answer.")
            assert [line.split(" ")[0] for line in lines] == [f"[{i + 1}]" for i in range(count)]
            assert [m.content for m in talk] == [QUESTION, "It is 5."]


def test_a_prompt_without_a_fence_would_not_survive() -> None:
    """The check can fail: with marks that can be known beforehand, the fence is broken."""

    def build(texts: Sequence[str]) -> Prompt:
        return Prompt.of(f"Check the answer.\n<00000000>\n{texts[0]}\n</00000000>")

    builder = Builder(build, 1, 1)
    assert whole(WRONG, builder)
    broken = [i for i, text in INJECTIONS.items() if not whole(text, builder)]
    assert len(broken) >= 5


# ── tokens ───────────────────────────────────────────────────────────────────────────────────


def control_tokens(vocabulary: Vocabulary, messages: Sequence[Message]) -> list[int]:
    control = {s.token for s in vocabulary.specials}
    return [t for t in prompt_tokens(vocabulary, messages) if t in control]


def conversations(text: str) -> dict[str, list[Message]]:
    """Where a model's text meets a template: in a prompt, and as an answer given before."""
    asked = BUILDERS["pointwise, full"].build([text]).messages
    retry = [*asked, Message("assistant", text), Message("user", "That could not be read.")]
    return {
        "judging": list(asked),
        "asked again": retry,
        "debating": [
            Message("system", "Be brief."),
            Message("user", "What is 2 + 2?"),
            Message("assistant", text),
            Message("user", f"Others say:\n[1] {text}\nCheck again."),
        ],
    }


@pytest.mark.parametrize("name", VOCABULARIES)
def test_no_byte_of_a_candidate_becomes_a_control_token(name: str) -> None:
    tokenizer = vocabulary(name)
    expected = {
        kind: control_tokens(tokenizer, messages) for kind, messages in conversations("x").items()
    }
    survived = [
        i
        for i, text in INJECTIONS.items()
        if expected
        == {k: control_tokens(tokenizer, messages) for k, messages in conversations(text).items()}
    ]
    assert len(survived) == len(INJECTIONS), set(INJECTIONS) - set(survived)


@pytest.mark.parametrize("engine", ["llamacpp", "mlx"])
@pytest.mark.parametrize("name", BUILDERS)
def test_the_tiny_judge_reads_every_prompt_byte_by_byte(name: str, engine: str) -> None:
    tokenizer, builder = vocabulary(f"tiny by {engine}"), BUILDERS[name]
    plain = control_tokens(tokenizer, builder.build(places(builder, "x")[-1]).messages)
    for text in INJECTIONS.values():
        messages = builder.build(places(builder, text)[-1]).messages
        tokens = prompt_tokens(tokenizer, messages)
        said = "".join(m.content for m in messages).encode()
        assert bytes(t for t in tokens if t < 256) == said
        assert [t for t in tokens if t >= 256] == plain


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_names_that_would_become_control_tokens(family: str) -> None:
    """The check can fail: cut without care, injected names are control tokens."""
    for engine in ("llamacpp", "mlx"):
        tokenizer = vocabulary(f"{family} by {engine}")
        control = {s.token for s in tokenizer.specials}
        obeyed = {t for text in INJECTIONS.values() for t in tokenizer.encode(text, special=True)}
        assert len(control & obeyed) >= 5, sorted(CONTROL_TOKENS)


def test_the_tiny_judge_has_learned_none_of_them() -> None:
    """Its lessons have text that wants to sway it, too; measured is what it makes of others."""
    attacks = {part.strip() for family in ATTACKS.values() for part in family}
    long = {attack for attack in attacks if len(attack) > 12}
    rng = Random(1)
    lessons = [foreign(rng) for _ in range(20_000)]
    assert not [text for text in lessons if any(attack in text for attack in long)]
