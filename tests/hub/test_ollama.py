"""Ollama's store, read as it lies there."""

from __future__ import annotations

from pathlib import Path

import pytest
from ollama_store import put

from fusion_magics.hub import ollama


@pytest.fixture
def store(no_models: Path) -> Path:
    return no_models / "ollama"


def test_models_by_the_names_they_have_there(store: Path) -> None:
    own = put(store, "registry.ollama.ai/library/llama3.2/3b")
    hub = put(store, "hf.co/org/repo-GGUF/Q8_0", b"GGUF 2")
    assert sorted(ollama.stored()) == [
        ("hf.co/org/repo-GGUF:Q8_0", hub, "Q4_K_M"),
        ("llama3.2:3b", own, "Q4_K_M"),
    ]
    assert ollama.find("llama3.2:3b") == own
    assert ollama.find("llama3.2") is None


def test_a_name_without_a_tag_is_the_latest(store: Path) -> None:
    assert put(store, "registry.ollama.ai/library/phi4/latest") == ollama.find("phi4")


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": None},
        {"layers": [3, {"mediaType": "application/vnd.ollama.image.model"}]},
        {
            "layers": [
                {
                    "mediaType": "application/vnd.ollama.image.model",
                    "digest": "sha256:x/../../../secret",
                }
            ]
        },
    ],
)
def test_a_manifest_that_leads_nowhere_is_passed_over(
    store: Path, changes: dict[str, object]
) -> None:
    put(store, "registry.ollama.ai/library/bad/latest", **changes)
    (store / "blobs" / "sha256-x").mkdir()
    (store.parent / "secret").write_bytes(b"GGUF")
    assert list(ollama.stored()) == []


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\udcff"])
def test_a_manifest_that_is_none_is_passed_over(store: Path, text: str) -> None:
    good = put(store, "registry.ollama.ai/library/good/latest")
    (store / "manifests" / "bad").write_text(text, errors="surrogateescape")
    assert [model.path for model in ollama.stored()] == [good]


def test_a_machine_without_it(store: Path) -> None:
    assert list(ollama.stored()) == []
