"""The house keeps its shape: imports point down only, and heavy things wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_imports_point_down_only() -> None:
    """The layers are drawn in pyproject.toml; import-linter reads every import."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_every_room_is_in_the_layers() -> None:
    layers = (ROOT / "pyproject.toml").read_text().split("[tool.importlinter]")[1]
    rooms = {
        p.stem
        for p in (ROOT / "fusion_magics").iterdir()
        if (p.suffix == ".py" or (p / "__init__.py").exists()) and p.stem != "__init__"
    }
    missing = {room for room in rooms if f"fusion_magics.{room}" not in layers}
    assert not missing


HEAVY = ("llama_cpp", "mlx", "mlx_lm", "transformers", "torch", "numpy", "pandas", "ipywidgets")


def test_the_kernel_loads_nothing_heavy_until_it_is_needed() -> None:
    code = (
        "import sys, fusion_magics.fusion, fusion_magics.magics.extension, fusion_magics.views, "
        "fusion_magics.local, fusion_magics.tiny\n"
        "from fusion_magics.members import open_pool\n"
        "from fusion_magics.types import SamplingParams\n"
        "open_pool('tiny:sums,tiny:judge', SamplingParams())\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
