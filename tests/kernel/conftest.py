"""One kernel for all tests here: each leaves it able to run the next cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel


@pytest.fixture(scope="session")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders of its own for all that IPython and Jupyter write."""
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            (home / name).mkdir()
            patch.setenv(name, str(home / name))
        yield home


@pytest.fixture(scope="session")
def shared_kernel(isolated: Path) -> Iterator[Kernel]:
    """A kernel that many tests share."""
    kernel = Kernel()
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(shared_kernel: Kernel) -> Iterator[Kernel]:
    """The shared kernel, proven to be able to run a cell afterwards."""
    yield shared_kernel
    assert shared_kernel.run("6 * 7").value == "42"


@pytest.fixture
def fresh_kernel(isolated: Path) -> Iterator[Kernel]:
    """A kernel of the test's own, in which nothing is patched yet."""
    kernel = Kernel()
    yield kernel
    kernel.close()
