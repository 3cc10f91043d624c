"""What `scaling.py` says of known growth, and its picture."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def module() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        import scaling

        yield scaling
        sys.modules.pop("scaling", None)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_a_power_is_found(module: ModuleType, power: float) -> None:
    off = (0.99, 1.01, 1.0, 1.01, 0.99)
    sizes = zip((1, 2, 4, 8, 16), off, strict=True)
    slope, low, high = module.exponent({n: n**power * f for n, f in sizes})
    assert low < power < high
    assert slope == pytest.approx(power, abs=0.01)
    assert high - low < 0.1


def test_the_table_compares_with_half_as_much(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    module.report("samples", {1: 1.0, 2: 1.5, 4: 2.4})
    said = capsys.readouterr().out
    assert "| 1 | 1.00 s | – |" in said
    assert "| 2 | 1.50 s | 1.50 |" in said
    assert "4 take 0.60 of linear" in said


def test_the_picture(module: ModuleType, tmp_path: Path) -> None:
    times = {1: 1.0, 2: 1.5, 4: 2.0}
    module.plot(tmp_path / "two.png", {"samples": times, "tokens": times})
    assert (tmp_path / "two.png").read_bytes().startswith(b"\x89PNG")
