"""The form of ``%fuse_pool edit``, driven as widgets: set values, click."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from fusion_magics import UsageError, pools
from fusion_magics.backends.scripted import Script
from fusion_magics.magics.pool_form import PoolForm, Row
from fusion_magics.magics.pools import form
from fusion_magics.pools import SavedPool

DRAFT = "%fuse_pool save NAME MEMBER,MEMBER"


def _members(shown: PoolForm) -> list[tuple[str, int]]:
    return [(row.member.value, row.samples.value) for row in shown.rows.children]


def _filled(name: str, *members: str, judge: str = "") -> PoolForm:
    shown = PoolForm()
    while len(shown.rows.children) < len(members):
        shown.add_button.click()
    for row, member in zip(shown.rows.children, members, strict=False):
        row.member.value = member
    shown.pool_name.value, shown.judge.value = name, judge
    return shown


def test_a_new_pool_is_saved() -> None:
    shown = _filled("mine", "scripted:yes", "scripted:no", "scripted:echo", judge="scripted:yes")
    shown.rows.children[1].samples.value = 3
    line = "%fuse_pool save mine scripted:yes,scripted:no*3,scripted:echo -j scripted:yes"
    assert line in shown.line.value.replace("<wbr>", "")
    assert pools.saved() == {}, "before it is asked to"
    shown.save_button.click()
    wanted = SavedPool(("scripted:yes", "scripted:no*3", "scripted:echo"), "scripted:yes")
    assert pools.saved() == {"mine": wanted}
    assert "Saved as mine. Ask it with: %fuse -p mine …" in shown.status.value
    assert not shown.delete_button.disabled


def test_a_saved_pool_is_edited() -> None:
    pools.save("mine", 'scripted:yes*2@system="a*3, b",scripted:no*1,tiny:sums', "scripted:no")
    shown = PoolForm("mine")
    # *1 is left where it is: it keeps -n from this member, which no number in a field says.
    written = [('scripted:yes@system="a*3, b"', 2), ("scripted:no*1", 1), ("tiny:sums", 1)]
    assert _members(shown) == written
    assert (shown.pool_name.value, shown.judge.value) == ("mine", "scripted:no")
    assert "there already" not in shown.status.value
    shown.rows.children[2].remove.click()
    shown.rows.children[0].samples.value = 4
    shown.judge.value = ""
    shown.save_button.click()
    wanted = SavedPool(('scripted:yes*4@system="a*3, b"', "scripted:no*1"))
    assert pools.saved() == {"mine": wanted}
    assert "Saved as mine. " in shown.status.value


def test_samples_that_are_typed_go_to_their_field() -> None:
    shown = _filled("mine", "scripted:yes*5@temperature=1")
    assert _members(shown)[0] == ("scripted:yes@temperature=1", 5)
    assert "scripted:yes*5@temperature=1" in shown.line.value


def test_rows_are_numbered_and_empty_ones_are_no_members() -> None:
    shown = _filled("mine", "scripted:yes", "scripted:no", "scripted:echo", "")
    shown.rows.children[1].remove.click()
    rows: list[Row] = list(shown.rows.children)
    assert [row.member.description for row in rows] == ["Member 1", "Member 2", "Member 3"]
    assert rows[1].remove.tooltip == "Remove member 2"
    assert _members(shown) == [("scripted:yes", 1), ("scripted:echo", 1), ("", 1)]
    shown.save_button.click()
    assert pools.saved()["mine"].members == ("scripted:yes", "scripted:echo")


@pytest.mark.parametrize(
    ("name", "member", "judge", "said"),
    [
        ("", "scripted:yes", "", "A pool cannot be called &#x27;&#x27;."),
        ("a:b", "scripted:yes", "", "Use letters, digits"),
        ("mine", "", "", "The pool has no members."),
        ("mine", "tiny:sms", "", "Did you mean tiny:sums?"),
        ("mine", "nothing", "", "There is no pool &#x27;nothing&#x27;."),
        ("mine", "<b>", "", "&#x27;&lt;b&gt;&#x27; is no member name."),
        ("mine", "scripted:yes", "scripted:on", "There is no script &#x27;on&#x27;."),
        ("mine", "tiny:sums@api_key=S3CRET", "", "A saved pool holds no keys"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    name: str, member: str, judge: str, said: str
) -> None:
    shown = _filled(name, member, judge=judge)
    shown.save_button.click()
    assert said in shown.status.value
    assert 'class="fz-error"' in shown.status.value
    assert "S3CRET" not in shown.status.value + shown.line.value
    assert (shown.pool_name.value, shown.judge.value) == (name, judge)
    assert _members(shown)[0] == (member, 1)
    assert pools.saved() == {}
    shown.pool_name.value, shown.judge.value = "right", ""
    shown.rows.children[0].member.value = "scripted:yes"
    assert "fz-error" not in shown.status.value
    shown.save_button.click()
    assert list(pools.saved()) == ["right"]


def test_samples_of_what_is_no_member_are_said_too() -> None:
    shown = _filled("mine", "nothing")
    shown.rows.children[0].samples.value = 3
    assert DRAFT in shown.line.value
    shown.save_button.click()
    assert "is no member name" in shown.status.value


def test_another_pool_of_the_name_is_not_replaced_unseen() -> None:
    pools.save("mine", "scripted:no,scripted:echo")
    shown = _filled("mine", "scripted:yes")
    notice = "mine is there already: saving replaces scripted:no, scripted:echo."
    assert notice in shown.status.value
    shown.pool_name.value = "other"
    assert notice not in shown.status.value
    shown.pool_name.value = "mine"
    shown.save_button.click()
    assert "Saved as mine, in the place of scripted:no, scripted:echo." in shown.status.value


def test_deleting_keeps_what_is_written() -> None:
    pools.save("mine", "scripted:no*2", "scripted:yes")
    shown = PoolForm("mine")
    shown.delete_button.click()
    assert pools.saved() == {}
    assert "Deleted mine. It stands here still" in shown.status.value
    assert shown.delete_button.disabled
    shown.save_button.click()
    assert pools.saved() == {"mine": SavedPool(("scripted:no*2",), "scripted:yes")}


def test_a_file_that_is_damaged_meanwhile_is_said(config_folder: Path) -> None:
    pools.save("mine", "scripted:no")
    shown = PoolForm("mine")
    (config_folder / "pools.json").write_text("{")
    for button in (shown.save_button, shown.delete_button):
        button.click()
        assert "The saved pools cannot be read from" in shown.status.value
    assert (config_folder / "pools.json").read_text() == "{"


def test_every_field_and_button_has_a_label() -> None:
    shown = PoolForm()
    row = shown.rows.children[0]
    buttons = (shown.add_button, shown.save_button, shown.delete_button, row.remove)
    for part in (shown.pool_name, shown.judge, row.member, row.samples, *buttons):
        assert part.description


def test_no_member_is_offered_that_could_be_markup(scripts: dict[str, Script]) -> None:
    scripts['"><img src=x onerror=alert(1)>'] = Script("hi")
    row = PoolForm().rows.children[0]
    assert "tiny:sums" in row.member.options
    assert not any(set(option) & set('<>"') for option in row.member.options)


def test_the_magic_shows_it_in_a_notebook() -> None:
    in_notebook = SimpleNamespace(kernel=object())
    assert isinstance(form("", in_notebook), PoolForm)
    pools.save("mine", "scripted:yes")
    assert form("mine", in_notebook).pool_name.value == "mine"
    with pytest.raises(UsageError, match=r"Did you mean mine\?"):
        form("mnie", in_notebook)
    with pytest.raises(UsageError, match="no name of a pool: 'a b'"):
        form("a b", in_notebook)
