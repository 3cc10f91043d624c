"""Personas: those that are shipped, and the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.judges import PERSONAS, personas

OWN = "# how we read\npirate: You love ships: and rum, too\n\nskeptic, founder\n"


def test_the_five_are_there_in_one_sentence_each() -> None:
    assert list(PERSONAS) == ["builder", "skeptic", "creator", "futurist", "founder"]
    for viewpoint in PERSONAS.values():
        assert viewpoint.startswith("You ")
        assert viewpoint.count(".") == 1


def test_names_with_commas_between() -> None:
    assert personas("skeptic, builder") == {n: PERSONAS[n] for n in ("skeptic", "builder")}


def test_ones_own_as_text() -> None:
    assert list(personas(OWN)) == ["pirate", "skeptic", "founder"]
    assert personas("pirate: You love ships, and rum") == {"pirate": "You love ships, and rum"}
    assert personas("pirate: You love ships; and rum; cook: You are hungry") == {
        "pirate": "You love ships; and rum",
        "cook": "You are hungry",
    }


def test_a_viewpoint_may_be_long() -> None:
    assert personas("pirate: " + "ships " * 200)["pirate"].startswith("ships")


def test_no_viewpoint_carries_an_escape_sequence() -> None:
    assert "\x1b" not in personas("pirate: You \x1b[31mlove ships")["pirate"]


def test_ones_own_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "our jury.txt"
    file.write_text(OWN, encoding="utf-8")
    assert personas(str(file)) == personas(OWN)


def test_one_may_be_given_another_viewpoint() -> None:
    assert personas("skeptic: You trust nobody.") == {"skeptic": "You trust nobody."}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no personas"),
        ("# nothing", "no personas"),
        ("sceptic", "skeptic"),
        ("missing.txt", "cannot be read"),
        ("skeptic,skeptic", "twice"),
        ("a: x\na: y", "twice"),
        ("a:", "describes no persona"),
        (": x", "describes no persona"),
        ("builder,a: x", "describes no persona"),
    ],
)
def test_what_names_no_persona_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        personas(text)


@pytest.mark.parametrize("data", [b"\xff\xfe\xff", b"a: b\n" * 5000])
def test_a_file_that_is_no_jury_is_refused(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "jury.txt"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"no UTF-8 text|bytes"):
        personas(str(file))
