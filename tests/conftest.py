"""Fixtures that every room uses."""

from __future__ import annotations

from collections.abc import Iterator

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
