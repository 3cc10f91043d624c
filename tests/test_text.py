"""What is printed is what is seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.text import printable, trim


@given(st.text())
def test_nothing_that_controls_a_terminal_or_hides_is_left(text: str) -> None:
    shown = printable(text)
    assert not any(
        unicodedata.category(c) == "Cc" for c in shown.replace("\n", "").replace("\t", "")
    )
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "hidden",
    ["\x1b[31m"[:1], "\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\u3164", "\U000e0041"],
)
def test_invisible_and_reordering_characters_are_taken_out(hidden: str) -> None:
    assert printable(f"pay{hidden}pal") == "paypal"


@pytest.mark.parametrize("text", ["a\tb\nc", "می\u200cخواهم", "👩\u200d🚀", "שלום", "한국어", "é"])
def test_what_people_write_stays(text: str) -> None:
    assert printable(text) == text


def test_line_ends_become_one_kind() -> None:
    assert printable("a\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize(
    ("text", "trimmed"),
    [("\n \n  a\n    b \n\n", "  a\n    b"), ("  a", "  a"), (" \n\t", ""), ("", "")],
)
def test_trimming_leaves_the_indentation_of_the_first_line(text: str, trimmed: str) -> None:
    assert trim(text) == trimmed
