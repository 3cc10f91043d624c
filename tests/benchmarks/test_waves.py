"""What `waves.py` sees of a pool, told by one that fits anywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from fusion_magics.types import Timing

FOLDER = Path(__file__).parents[2] / "benchmarks"
OURS = ("waves", "random_models", "_blocks", "_vocabulary")


@pytest.fixture(scope="module")
def module() -> Iterator[ModuleType]:
    """One of the folder's own modules is called like a module of other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        patch.delitem(sys.modules, "random_models", raising=False)
        import waves

        yield waves
        for name in OURS:
            patch.delitem(sys.modules, name, raising=False)


async def test_a_pool_that_fits_is_one_wave(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await module.run("tiny:sums,tiny:words")
    said = capsys.readouterr().out
    assert "waves: planned 1, models at once at most 2" in said
    assert "swapped pages: 0" in said
    assert "| tiny:sums | 0." in said


def test_the_second_wave_begins_when_the_first_has_ended(module: ModuleType) -> None:
    first, late, early = (Timing(0, loading=at, ended=at + 5) for at in (1.0, 6.0, 5.0))
    assert module.in_waves([first, late], 2)
    assert module.in_waves([late, first], 2)
    assert not module.in_waves([first, early], 2)
    assert module.in_waves([first, early], 1)
