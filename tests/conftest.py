"""Fixtures that every room uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fusion_magics.backends.scripted import SCRIPTS, Script


@pytest.fixture
def scripts() -> Iterator[dict[str, Script]]:
    """The table of scripted models; what a test adds is gone after it."""
    before = dict(SCRIPTS)
    yield SCRIPTS
    SCRIPTS.clear()
    SCRIPTS.update(before)
