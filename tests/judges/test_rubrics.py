"""Rubrics: shipped by name, from a file, or as text; what is none is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.errors import UsageError
from fusion_magics.fusion import fuse
from fusion_magics.judges.rubrics import RUBRICS, Criterion, rubric_of


@pytest.mark.parametrize("name", RUBRICS)
def test_the_shipped_ones_are_read(name: str) -> None:
    rubric = rubric_of(name)
    assert rubric.name == name
    assert len(rubric.criteria) >= 2
    assert all(c.description.endswith(".") for c in rubric.criteria)


def test_truth_and_usefulness_are_criteria_of_their_own() -> None:
    for name in set(RUBRICS) - {"correctness"}:
        assert {"truth", "usefulness"} <= {c.name for c in rubric_of(name).criteria}


def test_every_file_is_shipped_by_name() -> None:
    import fusion_magics.judges.rubrics as room

    assert {path.stem for path in Path(room.__file__).parent.glob("*.txt")} == set(RUBRICS)


THREE = (
    Criterion("truth", "It is so: always.", 2.0),
    Criterion("use", "It helps; now.", 0.5),
    Criterion("wit"),
)


@pytest.mark.parametrize(
    "text",
    [
        "truth (2): It is so: always.\nuse (0.5): It helps; now.\nwit",
        "# Mine\n\n- **truth** (2): It is so: always.\n* use (0.5) : It helps; now.\r\n+ __wit__\n",
        "\ttruth (2):It is so: always.\n\n  use(0.5): It helps; now.\n  wit:",
    ],
)
def test_criteria_as_text(text: str, tmp_path: Path) -> None:
    assert rubric_of(text).criteria == THREE
    assert rubric_of(text).name == "own"
    path = tmp_path / "My brief.md"
    path.write_text(text, encoding="utf-8")
    assert rubric_of(str(path)).criteria == THREE
    assert rubric_of(str(path)).name == "My brief"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("truth: is it so; wit (2): is it funny", ["truth", "wit"]),
        ("truth: is it so; and always; wit: is it funny", ["truth", "wit"]),
        ("short; funny; true", ["short", "funny", "true"]),
        ("truth: see notes.txt", ["truth"]),
        ("brevity:", ["brevity"]),
        ("Is it any good?", ["own"]),
    ],
)
def test_criteria_on_one_line(text: str, names: list[str]) -> None:
    assert [c.name for c in rubric_of(text).criteria] == names


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("genral", "There is no rubric 'genral'.\nDid you mean general? There is: general, "),
        ("", "There is no rubric ''.\nThere is: general"),
        ("code review", "Did you mean code-review?"),
        ("nowhere.txt", "nowhere.txt cannot be read: No such file or directory.\nCheck the file"),
        ("a: b\nA: c", "has the criterion 'a' twice."),
        ("#\n#", "has 0 criteria."),
        ("\n".join(f"c{i}: x" for i in range(13)), "has 13 criteria.\nGive 1 to 12."),
        (": what\n", "': what' is no criterion.\nWrite one criterion per line: name: desc"),
        ("a (x): b", "the weight in 'a (x): b' is no such number."),
        ("a (0): b", "the weight in 'a (0): b' is no such number."),
        ("a (1e9): b", "no such number"),
        ('a "b": c', "is no criterion"),
        ("a" * 41 + ": b", "is no criterion"),
    ],
)
def test_what_is_no_rubric_is_refused(given: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        rubric_of(given)
    assert message in str(refused.value)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"a: b\n" * 5000])
def test_files_that_are_no_rubric_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"no UTF-8 text|bytes"):
        rubric_of(str(path))


@given(st.text(max_size=80))
def test_any_text_is_a_rubric_or_refused(text: str) -> None:
    try:
        rubric = rubric_of(text)
    except UsageError:
        return
    assert all(c.name.strip() == c.name != "" for c in rubric.criteria)


async def test_a_rubric_that_is_none_asks_nothing() -> None:
    with pytest.raises(UsageError, match="Did you mean safety"):
        await fuse("q", pool="scripted:yes", judge="scripted:echo", rubric="safty")
