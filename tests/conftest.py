"""Fixtures that every room uses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fusion_magics.backends.scripted import SCRIPTS, Script

# A busy machine is no reason to fail: how long one example takes says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def scripts() -> Iterator[dict[str, Script]]:
    """The table of scripted models; what a test adds is gone after it."""
    before = dict(SCRIPTS)
    yield SCRIPTS
    SCRIPTS.clear()
    SCRIPTS.update(before)


@pytest.fixture(scope="session", autouse=True)
def _no_user_is_touched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a kernel or a server that many tests share takes for the configuration folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSION_MAGICS_CONFIG", str(tmp_path_factory.mktemp("config")))
        for variable in ("HF_HOME", "OLLAMA_MODELS"):
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable)))
        for variable in ("HF_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "FUSION_MAGICS_MODELS"):
            patch.delenv(variable, raising=False)
        yield


@pytest.fixture(autouse=True)
def config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own configuration folder; it does not exist yet."""
    folder = tmp_path / "config"
    monkeypatch.setenv("FUSION_MAGICS_CONFIG", str(folder))
    return folder


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no tool has any models yet: its home folder."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_HOME", str(home / "huggingface"))
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "ollama"))
    return home


@pytest.fixture
def cached(no_models: Path) -> Callable[..., Path]:
    """Puts a file into the Hugging Face cache, as a download leaves it; returns where it is."""

    def put(repo: str, file: str, content: bytes = b"GGUF\x03\0\0\0", commit: str = "1") -> Path:
        folder = no_models / "huggingface" / "hub" / f"models--{repo.replace('/', '--')}"
        blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
        link = folder / "snapshots" / (40 * commit) / file
        for path in (blob, link, folder / "refs" / "main"):
            path.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        link.symlink_to(blob)
        (folder / "refs" / "main").write_text(40 * commit)
        return link

    return put
