"""Test folders share one name space: modules imported by name must not be called alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


def test_module_names_are_unique_and_nobody_imports_a_conftest() -> None:
    files = [p for p in Path(__file__).parent.rglob("*.py") if p.name != "conftest.py"]
    assert not [name for name, count in Counter(p.name for p in files).items() if count > 1]
    assert not [p for p in files if "from conftest " + "import" in p.read_text()]
