"""Where models of the hub lie on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.hub import places
from fusion_magics.hub.names import HubName

Put = Callable[..., Path]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "~/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/hub"),
        ({"HF_HUB_CACHE": "/c", "HF_HOME": "/h"}, "/c"),
    ],
)
def test_the_cache_is_the_librarys(
    environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch, no_models: Path
) -> None:
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert places.cache_folder() == Path(folder).expanduser()


def test_a_gguf_in_the_cache(cached: Put) -> None:
    file = cached("org/repo", "m-Q4_K_M.gguf")
    other = cached("org/repo", "m-Q8_0.gguf", b"GGUF other")
    assert places.gguf(HubName("org/repo")) == file
    assert places.gguf(HubName("org/repo", "q8_0")) == other
    assert places.gguf(HubName("org/repo", "Q2_K")) is None
    assert places.gguf(HubName("org/other")) is None


def test_the_version_that_main_named_last_comes_first(cached: Put) -> None:
    old = cached("org/repo", "m-Q4_K_M.gguf", commit="1")
    new = cached("org/repo", "m-Q4_K_M.gguf", b"GGUF new", commit="2")
    assert places.gguf(HubName("org/repo")) == new
    new.unlink()  # the new version was never downloaded
    assert places.gguf(HubName("org/repo")) == old


def test_several_that_are_here_are_asked_about(cached: Put) -> None:
    for how in ("Q2_K", "Q3_K_M"):
        cached("org/repo", f"m-{how}.gguf", how.encode())
    with pytest.raises(UsageError, match="may be one of 2"):
        places.gguf(HubName("org/repo"))


def test_a_file_that_was_not_downloaded_to_its_end_is_not_there(cached: Put) -> None:
    cached("org/repo", "m-Q8_0-00001-of-00002.gguf")
    assert places.gguf(HubName("org/repo", "Q8_0")) is None
    link = cached("org/repo", "n-Q4_0.gguf", b"x")
    link.resolve().unlink()
    assert places.gguf(HubName("org/repo", "Q4_0")) is None


def test_lm_studios_folder(no_models: Path) -> None:
    file = no_models / ".lmstudio" / "models" / "org" / "repo" / "m-Q4_K_M.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GGUF")
    assert places.gguf(HubName("org/repo", "Q4_K_M")) == file


def test_an_mlx_model_is_whole_or_not_there(cached: Put) -> None:
    config = cached("org/m", "config.json", json.dumps({"model_type": "llama"}).encode())
    assert places.mlx("org/m") is None
    cached("org/m", "model-00001-of-00002.safetensors", b"1")
    assert places.mlx("org/m") is None
    cached("org/m", "model-00002-of-00002.safetensors", b"2")
    assert places.mlx("org/m") == config.parent
