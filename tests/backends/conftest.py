"""Every test of the backends begins and ends with no model loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fusion_magics.local import loaded, unload


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    unload()
    yield
    unload()
    assert loaded() == []
