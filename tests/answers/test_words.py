"""Words in any script, and where two texts differ."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import words as module
from fusion_magics.answers.words import difference, words

TEXTS = st.text(alphabet="ab.\n 三é", max_size=30)


def marked(before: str, after: str) -> str:
    """``[-gone-]{+new+}``, and the rest as it is."""
    return "".join(
        "".join(part.after)
        if part.same
        else f"[-{''.join(part.before)}-]{{+{''.join(part.after)}+}}"
        for part in difference(before, after)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't panic: 3.5 well-known e.g. x_1!", ["Don't", "panic", "3.5", "well-known"]),
        ("答案是三。", ["答", "案", "是", "三"]),
        ("カタカナ と 한국어", ["カ", "タ", "カ", "ナ", "と", "한국어"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        (" \n.,;", []),
    ],
)
def test_words_of_any_script(text: str, found: list[str]) -> None:
    assert words(text)[: len(found)] == found
    assert bool(words(text)) == bool(found)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("6 + 8 = 12", "6 + 8 = 14", "6 + 8 = [-12-]{+14+}"),
        ("答案是三。", "答案是四。", "答案是[-三-]{+四+}。"),
        ("one two", "one new two", "one [--]{+new +}two"),
        ("gone", "", "[-gone-]{++}"),
        ("same  words\n", "same words", "same words"),
        ("", "", ""),
    ],
)
def test_what_differs_is_marked_word_by_word(before: str, after: str, shown: str) -> None:
    assert marked(before, after) == shown


def test_a_word_between_two_longer_changes_is_no_common_ground() -> None:
    before = "Nobody measured the replica lag"
    after = "Everybody validated the check constraint"
    assert len(difference(before, after)) == 1
    assert len(difference(before.replace("the", "the very same thing in"),
                          after.replace("the", "the very same thing in"))) == 3  # fmt: skip


@given(TEXTS, TEXTS)
@pytest.mark.parametrize("most_pairs", [10_000**2, 3])
def test_the_parts_are_the_texts(most_pairs: int, before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MOST_PAIRS", most_pairs)
        parts = difference(before, after)
    assert "".join("".join(part.before) for part in parts) == before
    assert "".join("".join(part.after) for part in parts) == after
    for part in parts:
        assert part.before or part.after
        assert not part.same or _stripped(part.before) == _stripped(part.after)
    assert all(one.same != other.same for one, other in pairwise(parts))


def _stripped(pieces: tuple[str, ...]) -> list[str]:
    return [piece.strip() for piece in pieces]


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(part.same for part in difference(text, text))


def test_very_long_texts_are_compared_by_lines_first() -> None:
    lines = [f"line {i} of a very long text that goes on and on\n" for i in range(3000)]
    other = [*lines[:1500], "a new one\n", *lines[1501:]]
    same, changed, rest = difference("".join(lines), "".join(other))
    assert (same.same, rest.same) == (True, True)
    assert not changed.same
    assert len("".join(changed.before)) < 60


@pytest.mark.parametrize("kind", ["different", "equal", "of two words", "natural", "huge"])
def test_the_time_is_bounded(kind: str) -> None:
    dice, n = random.Random(1), 5000
    rare = [1 / i for i in range(1, 1501)]
    before, after = {
        "different": ([f"a{i}" for i in range(n)], [f"b{i}" for i in range(n)]),
        "equal": (["a"] * n, ["a"] * (n - 100)),
        "of two words": (dice.choices("ab", k=n), dice.choices("ab", k=n)),
        "natural": tuple(dice.choices([f"w{i}" for i in range(1500)], rare, k=n) for _ in "ab"),
        "huge": (dice.choices("ab", k=10 * n), dice.choices("ab", k=10 * n)),
    }[kind]
    start = time.perf_counter()
    difference(" ".join(before), " ".join(after))
    assert time.perf_counter() - start < 1
