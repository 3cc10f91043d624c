"""``%fuse_pool`` by text, and pools by name in ``%fuse``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics import UsageError, pools
from fusion_magics.magics.pools import code, form, read
from fusion_magics.members import split_name
from fusion_magics.pools import SavedPool

Run = Callable[[str], str]


def test_saving_showing_listing_and_deleting(run: Run) -> None:
    assert run("%fuse_pool") == (
        "No pool is saved yet. Save one: %fuse_pool save NAME MEMBER,MEMBER [-j JUDGE]\n"
    )
    assert run("%fuse_pool save mine scripted:yes,scripted:no*2 -j scripted:echo") == (
        "Saved mine: scripted:yes, scripted:no*2 (judge: scripted:echo).\n"
    )
    assert run('%fuse_pool save the-other scripted:yes@system="Be brief, please."') == (
        'Saved the-other: scripted:yes@system="Be brief, please.".\n'
    )
    table = [
        "pool       judge          members",
        "mine       scripted:echo  scripted:yes, scripted:no*2",
        'the-other                 scripted:yes@system="Be brief, please."',
    ]
    assert run("%fuse_pool list").splitlines() == run("%fuse_pool").splitlines() == table
    assert run("%fuse_pool show mine").splitlines() == [
        "mine, judge: scripted:echo",
        "  scripted:yes",
        "  scripted:no*2",
        "%fuse_pool save mine scripted:yes,scripted:no*2 -j scripted:echo",
    ]
    assert "no judge of its own" in run("%fuse_pool show the-other")
    assert run("%fuse_pool delete mine") == (
        "Deleted mine: scripted:yes, scripted:no*2 (judge: scripted:echo).\n"
    )
    assert list(pools.saved()) == ["the-other"]


def test_replacing_says_what_it_replaced(run: Run) -> None:
    run("%fuse_pool save mine scripted:yes -j scripted:echo")
    assert run("%fuse_pool save mine scripted:no") == (
        "Saved mine: scripted:no. It was: scripted:yes (judge: scripted:echo).\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "mine scripted:yes,scripted:no -j scripted:echo",
        "mine -j scripted:echo scripted:yes,scripted:no",
        "--judge=scripted:echo mine scripted:yes,scripted:no",
        "mine scripted:yes, scripted:no -j scripted:echo",
        "mine scripted:yes scripted:no --judge scripted:echo",
        'mine "scripted:yes, scripted:no" -j "scripted:echo"',
    ],
)
def test_the_line_may_be_written_in_many_ways(run: Run, line: str) -> None:
    run(f"%fuse_pool save {line}")
    assert pools.saved() == {"mine": SavedPool(("scripted:yes", "scripted:no"), "scripted:echo")}


def test_nothing_is_filled_in(run: Run, shell: InteractiveShell) -> None:
    shell.user_ns["x"] = "no"
    run('%fuse_pool save mine scripted:yes@system="{x} $x {{x}} {{1 + 1}}"')
    assert pools.saved()["mine"].members == ('scripted:yes@system="{x} $x {{x}} {{1 + 1}}"',)


MISTAKES = [
    ("sav x", "%fuse_pool cannot 'sav'.", "Did you mean save? There is: list, save, show, delete"),
    ("mine", "%fuse_pool cannot 'mine'.", "Did you mean show mine? "),
    ("list all", "%fuse_pool list stands alone, without 'all'.", "Write: %fuse_pool"),
    ("show", "%fuse_pool show has no name behind it.", "%fuse_pool show NAME. Saved: mine"),
    ("show a b", "%fuse_pool show has no name of a pool: 'a b'.", "Saved: mine"),
    ("show mnie", "There is no pool 'mnie'.", "Did you mean mine? Saved: mine"),
    ("delete mnie", "There is no pool 'mnie'.", "Did you mean mine? Saved: mine"),
    ("save", "%fuse_pool save has no name and no members.", "Write: %fuse_pool save NAME MEMBER"),
    ("save new", "%fuse_pool save has no members.", "Write: %fuse_pool save NAME MEMBER"),
    ("save a:b scripted:yes", "A pool cannot be called 'a:b'.", "Use letters, digits"),
    ("save new scriptd:yes", "There is no engine 'scriptd'", "Did you mean scripted:yes?"),
    ("save new scripted:yse", "There is no script 'yse'.", "Did you mean scripted:yes?"),
    ("save new mnie", "There is no pool 'mnie'.", "Did you mean mine?"),
    ("save new scripted:yes -j", "--judge has no value.", "--judge VALUE"),
    ("save new scripted:yes -j scripted:ehco", "There is no script 'ehco'", "scripted:echo?"),
    ("save new scripted:yes --juge x", "There is no option --juge.", "Did you mean --judge?"),
    ("save new scripted:yes --help", "--help is no option of a magic.", "Write: %fuse_pool?"),
    ('save new "scripted:yes', 'The quote " behind save is never closed.', "Close it."),
    ("save new tiny:sums@api_key=S3CRET", "A saved pool holds no keys", "Leave @api_key out"),
]


@pytest.mark.parametrize(("line", "message", "hint"), MISTAKES, ids=[m[0] for m in MISTAKES])
def test_mistakes(run: Run, line: str, message: str, hint: str) -> None:
    pools.save("mine", "scripted:yes")
    printed = run(f"%fuse_pool {line}")
    said, cure = printed.split("\n", 1)
    assert said.startswith(f"UsageError: {message}")
    assert hint in cure
    assert len(printed.splitlines()) == 2
    assert list(pools.saved()) == ["mine"]


def test_help(shell: InteractiveShell) -> None:
    found = shell.object_inspect("%fuse_pool")
    assert "%fuse_pool edit [NAME]" in found["docstring"]


def test_a_file_of_someone_elses_is_printed_without_its_escapes(run: Run, config_folder) -> None:  # type: ignore[no-untyped-def]
    config_folder.mkdir()
    text = '{"mine": {"members": ["scripted:\\u001b[31myes"]}}'
    (config_folder / "pools.json").write_text(text)
    for command in ("", "show mine", "delete mine"):
        assert "\x1b" not in run(f"%fuse_pool {command}")


# ── the line that saves ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("members", "line"),
    [
        (["tiny:sums"], "%fuse_pool save mine tiny:sums -j tiny:judge"),
        (["llamacpp:a b.gguf*2"], '%fuse_pool save mine llamacpp:"a b.gguf"*2 -j tiny:judge'),
        (["llamacpp:a,b.gguf"], '%fuse_pool save mine llamacpp:"a,b.gguf" -j tiny:judge'),
        (
            ["tiny:sums@system=Be brief"],
            '%fuse_pool save mine tiny:"sums"@system="Be brief" -j tiny:judge',
        ),
        (
            ['tiny:sums@system="a\nb"'],
            "fusion_magics.pools.save('mine', ['tiny:sums@system=\"a\\nb\"'], judge='tiny:judge')",
        ),
    ],
)
def test_a_pool_as_a_line(members: list[str], line: str) -> None:
    assert code("mine", SavedPool(tuple(members), "tiny:judge")) == line


_MEMBER = st.builds(
    "{}:{}{}".format,
    st.sampled_from(["tiny", "llamacpp"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    st.sampled_from(["", "*2", "@seed=1", '@system="a, b"', "@system=a b"]),
)


@given(st.lists(_MEMBER, min_size=1, max_size=3))
def test_any_pool_reads_back_from_its_line(members: list[str]) -> None:
    try:
        wanted = [split_name(member) for member in members]
    except UsageError:
        return
    line = code("mine", SavedPool(tuple(members)))
    if line.startswith("%"):
        name, text, judge = read(line.removeprefix("%fuse_pool save "))
        from fusion_magics.members import split_names

        assert [split_name(member) for member in split_names(text)] == wanted
        assert (name, judge) == ("mine", None)
    else:
        assert repr(members) in line


# ── in %fuse ─────────────────────────────────────────────────────────────────────────────────


def test_fuse_asks_a_saved_pool(run: Run, shell: InteractiveShell) -> None:
    pools.save("mine", "scripted:yes,scripted:no")
    run("%fuse -p mine,scripted:echo --out f hi")
    assert shell.user_ns["f"].pool == ("scripted:yes", "scripted:no", "scripted:echo")
    run('%config FuseMagics.pool = "mine"')
    run("%fuse --out g hi")
    assert shell.user_ns["g"].pool == ("scripted:yes", "scripted:no")
    assert run("%fuse -p mnie hi").startswith(
        "UsageError: There is no pool 'mnie'.\nDid you mean mine? Saved: mine."
    )


def _judges(run: Run, shell: InteractiveShell, line: str) -> tuple[str, ...]:
    run(f"plan = %fuse -m best-of --dry-run {line} hi")
    return shell.user_ns.pop("plan").judges  # type: ignore[no-any-return]


def test_whose_judge(run: Run, shell: InteractiveShell) -> None:
    pools.save("mine", "scripted:yes", judge="scripted:no")
    magics: Any = shell.magics_manager.registry["FuseMagics"]
    magics.judge = ""
    assert _judges(run, shell, "-p mine") == ("scripted:no",)
    assert _judges(run, shell, "-p mine -j scripted:echo") == ("scripted:echo",)
    magics.pool = "mine"
    assert _judges(run, shell, "") == ("scripted:no",)
    magics.judge = "scripted:yes"  # what is written in a cell goes before the defaults
    assert _judges(run, shell, "") == ("scripted:yes",)
    assert _judges(run, shell, "-p mine") == ("scripted:no",)
    assert _judges(run, shell, "-p scripted:echo") == ("scripted:yes",)


def test_a_jury_saved_with_a_pool_takes_the_place_of_a_configured_protocol(
    run: Run, shell: InteractiveShell
) -> None:
    pools.save("court", "scripted:yes", judge="scripted:yes,scripted:no")
    shell.magics_manager.registry["FuseMagics"].protocol = "pairwise"
    assert _judges(run, shell, "-p court") == ("scripted:yes", "scripted:no")


# ── where there is no form ───────────────────────────────────────────────────────────────────


def test_a_terminal_is_shown_the_text_form(run: Run) -> None:
    printed = run("%fuse_pool edit")
    assert printed.startswith("UsageError: The form of %fuse_pool needs a notebook.\nWrite: %fuse")


def test_without_ipywidgets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fusion_magics.magics.pool_form", raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(UsageError, match="needs ipywidgets") as error:
        form("", SimpleNamespace(kernel=object()))
    assert "pip install ipywidgets" in error.value.hint
    assert "%fuse_pool save NAME" in error.value.hint
