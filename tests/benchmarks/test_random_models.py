"""Models with random weights have the real sizes, load, and write tokens.

Some seconds each: they have a real vocabulary, of 150,000 tokens.
"""

from __future__ import annotations

import lzma
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fusion_magics.local import LocalModel, Spec, unload
from fusion_magics.types import Prompt, SamplingParams

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"
DATA = ROOT / "tests" / "data"
TEMPLATE = "qwen-2.5"


@pytest.fixture(scope="module", autouse=True)
def benchmarks() -> None:
    """The folder's own modules; one is called like a module of other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        patch.delitem(sys.modules, "random_models", raising=False)
        yield
        for name in ("random_models", "_blocks", "_vocabulary", "_mlx_folder"):
            patch.delitem(sys.modules, name, raising=False)


@pytest.fixture(scope="module")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As llama.cpp's folder ``models``."""
    folder = tmp_path_factory.mktemp("models")
    packed = (DATA / "vocabularies" / "qwen2.gguf.xz").read_bytes()
    (folder / "ggml-vocab-qwen2.gguf").write_bytes(lzma.decompress(packed))
    (folder / "templates").symlink_to(DATA / "templates")
    return folder


def small() -> object:
    import random_models

    shape = random_models.SHAPES["qwen2.5-0.5b"]
    return replace(shape, layers=1, width=256, heads=4, inner=512, template=TEMPLATE)


async def finish(spec: Spec) -> str:
    """Why the model ended, after it has read a chat and written a few tokens."""
    params = SamplingParams(max_tokens=4, logprobs=1)
    try:
        model = LocalModel("random", spec)
        *_, last = [delta async for delta in model.stream(Prompt.of("hello"), params)]
        assert last.finish is not None
        assert last.finish.usage.prompt_tokens > 20, "the template's own words"
        return last.finish.reason
    finally:
        unload()


@pytest.mark.parametrize("quantisation", ["Q4_0", "Q8_0", "Q4_K_M"])
async def test_a_gguf_loads_and_writes(
    vocabularies: Path, tmp_path: Path, quantisation: str
) -> None:
    import random_models

    path = tmp_path / "model.gguf"
    random_models.write_gguf(path, small(), vocabularies, quantisation)
    assert await finish(Spec("llamacpp", str(path))) == "length"


async def test_an_mlx_folder_loads_and_writes(vocabularies: Path, tmp_path: Path) -> None:
    import _mlx_folder

    folder = _mlx_folder.write_mlx(tmp_path / "model", small(), vocabularies)
    assert await finish(Spec("mlx", str(folder))) == "length"


@pytest.mark.parametrize(("quantisation", "size"), [("Q4_K_M", 4.58), ("Q8_0", 7.95)])
def test_sizes_are_those_of_the_real_files(quantisation: str, size: float) -> None:
    """GiB, from the table in llama.cpp's tools/quantize/README.md (Llama 3.1 8B)."""
    import gguf
    import numpy as np
    import random_models

    shape = random_models.SHAPES["llama-3.1-8b"]
    total = 0
    for tensor, sizes in random_models.tensors(shape, 128256):
        kind = random_models._type(tensor, sizes, shape, quantisation)
        vector = len(sizes) == 1
        bytes_of = (4 * sizes[0],) if vector else gguf.quant_shape_to_byte_shape(sizes, kind)
        total += int(np.prod(bytes_of))
    assert total / 2**30 == pytest.approx(size, abs=0.01)


def test_weights_are_centred_and_of_the_usual_width() -> None:
    import _blocks
    import gguf
    import numpy as np

    rng = np.random.default_rng(0)
    for kind in _blocks.BLOCKS:
        weights = gguf.dequantize(_blocks.blocks(rng, kind, 500), kind)
        assert abs(weights.mean()) < 0.0025, kind  # some types have no middle step
        assert weights.std() == pytest.approx(0.02, rel=0.05), kind
