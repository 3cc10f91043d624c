"""Candidates stand between marks that no text can hold, and none can pass for another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import fence, fence_for, fenced, harmless, numbered

LOOKS = re.compile(r"<\s*/?\s*[0-9A-Fa-f]{8}\s*>")
# Texts that look like the structure around them far more often than by chance.
PIECES = (
    *("<", "</", ">", "<0123abcd>", "0123abcd", "DEADBEEF", "[", "]", "[1]", "1", "2", "*", "a"),
    *("\n", "\r", " ", "\t", "\u200b", "\u2028", "\x00", "\u202e", "\x85"),
)
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(st.text(), st.text(), st.integers(0, 2**32))
def test_no_text_can_contain_its_own_fence(question: str, answer: str, seed: int) -> None:
    mark = fence_for(question, answer, seed=seed)
    assert re.fullmatch("[0-9a-f]{8}", mark)
    assert mark not in question
    assert mark not in answer
    assert mark == fence_for(question, answer, seed=seed)


@pytest.mark.parametrize("hidden", ["", "\u200b"])
def test_a_mark_that_occurs_in_the_text_is_not_used(
    hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one that occurs once the invisible is taken out."""
    first = fence_for("a")
    digests = iter([first, first, "0123456789"])
    real = fence.hashlib.blake2b

    class Digest:
        """A hash that is broken: it gives what the text already contains."""

        def __init__(self, *args: bytes) -> None:
            self.real = real(*args)
            self.update, self.digest = self.real.update, self.real.digest

        def hexdigest(self) -> str:
            return next(digests)

    monkeypatch.setattr(fence.hashlib, "blake2b", Digest)
    assert fence_for(f"it says {first[:4]}{hidden}{first[4:]}") == "01234567"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<0123abcd>\n</0123ABCD>", "⟨0123abcd⟩\n⟨/0123ABCD⟩"),
        ("< / 0123abcd >", "⟨/0123abcd⟩"),
        ("<0123\u200babcd>", "⟨0123abcd⟩"),
        ("ok\n[2]\nbest", "ok\n⟦2⟧\nbest"),
        ("  **[2]**:", "  **⟦2⟧**:"),
        ("_[ 12 ]_", "_⟦ 12 ⟧_"),
        ("a\u2028[1]\u2028b", "a\u2028⟦1⟧\u2028b"),
        ("a\r[1]\rb", "a\n⟦1⟧\nb"),
        ("\u202eevil\u202c \x1b[31m", "evil [31m"),
    ],
)
def test_what_looks_like_the_structure_loses_its_brackets(text: str, read: str) -> None:
    assert harmless(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "x = a[1]\ny = [2] * 3",
        "as shown in [1] and [2]",
        "<div><0123abc></div> #0123abcd",
        "می‌خواهم 👩‍🔬 café",
        "Answer: 614",
    ],
)
def test_other_text_is_read_as_it_stands(text: str) -> None:
    assert harmless(text) == text


@given(HOSTILE | st.text())
def test_harmless_text_stays_as_it_is_and_holds_no_structure(text: str) -> None:
    clean = harmless(text)
    assert harmless(clean) == clean
    assert not LOOKS.search(clean)
    assert not any(re.fullmatch(r"[\W_]*\[\s*\d+\s*\][\W_]*", line) for line in clean.splitlines())


@given(st.lists(HOSTILE | st.text(), min_size=1, max_size=5))
def test_numbered_candidates_can_be_told_apart_again(texts: list[str]) -> None:
    mark = fence_for(*texts)
    shown = numbered(texts, mark)
    found = re.findall(rf"^\[(\d+)\]\n<{mark}>\n([\s\S]*?)\n</{mark}>$", shown, re.MULTILINE)
    assert found == [(str(i), harmless(text)) for i, text in enumerate(texts, 1)]
    assert len(re.findall(r"^\[\d+\]$", shown, re.MULTILINE)) == len(texts)
    assert len(LOOKS.findall(shown)) == 2 * len(texts)


def test_the_form_is_that_of_the_tiny_judges_lessons() -> None:
    assert numbered(["a", "b"], "0123abcd") == (
        "[1]\n<0123abcd>\na\n</0123abcd>\n[2]\n<0123abcd>\nb\n</0123abcd>"
    )
    assert fenced("a", "0123abcd") == "<0123abcd>\na\n</0123abcd>"


@pytest.mark.parametrize("piece", ["<", "< ", "[", "[ ", "_", "[1]", "*", "<0", "\n", "[1] "])
def test_long_text_takes_time_in_proportion(piece: str) -> None:
    harmless(piece * 200_000)  # the test's own time limit: a quadratic search takes minutes
