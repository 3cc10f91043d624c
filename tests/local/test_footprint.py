"""What a model takes, by hand and in a real process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from asking import ask, child_pid, llama
from random_models import Shape

from fusion_magics.errors import LoadError
from fusion_magics.local import Spec, footprint
from fusion_magics.local.footprint import Measures, measures, needs, what_would_fit
from fusion_magics.local.machine import resident_memory

Build = Callable[[Shape, str], Path]
MIB = 1 << 20


def described(path: Path, arch: str, **values: int | list[int]) -> Spec:
    """A GGUF that says this of itself, with one small tensor."""
    writer = gguf.GGUFWriter(path, arch)
    for key, value in values.items():
        name = f"{arch}.{key.replace('__', '.')}"
        writer.add_array(name, value) if isinstance(value, list) else writer.add_uint32(name, value)
    for n in range(40):
        writer.add_tensor(f"blk.{n}.x", np.zeros(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Spec("llamacpp", str(path))


QWEN = {"block_count": 36, "embedding_length": 2048, "attention__head_count": 16}
CELLS: dict[str, tuple[str, dict[str, Any], int]] = {
    "one key per head": ("llama", QWEN, 36 * 2 * 2048 * 2),
    "shared heads": ("qwen2", QWEN | {"attention__head_count_kv": 2}, 36 * 2 * 256 * 2),
    "heads longer than the width": (
        "mistral3",
        QWEN
        | {
            "attention__head_count_kv": 8,
            "attention__key_length": 128,
            "attention__value_length": 128,
        },
        36 * 2 * 1024 * 2,
    ),
    "a window saves nothing": (
        "gemma3",
        QWEN | {"attention__head_count_kv": 2, "attention__sliding_window": 1024},
        36 * 2 * 256 * 2,
    ),
    "a latent vector is keys and values": (
        "deepseek2",
        QWEN
        | {
            "attention__head_count_kv": 1,
            "attention__key_length": 576,
            "attention__value_length": 512,
            "attention__key_length_mla": 192,
        },
        36 * 576 * 2,
    ),
    "layers without attention keep nothing": (
        "jamba",
        QWEN | {"attention__head_count_kv": [0, 0, 8, 0] * 9},
        9 * 2 * 1024 * 2,
    ),
    "a number from anybody": ("llama", QWEN | {"block_count": 2**31}, 40 * 2 * 2048 * 2),
}


@pytest.mark.parametrize(("arch", "values", "cell"), CELLS.values(), ids=CELLS)
def test_keys_and_values_of_a_token(
    tmp_path: Path, arch: str, values: dict[str, Any], cell: int
) -> None:
    assert measures(described(tmp_path / "m.gguf", arch, **values)).cell == cell


def test_a_recurrent_model_takes_the_same_for_any_length(tmp_path: Path) -> None:
    values = {"block_count": 4, "embedding_length": 64, "ssm__inner_size": 128}
    values |= {"ssm__state_size": 16, "ssm__conv_kernel": 4}
    found = measures(described(tmp_path / "m.gguf", "mamba", **values))
    assert found.cell == 0
    assert found.stream == 4 * 4 * (128 * 16 + 4 * 128)


async def test_a_real_child_takes_what_was_predicted(built: Build) -> None:
    """The benchmark of memory does it for real shapes, and with long contexts."""
    shape = Shape(width=1024, layers=8, heads=16, inner=4096, context=512, ends=False)
    model = llama(built(shape, "gguf"), parallel=1)
    need = needs(model.spec)
    assert need.weights > 200 * MIB
    await ask(model, "hello", max_tokens=20)
    assert resident_memory(child_pid(model)) == pytest.approx(need.peak, rel=0.1)


def config(folder: Path, **values: object) -> Spec:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(values))
    (folder / "model.safetensors").write_bytes(bytes(1000))
    measures.cache_clear()
    return Spec("mlx", str(folder))


def test_mlx_is_told_by_its_configuration(tmp_path: Path) -> None:
    text = {"num_hidden_layers": 24, "hidden_size": 896, "num_attention_heads": 14}
    text |= {"num_key_value_heads": 2, "max_position_embeddings": 32768}
    found = measures(config(tmp_path / "a", model_type="qwen2", **text))
    assert (found.weights, found.cell, found.trained) == (1000, 24 * 2 * 128 * 2, 32768)
    seeing = config(tmp_path / "b", model_type="mistral3", text_config=text)
    assert measures(seeing).cell == found.cell


def test_mlx_keeps_a_window_of_gemma_3(tmp_path: Path) -> None:
    gemma = {"num_hidden_layers": 12, "num_attention_heads": 8, "num_key_value_heads": 4}
    gemma |= {"head_dim": 256, "sliding_window": 1024, "sliding_window_pattern": 6}
    found = measures(config(tmp_path, model_type="gemma3_text", **gemma))
    each = 2 * 2 * 4 * 256
    assert (found.cell, found.windowed) == (2 * each, 10 * each)
    assert found.footprint(1, 4096).context == 2 * each * 4096 + 10 * each * 1024


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 10**5])
def test_a_faulty_configuration_is_one_clear_error(tmp_path: Path, text: str) -> None:
    spec = config(tmp_path)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(LoadError, match="no model configuration"):
        measures(spec)


@pytest.mark.parametrize("value", ["x", -5, 2**80, None, [], 1.5, True])
def test_odd_numbers_in_a_configuration_are_no_numbers(tmp_path: Path, value: object) -> None:
    spec = config(tmp_path, num_hidden_layers=value, num_attention_heads=value, quantization=value)
    assert needs(spec).context >= 0


ROOMY = Measures(
    weights=8000, parameters=8000, trained=0, cell=1, stream=0, scores=0, base=100, window=0
)


@pytest.mark.parametrize(
    ("room", "quantisation", "context"),
    [
        (12_196, "Q8", 3840),
        (12_195, "Q6", 3840),
        (8_356, "Q4", 256),
        (8_355, "Q4", None),
        (100, None, None),
    ],
)
def test_what_would_fit(room: int, quantisation: str | None, context: int | None) -> None:
    sizes = [("Q4", 4000), ("Q8", 8000), ("Q6", 6000)]
    fitting = what_would_fit(ROOMY, 4096, room, sizes)
    assert (fitting.quantisation, fitting.context) == (quantisation, context)


def test_usual_quantisations_are_in_order() -> None:
    sizes = [size for _, size in footprint.usual_quantisations("llamacpp", 8_030_000_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[3] / 2**30 == pytest.approx(4.58, abs=0.02), "Q4_K_M of Llama 3.1 8B"
