"""Saved pools: kept in one file, asked by name, never half written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fusion_magics
from fusion_magics import UsageError, fuse, pools
from fusion_magics.members import judge_of, open_judges, open_pool
from fusion_magics.pool_file import path
from fusion_magics.pools import SavedPool
from fusion_magics.types import SamplingParams


def _file(folder: Path, text: str | bytes) -> Path:
    folder.mkdir()
    file = folder / "pools.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def _labels(pool: str | list[str]) -> list[str]:
    return [member.label for member in open_pool(pool, SamplingParams())]


def test_what_is_saved_is_there_until_it_is_deleted() -> None:
    assert pools.saved() == {}
    assert pools.save("mine", "tiny:sums, tiny:words*2@temperature=0.9", "tiny:judge") is None
    mine = SavedPool(("tiny:sums", "tiny:words*2@temperature=0.9"), "tiny:judge")
    assert pools.saved() == {"mine": mine}
    assert pools.save("mine", ["scripted:yes"]) == mine
    pools.save("other", ["scripted:no"])
    assert list(pools.saved()) == ["mine", "other"]
    assert pools.delete("mine") == SavedPool(("scripted:yes",))
    assert list(pools.saved()) == ["other"]
    assert fusion_magics.pools is pools


def test_the_file_can_be_read_and_edited_by_hand(config_folder: Path) -> None:
    pools.save("größe-1", ['scripted:yes@system="Ja, „kurz“."'], judge="scripted:no")
    file = config_folder / "pools.json"
    entry = {"members": ['scripted:yes@system="Ja, „kurz“."'], "judge": "scripted:no"}
    text = file.read_text("utf-8")
    assert json.loads(text) == {"größe-1": entry}
    assert "größe" in text
    assert text.count("\n") > 5
    # Some editors put a mark before the text.
    file.write_text(text.replace("scripted:no", "scripted:yes"), "utf-8-sig")
    assert pools.saved()["größe-1"].judge == "scripted:yes"
    assert [entry.name for entry in config_folder.iterdir()] == ["pools.json"], "what was written"


def test_without_the_variable_it_is_where_the_system_keeps_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FUSION_MAGICS_CONFIG")
    for variable in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert path().name == "pools.json"
    assert path().parent.name == "fusion_magics"
    monkeypatch.setenv("FUSION_MAGICS_CONFIG", "~/ours")
    assert path() == tmp_path / "ours" / "pools.json"


# ── asked by name ────────────────────────────────────────────────────────────────────────────


async def test_a_fusion_of_a_saved_pool_keeps_the_names_of_its_members() -> None:
    pools.save("mine", "scripted:yes*2,scripted:no", judge="scripted:echo")
    fusion = await fuse("q", pool="mine", mode="vote")
    assert fusion.pool == ("scripted:yes#1", "scripted:yes#2", "scripted:no")
    mixed = await fuse("q", pool="scripted:echo,mine", mode="vote")
    assert mixed.pool[0] == "scripted:echo"
    assert mixed.pool[1:] == fusion.pool
    assert _labels(["mine", "scripted:yes"])[-1] == "scripted:yes#3"


async def test_its_judge_judges_unless_another_is_named() -> None:
    pools.save("mine", "tiny:sums", judge="scripted:yes")
    pools.save("plain", "tiny:words")
    assert judge_of("plain,mine") == "scripted:yes"
    assert judge_of("plain") is judge_of(None) is judge_of("tiny:sums") is None
    assert [model.name for model in open_judges(None, "mine")] == ["scripted:yes"]
    assert [model.name for model in open_judges("scripted:no", "mine")] == ["scripted:no"]
    assert [model.name for model in open_judges(None, "plain")] == ["tiny:judge"]
    plan = await fuse("q", pool="plain,mine", dry_run=True)
    assert plan.judges == ("scripted:yes",)
    assert plan.members == ("tiny:words", "tiny:sums")


async def test_a_saved_jury_sits() -> None:
    pools.save("court", "scripted:yes", judge=["scripted:yes", "scripted:no"])
    assert pools.saved()["court"].judge == "scripted:yes,scripted:no"
    assert (await fuse("q", pool="court", dry_run=True)).judges == ("scripted:yes", "scripted:no")


def test_a_pool_in_a_pool_is_kept_as_the_members_it_has_now() -> None:
    pools.save("mine", "scripted:yes")
    pools.save("both", "mine,scripted:no")
    pools.delete("mine")
    assert pools.saved()["both"].members == ("scripted:yes", "scripted:no")


@pytest.mark.parametrize(
    ("pool", "message", "hint"),
    [
        ("mnie", "There is no pool 'mnie'.", "Did you mean mine? Saved: mine, other. Save one: "),
        (["mine", "x"], "There is no pool 'x'.", "%fuse_pool save x MEMBER,MEMBER; a member is"),
        ("x@temperature=1", "There is no pool 'x'.", "Saved: mine"),
        ("tiny", "There is no pool 'tiny'.", "tiny is an engine: write tiny:MODEL. "),
        ("mine*2", "'mine*2': a saved pool has no samples", "%fuse_pool edit mine"),
        ("mine@seed=1", "'mine@seed=1': a saved pool has no samples or settings", "its members"),
        ("llamacpp:a,b.gguf", "'b.gguf' is no member name.", 'llamacpp:"a,b.gguf"'),
    ],
)
def test_a_name_that_is_no_pools_is_explained(pool: Any, message: str, hint: str) -> None:
    pools.save("mine", "scripted:yes")
    pools.save("other", "scripted:no")
    with pytest.raises(UsageError) as error:
        open_pool(pool, SamplingParams())
    assert error.value.message.startswith(message)
    assert hint in error.value.hint


def test_where_nothing_is_saved_it_says_so() -> None:
    with pytest.raises(UsageError, match="None is saved yet"):
        open_pool("mine", SamplingParams())


def test_member_names_alone_read_no_file(config_folder: Path) -> None:
    _file(config_folder, "damaged")
    assert _labels("scripted:yes") == ["scripted:yes"]


# ── what cannot be saved ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["", "a:b", "a,b", "a b", "1st", "-a", "a\n", "ü*", None, 3])
def test_a_name_is_a_word(name: Any) -> None:
    with pytest.raises(UsageError, match="A pool cannot be called") as error:
        pools.save(name, "scripted:yes")
    assert repr(name) in error.value.message
    assert pools.saved() == {}


@pytest.mark.parametrize(
    ("members", "judge", "message"),
    [
        ("", None, "The pool has no members."),
        ([], None, "The pool has no members."),
        ([None], None, "None is no member name."),
        ("tiny:sms", None, "Did you mean tiny:sums?"),
        ("scripted:yes@temprature=1", None, "Did you mean temperature?"),
        ("scripted:yes@temperature=hot", None, "temperature cannot be 'hot'"),
        ("nobody", None, "There is no pool 'nobody'."),
        ("scripted:yes", "scripted:nobody", "There is no script 'nobody'."),
        ("scripted:yes", "scripted:yes*2", "A judge is asked once"),
    ],
)
def test_members_and_judges_must_be_such_as_can_be_asked(
    members: Any, judge: str | None, message: str
) -> None:
    with pytest.raises(UsageError) as error:
        pools.save("mine", members, judge)
    assert message in str(error.value)
    assert pools.saved() == {}


@pytest.mark.parametrize(
    "member",
    [
        "tiny:sums@api_key=S3CRET",
        "tiny:sums@API-Key=S3CRET",
        "tiny:sums@temperature=1@access_token=S3CRET",
        "tiny:sums@password=S3CRET",
        'tiny:sums@client_secret="S3CRET"',
        "http://me:S3CRET@host/v1#model",
    ],
)
def test_keys_are_refused_and_not_repeated(member: str) -> None:
    for members, judge in (([member], None), (["scripted:yes"], member)):
        with pytest.raises(UsageError, match="A saved pool holds no keys") as error:
            pools.save("mine", members, judge)
        assert "S3CRET" not in str(error.value)
        assert "keys come from the environment" in error.value.hint
    assert pools.saved() == {}


def test_words_about_keys_are_none() -> None:
    pools.save("mine", 'scripted:yes@max_tokens=5@system="write @key=value, as in a://b:c@d"')
    assert pools.saved()


def test_deleting_what_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"There is no pool 'mine'\.\nNone is saved yet"):
        pools.delete("mine")
    pools.save("mine", "scripted:yes")
    with pytest.raises(UsageError, match=r"Did you mean mine\? Saved: mine"):
        pools.delete("mnie")


# ── the file ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"mine": {"members": ["tiny:sums"', "truncated"),
        ("[]", "Expected `object`"),
        ('{"mine": {"members": "tiny:sums"}}', "Expected `array`"),
        ('{"mine": {"members": []}}', "length >= 1"),
        ('{"mine": {"judge": "tiny:judge"}}', "missing required field `members`"),
        ('{"mine": {"members": ["tiny:sums"], "later": 1}}', "unknown field `later`"),
        ('{"a:b": {"members": ["tiny:sums"]}}', "matching regex"),
        (b"\xff\xfe\x00", "utf-8"),
        ("", "truncated"),
    ],
)
def test_a_damaged_file_is_named_and_left_as_it_is(
    config_folder: Path, text: str | bytes, why: str
) -> None:
    file = _file(config_folder, text)
    before = file.read_bytes()
    for action in (
        pools.saved,
        lambda: pools.save("new", "scripted:yes"),
        lambda: pools.delete("mine"),
        lambda: open_pool("mine", SamplingParams()),
    ):
        with pytest.raises(UsageError) as error:
            action()
        assert str(file) in error.value.message
        assert why in error.value.message
        assert "left as it is" in error.value.hint
    assert file.read_bytes() == before


def test_a_write_that_fails_leaves_the_old_file(
    config_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools.save("mine", "scripted:yes")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match=r"cannot be saved to .*pools\.json: No space left"):
        pools.save("other", "scripted:no")
    assert list(pools.saved()) == ["mine"]
    assert [entry.name for entry in config_folder.iterdir()] == ["pools.json"]


def test_a_folder_that_cannot_be(config_folder: Path) -> None:
    config_folder.write_text("a file")
    assert pools.saved() == {}
    with pytest.raises(UsageError, match="cannot be saved") as error:
        pools.save("mine", "scripted:yes")
    assert "FUSION_MAGICS_CONFIG=FOLDER" in error.value.hint


def test_a_link_to_the_file_stays_one(config_folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.json"
    config_folder.mkdir()
    (config_folder / "pools.json").symlink_to(kept)
    pools.save("mine", "scripted:yes")
    assert (config_folder / "pools.json").is_symlink()
    assert "mine" in kept.read_text()


def test_what_another_kernel_saved_meanwhile_is_kept() -> None:
    pools.save("mine", "scripted:yes")
    code = "from fusion_magics import pools; pools.save('theirs', 'scripted:no')"
    subprocess.run([sys.executable, "-c", code], check=True)
    pools.save("more", "scripted:echo")
    assert list(pools.saved()) == ["mine", "theirs", "more"]
