"""The models of this machine are found, whoever keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_imitation import STORIES
from ollama_store import put as put_ollama

from fusion_magics import models
from fusion_magics.backends import open_model
from fusion_magics.errors import UsageError
from fusion_magics.members import split_name

Put = Callable[..., Path]


@pytest.fixture
def own(no_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own models."""
    folder = no_models / "weights"
    folder.mkdir()
    monkeypatch.setenv("FUSION_MAGICS_MODELS", str(folder))
    return folder


def names() -> list[str]:
    return [model.name for model in models.found()]


def opened(name: str) -> str:
    engine, model, _, _ = split_name(name)
    return str(open_model(engine, model).spec.path)  # type: ignore[attr-defined]


def test_nothing_on_a_new_machine(no_models: Path) -> None:
    assert models.found() == []


def test_all_places(own: Path, no_models: Path, cached: Put) -> None:
    content = STORIES.read_bytes()
    for file in (own / "mine-Q6_K.gguf", no_models / ".lmstudio/models/org/lm/m-Q4_0.gguf"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    cached("org/repo", "m-Q8_0.gguf", content)
    put_ollama(no_models / "ollama", "registry.ollama.ai/library/tiny/latest", content)
    there = models.found()
    assert [(m.name, m.quantisation, m.place) for m in there] == [
        ("llamacpp:org/repo:Q8_0", "Q8_0", "hub"),
        ("llamacpp:org/lm:Q4_0", "Q4_0", "lmstudio"),
        ("llamacpp:ollama:tiny:latest", "Q4_K_M", "ollama"),
        ("llamacpp:~/weights/mine-Q6_K.gguf", "Q6_K", "folder"),
    ]
    for model in there:
        assert model.size == len(content)
        assert Path(opened(model.name)).read_bytes() == content


def test_what_the_catalogue_knows(cached: Put) -> None:
    cached("unsloth/phi-4-GGUF", "phi-4-Q4_K_M.gguf")
    cached("unsloth/phi-4-GGUF", "phi-4-Q8_0.gguf", b"GGUF 8")
    cached("unsloth/phi-4-GGUF", "phi-4-Q2_K.gguf", b"GGUF 2")
    there = {model.name: model for model in models.found()}
    assert list(there) == ["local:phi-4", "local:phi-4:Q8_0", "llamacpp:unsloth/phi-4-GGUF:Q2_K"]
    assert (there["local:phi-4"].context, there["local:phi-4"].licence) == (16384, "MIT")


def test_a_folder_of_mlx_models(own: Path) -> None:
    folder = own / "small"
    folder.mkdir()
    config = {"model_type": "llama", "quantization": {"bits": 4}, "max_position_embeddings": 2048}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"1234")
    (folder / "tokenizer.json").write_text("{}")
    (model,) = models.found()
    assert (model.name, model.quantisation, model.context) == ("mlx:~/weights/small", "4bit", 2048)
    assert opened(model.name) == str(folder)


def test_shards_are_one_model(own: Path) -> None:
    for number in (1, 2):
        (own / f"m-Q8_0-0000{number}-of-00002.gguf").write_bytes(STORIES.read_bytes())
    (model,) = models.found()
    assert model.size == 2 * STORIES.stat().st_size
    assert opened(model.name).endswith("00001-of-00002.gguf")
    with pytest.raises(UsageError, match="Name m-Q8_0-00001-of"):
        open_model("llamacpp", str(own / "m-Q8_0-00002-of-00002.gguf"))
    (own / "m-Q8_0-00002-of-00002.gguf").unlink()
    with pytest.raises(UsageError, match="is one of 2 files, and m-Q8_0-00002"):
        open_model("llamacpp", str(own / "m-Q8_0-00001-of-00002.gguf"))
    assert models.found() == []


def test_one_that_two_places_keep_is_listed_once(own: Path, cached: Put) -> None:
    link = cached("org/repo", "m-Q8_0.gguf")
    (own / "m-Q8_0.gguf").symlink_to(link)
    assert names() == ["llamacpp:org/repo:Q8_0"]


def test_other_models_of_the_cache_are_not_ours(cached: Put) -> None:
    cached("org/bert", "config.json", b'{"model_type": "bert"}')
    cached("org/bert", "model.safetensors", b"1")
    assert names() == []


def test_a_model_of_ollamas_that_is_not_there(no_models: Path) -> None:
    put_ollama(no_models / "ollama", "registry.ollama.ai/library/tiny/latest")
    with pytest.raises(UsageError, match="Did you mean llamacpp:ollama:tiny:latest"):
        open_model("llamacpp", "ollama:tiny:lates")


# ── taken away ───────────────────────────────────────────────────────────────────────────────


def test_one_is_removed_and_the_others_stay(cached: Put) -> None:
    old = cached("org/repo", "m-Q8_0.gguf", commit="1")
    new = cached("org/repo", "m-Q8_0.gguf", commit="2")
    other = cached("org/repo", "m-Q4_0.gguf", b"GGUF 4", commit="2")
    blob = new.resolve()
    assert models.remove("llamacpp:org/repo:Q8_0", yes=True).size == 8
    assert not any(path.exists() or path.is_symlink() for path in (old, new, blob))
    assert other.read_bytes() == b"GGUF 4"


def test_it_is_asked_first(cached: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cached("org/repo", "m-Q8_0.gguf")
    with pytest.raises(UsageError, match="--yes"):
        models.remove("llamacpp:org/repo:Q8_0")
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(UsageError, match="was not removed"):
        models.remove("llamacpp:org/repo:Q8_0")
    assert file.exists()


def test_what_others_keep_is_theirs(own: Path) -> None:
    (own / "m-Q8_0.gguf").write_bytes(b"GGUF")
    with pytest.raises(UsageError, match="No download of"):
        models.remove("llamacpp:~/weights/m-Q8_0.gguf", yes=True)


# ── room ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20GB", 20 * 10**9),
        ("500 mb", 5 * 10**8),
        ("0", 0),
        ("1.5G", 15 * 10**8),
        ("2TB", 2 * 10**12),
    ],
)
def test_an_amount_of_bytes(text: str, size: int) -> None:
    assert models.bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "5XB", "1e9", "٣GB", "nan"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(UsageError, match="20GB"):
        models.bytes_of(text)


def test_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusion_magics.models.room.free_memory", lambda: 12 * 2**30)
    assert models.fits(10 * 2**30)
    assert not models.fits(11 * 2**30)
