"""Member names are read as the contract says, and bad ones get one clear error."""

from __future__ import annotations

import pytest

from fusion_magics.backends._settings import OF_EVERY_MEMBER
from fusion_magics.errors import UsageError
from fusion_magics.members import (
    _SAMPLING,
    MOST_SEED,
    SAMPLES_TEMPERATURE,
    open_judge,
    open_judges,
    open_pool,
    sample_seed,
    split_name,
    with_samples,
)
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
        ('llamacpp:"a,b@c*2.gguf"*2@seed=1', ("llamacpp", "a,b@c*2.gguf", 2, {"seed": "1"})),
        ("ollama:llama3:8b", ("ollama", "llama3:8b", 1, {})),
    ],
)
def test_split_name(name: str, parts: tuple[str, str, int, dict[str, str]]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    ("name", "three", "one"),
    [
        ("tiny:sums", "tiny:sums*3", "tiny:sums"),
        (" tiny:sums*2@seed=1 ", "tiny:sums*3@seed=1", "tiny:sums@seed=1"),
        ('llamacpp:"a,b*2"@system="x*4"', 'llamacpp:"a,b*2"*3@system="x*4"', None),
        ('llamacpp:"a,b"*9', 'llamacpp:"a,b"*3', 'llamacpp:"a,b"'),
    ],
)
def test_with_so_many_samples(name: str, three: str, one: str | None) -> None:
    assert with_samples(name, 3) == three
    assert with_samples(name, 1) == (one or name)
    with pytest.raises(UsageError, match="no member name"):
        with_samples("tiny", 3)


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


@pytest.mark.parametrize(
    "pool",
    [
        "scripted:yes*3",
        "scripted:yes,scripted:yes*2",
        ["scripted:yes", "scripted:yes@seed=7", "scripted:yes"],
    ],
)
def test_samples_differ_in_seed_and_are_not_greedy_unless_asked(pool: str | list[str]) -> None:
    three = open_pool(pool, SamplingParams(seed=7))
    assert [m.params.seed for m in three] == [sample_seed(7, i) for i in range(3)]
    assert {m.params.temperature for m in three} == {SAMPLES_TEMPERATURE}
    assert [m.label for m in three] == ["scripted:yes#1", "scripted:yes#2", "scripted:yes#3"]
    greedy = open_pool(pool, SamplingParams(temperature=0.0), temperature=0.0)
    assert {m.params.temperature for m in greedy} == {0.0}
    own = open_pool("scripted:yes*2@temperature=0.3", SamplingParams())
    assert {m.params.temperature for m in own} == {0.3}


def test_members_that_differ_share_the_seed() -> None:
    pool = 'scripted:yes,scripted:no,scripted:yes@system="Be brief."'
    members = open_pool(pool, SamplingParams(seed=7))
    assert {(m.params.seed, m.params.temperature) for m in members} == {(7, 0.0)}


def test_no_two_seeds_have_a_sample_in_common() -> None:
    seeds = [*range(500), *range(MOST_SEED - 500, MOST_SEED + 1)]
    given = [sample_seed(seed, sample) for seed in seeds for sample in range(10)]
    assert len(set(given)) == len(given)
    assert all(0 <= seed <= MOST_SEED for seed in given)
    assert [sample_seed(seed, 0) for seed in seeds] == seeds


