"""``%fuse_models``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fusion_magics import local
from fusion_magics.tiny import NAMES

Run = Callable[[str], str]


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> list[local.Loaded]:
    """Two models that are said to be loaded; unloading takes them away."""
    there = [
        local.Loaded(name, local.Spec(engine="llamacpp", path=str(Path(name))), pid, 5 * 2**20)
        for name, pid in (("tiny:sums", 71), ("llamacpp:big.gguf", 72))
    ]

    def unload(spec: local.Spec | None = None) -> None:
        there[:] = [model for model in there if spec not in (None, model.spec)]

    monkeypatch.setattr(local, "loaded", lambda: list(there))
    monkeypatch.setattr(local, "unload", unload)
    return there


def test_it_lists_what_ships_and_what_is_loaded(run: Run, in_memory: list[local.Loaded]) -> None:
    rows = [line.split() for line in run("%fuse_models").splitlines()]
    assert ["tiny:sums", "loaded", "5", "MiB", "71"] in [row[:5] for row in rows]
    assert ["llamacpp:big.gguf", "loaded", "5", "MiB", "72"] in rows
    assert {row[0] for row in rows} >= {f"tiny:{name}" for name in NAMES}
    assert ["tiny:words", "on", "disk"] in [row[:3] for row in rows]


def test_unloading_one_and_all(run: Run, in_memory: list[local.Loaded]) -> None:
    assert run("%fuse_models unload tiny:sums") == "Unloaded tiny:sums: 5 MiB given back.\n"
    assert [model.name for model in in_memory] == ["llamacpp:big.gguf"]
    assert "llamacpp:big.gguf" in run("%fuse_models unload")
    assert in_memory == []
    assert run("%fuse_models unload") == "Nothing was loaded.\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("unload tiny:sum", "UsageError: tiny:sum is not loaded.\nDid you mean tiny:sums? "),
        ("drop", "UsageError: %fuse_models cannot 'drop'.\nWrite %fuse_models, or "),
        (
            "unlod tiny:sums",
            "UsageError: %fuse_models cannot 'unlod tiny:sums'.\nDid you mean unload?",
        ),
        ("unload a b", "UsageError: %fuse_models cannot 'unload a b'.\n"),
    ],
)
def test_mistakes(run: Run, in_memory: list[local.Loaded], line: str, message: str) -> None:
    assert run(f"%fuse_models {line}").startswith(message)
    assert len(in_memory) == 2
