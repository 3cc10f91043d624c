"""Real models for the tests of the local engines; every test begins and ends with none loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asking import STORIES, llama
from random_models import Shape, write_folder, write_gguf

from fusion_magics.local import LocalModel, Spec, loaded, unload

STEADY = Shape(width=256, layers=4, inner=768, context=4096, ends=False)
SLOW = Shape(width=512, layers=8, heads=8, inner=2048, context=4096, ends=False)

Build = Callable[..., LocalModel]


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    unload()
    yield
    unload()
    assert loaded() == []


@pytest.fixture
def stories() -> LocalModel:
    """A real pretrained model, 260 thousand parameters, without a chat template."""
    return llama(STORIES)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Shape, str], Path]:
    """Writes a random model in a form (``gguf`` or ``folder``), once for the whole session."""
    folder = tmp_path_factory.mktemp("models")
    made: dict[tuple[Shape, str], Path] = {}

    def build(shape: Shape, form: str) -> Path:
        if (shape, form) not in made:
            write = write_gguf if form == "gguf" else write_folder
            made[shape, form] = write(folder / f"{len(made)}.{form}", shape)
        return made[shape, form]

    return build


@pytest.fixture
def chatty(built: Callable[[Shape, str], Path]) -> LocalModel:
    """Random weights with a chat template; never ends its text by itself."""
    return llama(built(Shape(ends=False), "gguf"))


@pytest.fixture
def steady(built: Callable[[Shape, str], Path]) -> LocalModel:
    """4 million random weights: loads at once, writes for seconds."""
    return llama(built(STEADY, "gguf"))


@pytest.fixture
def slow(built: Callable[[Shape, str], Path]) -> LocalModel:
    """34 million random weights: reading 4,000 tokens takes seconds."""
    return llama(built(SLOW, "gguf"))


@pytest.fixture
def mlx_chatty(built: Callable[[Shape, str], Path]) -> LocalModel:
    """As ``chatty``, the same weights, for MLX."""
    return LocalModel("mlx:chatty", Spec("mlx", str(built(Shape(ends=False), "folder"))))


@pytest.fixture
def mlx_steady(built: Callable[[Shape, str], Path]) -> LocalModel:
    """As ``steady``, the same weights, for MLX: on its CPU build reading takes seconds too."""
    return LocalModel("mlx:steady", Spec("mlx", str(built(STEADY, "folder"))))
