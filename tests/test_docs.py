"""What the README says is what the code does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _between(mark: str) -> str:
    found = re.search(rf"<!-- {mark}.*?-->(.*)<!-- /{mark} -->", README, re.DOTALL)
    assert found, mark
    return found[1]


def test_ci_runs_the_readmes_test_command() -> None:
    (command,) = re.findall(r"# sets up and passes the tests.*\n(.+)\n", README)
    assert command in (ROOT / ".ci" / "run").read_text()


def test_the_table_of_options_is_the_parsers() -> None:
    from fusion_magics.magics.options import magic_parser

    rows = re.findall(r"^\| `(.+?)` \| (.+) \|$", _between("options"), re.MULTILINE)
    values = {None: " {}", "?": " [{}]", 0: ""}
    assert rows == [
        (", ".join(a.option_strings) + values[a.nargs].format(a.metavar), a.help)
        for a in magic_parser()._actions
    ]


def test_every_engine_is_in_the_readme() -> None:
    from fusion_magics.backends import BACKENDS

    for engine in BACKENDS:
        assert f"| `{engine}:" in README


async def test_the_python_blocks_run_one_after_the_other() -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    space: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        found = eval(compile(block, "README.md", "exec", flags), space)
        if found is not None:
            await found
    assert "615" in str(space["fusion"])
    assert "figure" in space


@pytest.mark.parametrize("block", re.findall(r"```\n(%%fuse.*?)```", README, re.DOTALL))
def test_the_cells_run(block: str) -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_line_magic('load_ext', 'fusion_magics')\n"
        f"shell.run_cell({block!r}).raise_error()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_relative_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
