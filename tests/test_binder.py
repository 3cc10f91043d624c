"""Binder's files, checked by the tool that Binder runs, as far as that goes without Docker."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import nbformat
import psutil
from jupyter_client.manager import start_new_kernel
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LAB_AND_RESERVE = 600 * 2**20
"""JupyterLab's own server with an open notebook takes about 200 MB; the rest is reserve."""


def test_repo2docker_understands_the_folder() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--no-run", "--debug", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    recipe = done.stdout + done.stderr
    assert done.returncode == 0, recipe[-2000:]
    assert "python=3.12" in recipe
    for step in ("binder/requirements.txt", "binder/postBuild"):
        assert step in recipe


def test_what_notebooks_and_views_import_comes_with_what_binder_installs() -> None:
    (extras,) = re.findall(r'"\.\[(.+)\]"', (ROOT / "binder" / "postBuild").read_text())
    installed = _closure("fusion-magics", frozenset(extras.split(",")))
    sources = [path.read_text() for path in (ROOT / "fusion_magics" / "views").rglob("*.py")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        sources += [c.source for c in cells if c.cell_type == "code" and c.source[:1] != "%"]
    imported = set(_imports(sources)) - sys.stdlib_module_names - {"fusion_magics"}
    assert {"anywidget", "matplotlib", "nh3", "scipy"} <= imported
    found = packages_distributions()
    names = {module: {canonicalize_name(name) for name in found[module]} for module in imported}
    assert [module for module in imported if not names[module] & installed] == []


def _imports(sources: Iterable[str]) -> Iterator[str]:
    """The first part of each absolute import's name."""
    for source in sources:
        for node in ast.walk(compile(source, "", "exec", _NOTEBOOK)):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield str(node.module).partition(".")[0]


_NOTEBOOK = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _closure(name: str, extras: frozenset[str]) -> set[str]:
    """Every package that is installed with ``name[extras]``."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(name, extras)]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for needed in map(Requirement, _required(name, extras)):
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in extras or {""}):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return {name for name, _ in seen}


def _required(name: str, extras: frozenset[str]) -> Iterable[str]:
    if name != "fusion-magics":
        return requires(name) or ()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = (project["optional-dependencies"][extra] for extra in extras)
    return [line for lines in (project["dependencies"], *optional) for line in lines]


def test_everything_the_quickstart_loads_fits_into_two_gigabytes() -> None:
    """The kernel and all seven tiny models at once, each page counted where it is shared too."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        cells = (
            "%load_ext fusion_magics",
            "%fuse What is 2 + 2?",
            "%fuse -m vote -p tiny:a,tiny:b,tiny:c What is 2 + 2?",
            "import pandas",
        )
        for code in cells:
            reply = client.execute_interactive(code, output_hook=lambda _: None, timeout=300)
            assert reply["content"]["status"] == "ok", reply["content"]
        kernel = psutil.Process(manager.provisioner.pid)
        family = [kernel, *kernel.children(recursive=True)]
        assert len(family) == 8
        assert sum(p.memory_info().rss for p in family) + LAB_AND_RESERVE < 2 * 2**30
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