def test_a_thousand_samples_are_quick_and_more_are_refused() -> None:
    assert len(open_pool("scripted:yes*1000", SamplingParams())) == 1000
    for many in ("1001", "9" * 5000):
        with pytest.raises(UsageError, match=r"too many samples\.\nWrite \*1 to \*1000") as error:
            open_pool(f"scripted:yes*{many}", SamplingParams())
        assert len(str(error.value)) < 200


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
        ("scripted:yes@max_tokens=1.5", ["max_tokens cannot be '1.5'", "whole number"]),
        ("scripted:yes@seed=4294967295", ["seed", "0 to 4294967294"]),
        (
            "scripted:yes@colour=red",
            ["'colour'", "temperature, top_p, max_tokens, seed, stop"],
        ),
        ("scripted:yes@weight=heavy", ["weight cannot be 'heavy'", "above 0"]),
        ("scripted:yes@weight=0", ["weight cannot be '0'"]),
        ("scripted:yes@weight=inf", ["weight cannot be 'inf'"]),
        ("scripted:yes@temprature=1", ["Did you mean temperature?"]),
        ("llamacpp:/no/such/a,b.gguf", ["'b.gguf' is no member name", 'llamacpp:"a,b.gguf"']),
        ("", ["no members", "tiny:sums,tiny:words"]),
        ([], ["no members"]),
        ([""], ["'' is no member"]),
        (["scripted:yes", None], ["None is no member"]),
        ("scriptd:yes", ["scriptd:yes", "scripted:yes"]),
        ("scripted:maybe", ["maybe"]),
        (" , ", ["no members"]),
    ],
)
def test_bad_pools_say_what_is_wrong(pool: str | list[str], names: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        open_pool(pool, SamplingParams())
    for name in names:
        assert name in str(error.value)


@pytest.mark.parametrize(
    ("judge", "message", "cure"),
    [
        ("scripted:yes,scripted:no", "A judge is one model: 'scripted:yes,scr", "scripted:yes"),
        ("scripted:yes*2", "A judge is asked once: 'scripted:yes*2'", "Leave *2 out."),
        ("scripted:yes@temperature=1", "a judge takes no temperature.", "leave @temperature out"),
        ('scripted:yes@system="x"', "a judge takes no system.", "leave @system out"),
        ("scripted:yes@colour=red", "scripted:yes has no setting 'colour'.", "Settings: "),
        ("", "'' is no member name.", "engine:model"),
    ],
)
def test_a_judge_is_one_model_without_sampling(judge: str, message: str, cure: str) -> None:
    with pytest.raises(UsageError) as error:
        open_judge(judge)
    assert message in error.value.message
    assert cure in error.value.hint


def test_the_settings_of_every_member_are_those_that_are_read() -> None:
    assert set(OF_EVERY_MEMBER) == {*_SAMPLING, "system", "weight"}


def test_a_members_vote_has_a_weight_and_its_samples_are_samples_all_the_same() -> None:
    members = open_pool("scripted:yes*2@weight=2.5,scripted:yes,scripted:no", SamplingParams())
    assert [m.weight for m in members] == [2.5, 2.5, 1.0, 1.0]
    assert [m.params.seed for m in members] == [*(sample_seed(0, i) for i in range(3)), 0]


def test_samples_of_every_member_but_those_that_say_how_many() -> None:
    members = open_pool("scripted:yes,scripted:no*1,scripted:echo*3", SamplingParams(), samples=2)
    names = [m.label.partition("#")[0].partition(":")[2] for m in members]
    assert names == ["yes", "yes", "no", "echo", "echo", "echo"]
    with pytest.raises(UsageError, match="samples is 0"):
        open_pool("scripted:yes", SamplingParams(), samples=0)


@pytest.mark.parametrize(
    ("judge", "names"),
    [
        (None, ["tiny:judge"]),
        ("scripted:yes", ["scripted:yes"]),
        ("scripted:yes, scripted:no", ["scripted:yes", "scripted:no"]),
        (("scripted:yes", "scripted:no"), ["scripted:yes", "scripted:no"]),
    ],
)
def test_judges(judge: str | tuple[str, ...] | None, names: list[str]) -> None:
    assert [model.name for model in open_judges(judge)] == names


@pytest.mark.parametrize("judge", ["", [], " , "])
def test_no_judge_at_all(judge: str | list[str]) -> None:
    with pytest.raises(UsageError, match=r"There is no judge\.\nName one, such as tiny:judge"):
        open_judges(judge)
