"""Every expected error comes with its cure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fusion_magics
from fusion_magics import errors

ROOT = Path(fusion_magics.__file__).parent
EXPECTED = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.FusionError)
} - {"NoAnswerError", "Cancelled"}  # its cures are its failures'; the user's own doing


def errors_without_a_cure(file: Path) -> list[str]:
    """Where an error is made without a hint, or with an empty one."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in EXPECTED:
            hints = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "hint")]
            if not hints or (isinstance(hints[0], ast.Constant) and not hints[0].value):
                found.append(f"{file.name}:{node.lineno}")
    return found


@pytest.mark.parametrize(
    "room", sorted({p.parent for p in ROOT.rglob("*.py")}), ids=lambda p: p.name
)
def test_every_error_names_its_cure(room: Path) -> None:
    assert [found for file in room.glob("*.py") for found in errors_without_a_cure(file)] == []
