"""Member names are read as the contract says, and bad ones get one clear error."""

from __future__ import annotations

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.members import SAMPLES_TEMPERATURE, open_pool, split_name
from fusion_magics.types import SamplingParams


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("tiny:sums", ("tiny", "sums", 1, {})),
        ("tiny:sums*3", ("tiny", "sums", 3, {})),
        (
            'tiny:sums*3@temperature=0.9@system="Be brief, a@b=c."',
            ("tiny", "sums", 3, {"temperature": "0.9", "system": "Be brief, a@b=c."}),
        ),
        (
            "llamacpp:C:/my models/a*b.gguf@context=64",
            ("llamacpp", "C:/my models/a*b.gguf", 1, {"context": "64"}),
        ),
        ("ollama:llama3:8b", ("ollama", "llama3:8b", 1, {})),
    ],
)
def test_split_name(name: str, parts: tuple[str, str, int, dict[str, str]]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize("name", ["", "tiny", "tiny:", ":sums", "ti ny:sums", "tiny:sums*0"])
def test_a_name_of_another_form_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(UsageError) as error:
        split_name(name)
    assert repr(name) in str(error.value)
    assert error.value.hint


def test_a_string_holds_several_members_and_labels_are_unique() -> None:
    pool = 'scripted:yes, scripted:no@system="a, b",scripted:yes'
    members = open_pool(pool, SamplingParams())
    assert [m.label for m in members] == ["scripted:yes#1", "scripted:no", "scripted:yes#2"]
    assert members[1].system == "a, b"


def test_samples_differ_in_seed_and_are_not_greedy_unless_asked() -> None:
    three = open_pool("scripted:yes*3", SamplingParams(seed=7))
    assert [(m.params.seed, m.params.temperature) for m in three] == [
        (7, SAMPLES_TEMPERATURE),
        (8, SAMPLES_TEMPERATURE),
        (9, SAMPLES_TEMPERATURE),
    ]
    assert len({m.label for m in three}) == 3
    greedy = open_pool("scripted:yes*2", SamplingParams(temperature=0.0), temperature=0.0)
    assert {m.params.temperature for m in greedy} == {0.0}


def test_settings_apply_to_one_member_alone() -> None:
    one, other = open_pool(
        "scripted:yes@max_tokens=3@temperature=0.5,scripted:no", SamplingParams(max_tokens=9)
    )
    assert (one.params.max_tokens, one.params.temperature) == (3, 0.5)
    assert (other.params.max_tokens, other.params.temperature) == (9, 0.0)


@pytest.mark.parametrize(
    ("pool", "names"),
    [
        ("scripted:yes@temperature=hot", ["temperature", "'hot'"]),
        ("scripted:yes@temperature=-1", ["temperature", "-1"]),
        ("scripted:yes@top_p=0", ["top_p"]),
        ("scripted:yes@max_tokens=0", ["max_tokens"]),
        ("scripted:yes@colour=red", ["colour"]),
        ("scriptd:yes", ["scriptd:yes", "scripted:yes"]),
        ("scripted:maybe", ["maybe"]),
        (" , ", ["no members"]),
    ],
)
def test_bad_pools_say_what_is_wrong(pool: str, names: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        open_pool(pool, SamplingParams())
    for name in names:
        assert name in str(error.value)
