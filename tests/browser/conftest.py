"""A real JupyterLab in a headless Chromium, for every browser test.

``open_notebook(name, cells)`` writes a notebook and gives its :class:`~lab.NotebookPage`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

sys.path.append(str(Path(__file__).parent))
from lab import Lab, NotebookPage, opened, running_chromium, running_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, started once."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


# Module-scoped: playwright's synchronous API keeps an event loop in this thread, and while it
# does, no other test can call asyncio.run().
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, headless."""
    with running_chromium() as browser:
        yield browser


OpenNotebook = Callable[..., NotebookPage]


@pytest.fixture
def open_notebook(lab: Lab, chromium: Any) -> Iterator[OpenNotebook]:
    """``open_notebook(name, cells)``: a new notebook, its kernel idle.

    ``cells`` are sources of code cells, or whole cells; ``width`` and ``height`` are the window's.
    """
    pages: list[Any] = []

    def open_one(
        name: str,
        cells: Sequence[str | nbformat.NotebookNode],
        width: int = 1200,
        height: int = 900,
    ) -> NotebookPage:
        notebook = opened(lab, chromium, name, cells, width, height)
        pages.append(notebook.page)
        return notebook

    yield open_one
    for page in pages:
        page.close(run_before_unload=False)
