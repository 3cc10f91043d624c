"""Fixtures that every room uses."""

from __future__ import annotations

from collections.abc import Iterator
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
        yield


@pytest.fixture(autouse=True)
def config_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own configuration folder; it does not exist yet."""
    folder = tmp_path / "config"
    monkeypatch.setenv("FUSION_MAGICS_CONFIG", str(folder))
    return folder
