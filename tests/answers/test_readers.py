"""How final answers are read: by word, by field, by the user's own function."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import READERS, by_meaning, comparable, reader_of
from fusion_magics.errors import UsageError


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("8+7=15", "15"),
        ("8-5", "5"),
        ("(3)-5", "5"),
        ("It is -5.", "-5"),
        ("It is −5.", "-5"),
        ("3, 4, and 1,234.50.", "1234.5"),
        ("1,2", "2"),
        ("-$5", "-5"),
        ("US$5 in all", "5"),
        ("50% of it", "50"),
        ("it rose by .5", "0.5"),
        ("water is H2O", ""),
        ("5km", "5"),
        ("6e3", "6e3"),
        ("none", ""),
        ("", ""),
    ],
)
def test_the_last_number(text: str, answer: str) -> None:
    assert reader_of("number")(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("(B)", "b"),
        ("Answer: b", "b"),
        ("**Answer:** (C)", "c"),
        ("The answer is B.", "b"),
        ("The answer is B because C is wrong.", "b"),
        ("The answer is A because B is wrong.", "a"),
        ("The answer is option D, I think", "d"),
        ("Answer: B) Paris", "b"),
        ("B. Paris", "b"),
        ("A cat sat on (c) that mat", "c"),
        ("I think it is D, as I'd say.\nI am sure.", "d"),
        ("Not A. It must be C", "c"),
        (r"so \boxed{\text{B}}", "b"),
        ("K", ""),
        ("I am a model.", ""),
        ("", ""),
    ],
)
def test_the_single_choice(text: str, answer: str) -> None:
    assert reader_of("letter")(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"n": 1} then {"n": 2.0}', "2"),
        ('{"n": "Yes."}', "yes"),
        ('{"n": true}', "true"),
        ('{"n": null}', ""),
        ('{"n": 1} and {"m": 2}', ""),
        ('{"x": {"n": 1}}', ""),
        ('{broken {"n": 3} {', "3"),
        ('{"n": ' + "9" * 5000 + "}", "9" * 5000),
        ("[1]", ""),
        ("", ""),
    ],
)
def test_the_field_of_the_last_object(text: str, answer: str) -> None:
    assert reader_of("json:n")(text) == answer


def test_objects_as_fields_are_equal_however_they_are_written() -> None:
    read = reader_of("json:n")
    assert read('{"n": {"b": 1, "a": [2]}}') == read('{"n":{"a":[2],"b":1}}') != ""


def test_a_box_and_whole_texts() -> None:
    assert reader_of("boxed")(r"\boxed{1}, no: \boxed{2.0}, the answer is 3") == "2"
    assert reader_of("boxed")("Answer: 3") == ""
    assert reader_of("text")(" Two\n lines. ") == "two lines"
    assert reader_of("auto") is comparable
    assert reader_of("judge") is by_meaning


def test_the_users_own_function() -> None:
    assert reader_of(lambda text: text[:1])("ab") == "a"
    assert reader_of(lambda text: None)("ab") == ""
    assert reader_of(lambda text: "\ud83d")("ab") == "?"


def test_a_function_that_fails_is_named_with_what_it_raised() -> None:
    def last_word(text: str) -> str:
        return text.split()[-1]

    with pytest.raises(UsageError, match="last_word failed: IndexError: list index") as error:
        reader_of(last_word)("")
    assert "None" in error.value.hint
    with pytest.raises(UsageError, match="gave 5, of type int"):
        reader_of(lambda text: 5)("")  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("word", ["numbr", "json", "json:", "auto:x", "", 5])
def test_another_word_is_a_usage_error_that_lists_them(word: str) -> None:
    with pytest.raises(UsageError, match="There is no reader") as error:
        reader_of(word)
    assert "json:FIELD" in error.value.hint
    if word == "numbr":
        assert "Did you mean number?" in error.value.hint


@pytest.mark.parametrize("word", [*READERS, "json:a"])
@given(text=st.text() | st.text('{}[]()":,.-+ \n1aABeI\\answer', max_size=60))
def test_any_text_can_be_read(word: str, text: str) -> None:
    assert isinstance(reader_of(word)(text), str)


@pytest.mark.parametrize("word", [*READERS, "json:a"])
def test_a_megabyte_is_read_in_seconds(word: str) -> None:
    began = time.process_time()
    for piece in ("1,", '{"a":', '{"a":[', "(a", "1.", "answer ", "I a", "\\boxed{", '"{', "1"):
        reader_of(word)(piece * (10**6 // len(piece)))
    assert time.process_time() - began < 20
