"""``await`` before the calls at the top level of a cell, and nowhere else."""

from __future__ import annotations

import ast
import asyncio
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics.magics.awaiting import rewritten


def _compiles(source: str) -> bool:
    compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return True


LINE = "get_ipython().run_line_magic('fuse', 'hi')"
AWAITED = "await get_ipython()._fusion_magics.magics.awaited('hi')"


@pytest.mark.parametrize(
    "frame",
    [
        "{}\n",
        "x = {}\n",
        "x = y.z[0] = {}\n",
        "a = 1; x = {}; b = {}\n",
        "'größer 🙂'; x = {}\n",
        "if True:\n    {}\nelse:\n    x = {}\n",
        "for i in range(3):\n    with open('f') as f:\n        {}\n    print(i)\n",
        "try:\n    {}\nexcept E:\n    {}\nelse:\n    {}\nfinally:\n    {}\n",
        "match 1:\n    case 1:\n        x = {}\n",
        "while True:\n    x: int = {}\n    x += {}\n",
        "'''\n%fuse hi\n'''\n{}\n",
    ],
)
def test_at_the_top_level(frame: str) -> None:
    after = rewritten(frame.replace("{}", LINE))
    assert after == frame.replace("{}", AWAITED)
    assert _compiles(after)


@pytest.mark.parametrize(
    "source",
    [
        f"def f():\n    return {LINE}\n",
        f"def f():\n    {LINE}\n",
        f"async def f():\n    x = {LINE}\n",
        f"class A:\n    x = {LINE}\n",
        f"xs = [{LINE} for _ in 'ab']\n",
        f"f = lambda: {LINE}\n",
        "get_ipython().run_line_magic('fused', 'hi')\n",
        "get_ipython().run_line_magic('time', \"%fuse 'fuse'\")\n",
        "get_ipython().run_cell_magic('capture', '', \"%fuse 'fuse'\")\n",
        "other().run_line_magic('fuse', 'hi')\n",
        f"print({LINE}\n",
        "'fuse'\n",
    ],
)
def test_elsewhere_nothing_changes(source: str) -> None:
    assert rewritten(source) == source


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("get_ipython().run_line_magic('fuse', 'hi ;')", ";"),
        ("get_ipython().run_cell_magic('fuse', '', 'hi\\n;\\n')", ";"),
        ("x = get_ipython().run_line_magic('fuse', 'hi ;')", ""),
        ("get_ipython().run_line_magic('fuse', 'int i;')", ""),
    ],
)
def test_a_lone_semicolon_goes_behind_the_call(source: str, after: str) -> None:
    assert rewritten(source, can_await=False) == source + after
    awaited = re.sub(
        r"get_ipython\(\)\.run_\w+_magic\('fuse', ",
        "await get_ipython()._fusion_magics.magics.awaited(",
        source,
    )
    assert rewritten(source) == awaited + after


def _in_a_loop(shell: InteractiveShell, source: str) -> str:
    async def transform() -> str:
        return str(shell.transform_cell(source))

    return asyncio.run(transform())


CELL = "%%fuse -m vote\nhow?"


def test_in_a_running_loop_the_cell_is_rewritten(shell: InteractiveShell) -> None:
    runner = "await get_ipython()._fusion_magics.magics.awaited("
    assert _in_a_loop(shell, CELL).startswith(f"{runner}'-m vote', 'how?")
    assert _in_a_loop(shell, "x = %fuse how?") == f"x = {runner}'how?')\n"


def test_without_a_loop_it_steps_aside(shell: InteractiveShell) -> None:
    assert "await" not in shell.transform_cell(CELL)


def test_without_autoawait_it_steps_aside(shell: InteractiveShell) -> None:
    shell.autoawait = False
    assert "await" not in _in_a_loop(shell, CELL)


def test_in_another_loop_runner_it_steps_aside(shell: InteractiveShell) -> None:
    shell.loop_runner = "sync"
    assert "await" not in _in_a_loop(shell, CELL)


def test_below_a_running_cell_it_steps_aside(shell: InteractiveShell) -> None:
    shell.user_ns["seen"] = seen = []
    shell.user_ns["cell"] = CELL
    source = (
        "seen.append(get_ipython().transform_cell(cell))\nimport asyncio; await asyncio.sleep(0)"
    )

    async def run() -> None:
        await shell.run_cell_async(source, transformed_cell=shell.transform_cell(source))

    asyncio.run(run())
    assert len(seen) == 1
    assert "await" not in seen[0]


def test_below_a_synchronous_run_cell_it_steps_aside(shell: InteractiveShell) -> None:
    async def run() -> object:
        return shell.run_cell("%fuse -p scripted:echo how?").result

    assert str(asyncio.run(run())) == "how?"


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        ("%fuse How many r are in strawberry?", "How many r are in strawberry?"),
        ("x = %fuse How many?", "How many?"),
        ("if True:\n    %fuse Don't you?", "Don't you?"),
        ("a = 1\n%fuse What??\nb = 2", "What??"),
    ],
)
def test_a_question_may_end_in_a_question_mark(
    shell: InteractiveShell, source: str, prompt: str
) -> None:
    transformed = shell.transform_cell(source)
    assert f"run_line_magic('fuse', {prompt!r})" in transformed
    assert _compiles(transformed)


@pytest.mark.parametrize("source", ["%fuse?", "%fuse??", "%%fuse?", "len?", "x = 3 % fuse\n"])
def test_help_stays_help(
    shell: InteractiveShell, bare_shell: InteractiveShell, source: str
) -> None:
    with_extension = shell.transform_cell(source)
    shell.run_line_magic("unload_ext", "fusion_magics")
    assert with_extension == bare_shell.transform_cell(source)
