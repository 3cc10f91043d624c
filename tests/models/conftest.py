"""A machine of its own, and the hub beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hub_imitation
import pytest
from hub_imitation import STORIES, TOKEN, Hub

from fusion_magics.hub import download


@pytest.fixture
def hub(no_models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(download, "WAIT", 0.01)
    with hub_imitation.running() as imitation:
        monkeypatch.setenv("HF_ENDPOINT", imitation.url)
        yield imitation


@pytest.fixture
def stories(hub: Hub) -> bytes:
    """The content of ``org/tiny-GGUF:Q8_0``."""
    content = STORIES.read_bytes()
    hub.add("org/tiny-GGUF", {"README.md": b"# Tiny", "stories-Q8_0.gguf": content})
    return content


@pytest.fixture(autouse=True)
def nothing_is_said_of_the_token(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    caplog.set_level("DEBUG")
    yield
    said = "".join(capfd.readouterr()) + caplog.text
    assert TOKEN not in said
