"""Code that can be copied: how it is laid out, that it runs, and that nothing in it is hostile."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from fusions_by_hand import HOSTILE, LOST, SAMPLES, best_of, candidate, fusion
from modes_by_hand import SAMPLES as MODES

from fusion_magics import UsageError
from fusion_magics.fusion import Options
from fusion_magics.types import Fusion, Judgment, Message, Prompt, Verdict
from fusion_magics.views._words import rows
from fusion_magics.views.code import as_magic, as_python, call_code, table_code

LONG = "Say it in French, and say why it is so. " * 4


def asked(prompt: str | Prompt = "Why?", **options: Any) -> Fusion:
    whole = Prompt.of(prompt, options.get("system")) if isinstance(prompt, str) else prompt
    return replace(best_of(), prompt=whole, options=options)


# ── the cell and the call ────────────────────────────────────────────────────────────────────


def test_the_cell_is_as_short_as_a_person_would_write_it() -> None:
    fused = asked(
        "How many {r} are in it?\nAnd why;",
        pool=["tiny:sums", "tiny:words*3@temperature=0.5"],
        mode="merge",
        system="Be brief.",
        seed=3,
        early_stop=True,
        blind=True,
    )
    assert fused.code() == (
        "%%fuse -p tiny:sums,tiny:words*3@temperature=0.5 -m merge --early-stop "
        '--system "Be brief." --seed 3 --blind\n'
        "How many {r} are in it?\nAnd why;"
    )


def test_a_plain_question_has_no_options() -> None:
    assert asked().code() == "%%fuse\nWhy?"
    assert asked().code("python") == 'from fusion_magics import fuse\n\nfusion = await fuse("Why?")'


def test_what_a_cell_cannot_say_is_said_in_python() -> None:
    talk = Prompt((Message("user", "a"), Message("assistant", "b"), Message("user", "c")))
    for odd in (asked(talk), asked(rubric="a: b\nc: d"), asked(read={"function": "<lambda>"})):
        assert odd.code() == odd.code("python")


def test_a_function_of_the_notebook_is_named() -> None:
    named = asked(read={"function": "last"})
    assert as_magic(named) == "%%fuse --read last\nWhy?"
    assert "# last: your function" in as_python(named)
    assert "read=last)" in as_python(named)
    assert "read=read_answer)" in as_python(asked(read={"function": "<lambda>"}))


def test_there_are_two_kinds_of_code() -> None:
    with pytest.raises(UsageError, match=r"no code 'pyhton'\.\nDid you mean python\?"):
        asked().code("pyhton")


@pytest.mark.parametrize(
    "fused",
    [
        asked(),
        asked(pool=["tiny:sums", "tiny:words"], mode="merge"),
        asked(pool=["tiny:sums", "tiny:words"], mode="merge", rubric="general", seed=123456),
        asked(LONG),
        asked(LONG, pool=[f"llamacpp:model-{i}.gguf" for i in range(9)], system=LONG, seed=1),
        asked("one\ntwo\n" * 20, rubric=LONG.replace(". ", ".\n")),
        asked(Prompt((Message("user", "a"), Message("assistant", LONG), Message("user", "c")))),
        asked(Prompt((Message("user", "a"), Message("user", "c")))),
    ],
)
def test_python_is_laid_out_as_a_formatter_would(fused: Fusion) -> None:
    code = as_python(fused) + "\n"
    formatter = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=88", "-"]
    done = subprocess.run(formatter, input=code, capture_output=True, text=True, check=True)
    assert done.stdout == code


def test_a_word_without_an_end_is_cut() -> None:
    code = as_python(asked("\U000e0001" * 100 + "x" * 100_000))
    assert max(map(len, code.split("\n"))) <= 88


def test_every_option_has_its_flag() -> None:
    from fusion_magics.magics.options import magic_parser
    from fusion_magics.views.code import _FLAGS

    own = {"out", "view", "dry_run", "continue_"}
    parser = {a.dest: a.option_strings[0] for a in magic_parser()._actions if a.dest not in own}
    assert parser == _FLAGS
    assert set(_FLAGS) | {"continue_", "watch"} == set(Options.__annotations__)


ATTACK = "__import__('os').system('x')"


@pytest.mark.parametrize(
    "options",
    [
        {ATTACK: 1},
        {f"seed=1, x={ATTACK}, y": 1},
        {"read": {"function": ATTACK}},
        {"read": {"function": f"x\n{ATTACK}"}},
        {"seed": f"1\n{ATTACK}"},
        {"mode": "vote\n" + ATTACK},
        {"pool": [f"{{{{{ATTACK}}}}}", {ATTACK: ATTACK}]},
        {"system": f"{{{{{ATTACK}}}}}", "jury": [1, None], "blind": ATTACK},
    ],
)
def test_a_saved_fusion_puts_no_code_of_its_own_into_a_cell(options: dict[str, Any]) -> None:
    fused = Fusion.from_json(replace(asked(), options=options).to_json())
    tree = ast.parse(as_python(fused))
    called = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert called == ["fuse"]
    line = as_magic(fused).split("\n")[0] if as_magic(fused).startswith("%%") else ""
    assert "{{_" not in line


@pytest.mark.parametrize("attack", HOSTILE.values())
def test_code_hides_nothing(attack: str) -> None:
    fused = asked(attack, rubric=attack)
    for code in (as_magic(fused), as_python(fused)):
        code.encode()
        assert all(char.isprintable() or char in "\n\t" for char in code)


# ── the table ────────────────────────────────────────────────────────────────────────────────

EVERY = SAMPLES | MODES


def table(fused: Fusion, **how: Any) -> pd.DataFrame:
    """What the code for the table gives, run."""
    lines = ast.parse(table_code("fusion", **how)).body
    names: dict[str, Any] = {"fusion": fused}
    exec(compile(ast.Module(lines, []), "<cell>", "exec"), names)
    return names["table"]


@pytest.mark.parametrize("name", [name for name in EVERY if name != "megabyte"])
def test_the_rows_stand_as_in_the_view(name: str) -> None:
    fused = EVERY[name]()
    found = table(fused)
    shown = [row.candidate.text for row in rows(fused)]
    assert list(found["text"])[: len(shown)] == [
        t.encode("utf-8", "replace").decode() for t in shown
    ]
    assert len(found) == len(shown) + len(fused.failures)


MIXED = fusion(
    [
        candidate("tiny:b", "Answer: 1.5 (a)"),
        candidate("Tiny:a", "STRASSE"),
        candidate("tiny:c", "x"),
        candidate("tiny:d", "y"),
    ],
    Judgment(
        (
            Verdict(0, 3, 4.0, "poor"),
            Verdict(1, 1, 9.0, "Good"),
            Verdict(2, 1, 9.0, "good, too"),
            Verdict(3, 4, error="unreadable"),
        ),
        2,
        "pointwise",
        "j",
    ),
    (LOST,),
)


@pytest.mark.parametrize(
    ("how", "members"),
    [
        ({}, "cabd-"),
        ({"sort": "score"}, "bcad-"),
        ({"sort": "score", "ascending": False}, "cabd-"),
        ({"sort": "member"}, "-abcd"),
        ({"sort": "member", "ascending": False}, "dcba-"),
        ({"sort": "text"}, "b-acd"),
        ({"search": "GOOD"}, "ca"),
        ({"search": "tiny:A"}, "a"),
        ({"search": "1.5 (a"}, "b"),
        ({"search": "."}, "b-"),
        ({"search": "nothing has it"}, ""),
        ({"members": ["tiny:d", "tiny:b"]}, "bd"),
        ({"members": []}, ""),
        ({"sort": "rationale", "search": "o", "members": ["Tiny:a", "tiny:b", "tiny:c"]}, "acb"),
    ],
)
def test_sorting_and_searching_do_what_they_say(how: dict[str, Any], members: str) -> None:
    names = [
        member[-1] if member != LOST.member else "-" for member in table(MIXED, **how)["member"]
    ]
    assert "".join(names).lower() == members


@pytest.mark.parametrize("name", ["none_left", "best_of"])
def test_a_table_without_texts_can_be_searched(name: str) -> None:
    fused = best_of() if name == "best_of" else fusion([], None)
    assert table(fused, search="zzz", sort="rationale", members=["x"]).empty


@pytest.mark.parametrize("text", HOSTILE.values())
def test_a_search_is_text(text: str) -> None:
    code = table_code("fusion", search=text + "'\"", members=[text], sort=text)
    assert max(map(len, code.split("\n"))) <= 88
    called = {ast.unparse(n.func).split(".")[-1] for n in ast.walk(ast.parse(code))
              if isinstance(n, ast.Call)}  # fmt: skip
    assert called == {"to_frame", "sort_values", "isin", "astype", "apply", "contains", "any"}


def test_what_a_click_did_is_one_line() -> None:
    assert call_code("fusion", "cast_vote", "A") == 'fusion.cast_vote("A")'
    assert call_code("_", "diff", 'a"b', "c") == '_.diff(\'a"b\', "c")'
    for name in ("a b", "class", "x;y", "", "f()"):
        with pytest.raises(UsageError, match="is no name in Python"):
            call_code(name, "plot", "scores")
        with pytest.raises(UsageError, match="is no name in Python"):
            table_code(name)
