"""The final answer is found in the customs of real models, and compared in one form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import comparable, draw, final_answer, normalise, votes

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("8+7=15\nAnswer: 615", "615"),
        ("Answer: 3\nNo, wait.\nAnswer: 4", "4"),
        ("So the final answer is **12**.", "12"),
        ("**Answer:** Tuesday", "tuesday"),
        ("Thus \\boxed{42}. The answer is 41.", "42"),
        ("reasoning\n#### 1,234", "1234"),
        ('{"reasoning": "…", "answer": "18"}', "18"),
        ('{"answer": 18}', "18"),
        ("just this", "just this"),
        ("first line\nlast line!", "last line"),
        ("", ""),
        ("Answer: 4; nor", "4; nor"),
        ("8+7=15\nAnswer:", ""),
    ],
)
def test_comparable(text: str, answer: str) -> None:
    assert comparable(text) == answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,234", "1234"),
        ("$5.00", "5"),
        ("3.10", "3.1"),
        ("+7", "7"),
        ("-0", "0"),
        ("(B)", "b"),
        (" Ann. ", "ann"),
        ("120", "120.0"),
    ],
)
def test_forms_of_one_answer_are_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), [("-5", "5"), ("1.2", "12"), ("1,2", "12"), ("a", "b")])
def test_different_answers_stay_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text())
def test_any_text_has_an_answer_that_normalises_once(text: str) -> None:
    once = normalise(final_answer(text))
    assert normalise(once) == once


@given(st.integers(-(10**12), 10**12))
def test_every_number_is_recognised_however_it_is_grouped(number: int) -> None:
    assert normalise(f"{number:,}") == normalise(str(number)) == str(number)


def test_texts_without_an_answer_do_not_vote() -> None:
    assert votes(["Answer: 3", "3.0", "", "  \n ", "8+7=15\nAnswer:"]) == {"3": 2}


def test_draws_depend_on_seed_and_text_alone() -> None:
    assert draw(1, "a") == draw(1, "a")
    assert len({draw(seed, text) for seed in range(9) for text in "abc"}) == 27


def test_real_models_answers_are_found() -> None:
    """On recorded GSM8K outputs of 12 models: what a JSON parser finds, and where it fails too."""
    numeric = total = 0
    lines = gzip.decompress((DATA / "gsm8k_sample.jsonl.gz").read_bytes()).splitlines()
    for line in lines:
        for text in json.loads(line)["outputs"]:
            found = comparable(text)
            total += 1
            numeric += found.lstrip("-").replace(".", "", 1).isdigit()
            recorded = _by_json(text)
            if recorded is not None:
                assert found == normalise(recorded), text
    assert total == 480
    assert numeric / total >= 0.95  # the rest broke off or answered in words


def _by_json(text: str) -> str | None:
    try:
        return str(
            json.loads(text.replace("</s>", "").strip().strip("`").removeprefix("json"))["answer"]
        )
    except (ValueError, KeyError, TypeError):
        return None
