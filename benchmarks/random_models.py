"""Models of real shape with random weights: true sizes, vocabulary and chat template, no sense.

    python benchmarks/random_models.py gguf qwen2.5-0.5b OUT.gguf --vocabularies FOLDER
    python benchmarks/random_models.py mlx llama-3.1-8b FOLDER --vocabularies FOLDER

FOLDER is ``vendor/llama.cpp/models`` in the source archive of llama-cpp-python (``pip download
--no-binary :all: --no-deps llama-cpp-python``), which has the vocabularies and chat templates of
real models. Mistral's vocabulary comes with the package mistral-common. Speed and memory are those
of the real model; a tensor is written as soon as it is drawn, so the memory this takes is small.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from _blocks import BLOCKS, blocks
from _vocabulary import Vocabulary

Q = gguf.GGMLQuantizationType
FILE_TYPES = {
    "Q4_0": (Q.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0),
    "Q8_0": (Q.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "Q4_K_M": (Q.Q4_K, gguf.LlamaFileType.MOSTLY_Q4_K_M),
}


@dataclass(frozen=True)
class Shape:
    """A dense transformer; the numbers are those of the model's own ``config.json``.

    ``window`` is the sliding window of all but every sixth layer (Gemma 3), 0 for none.
    """

    family: str
    vocabulary: str
    template: str
    layers: int
    width: int
    heads: int
    kv_heads: int
    inner: int
    context: int
    rope_base: float
    head: int
    tied: bool = False
    bias: bool = False
    head_norms: bool = False
    window: int = 0


_QWEN = {"bias": True, "rope_base": 1e6, "context": 32768, "family": "qwen2"}
_QWEN |= {"vocabulary": "qwen2", "template": "Qwen-Qwen2.5-7B-Instruct"}
_TEKKEN = {"family": "llama", "vocabulary": "tekken_240911", "layers": 40, "width": 5120}
_TEKKEN |= {"heads": 32, "kv_heads": 8, "head": 128}

SHAPES: dict[str, Shape] = {
    "qwen2.5-0.5b": Shape(
        layers=24, width=896, heads=14, kv_heads=2, head=64, inner=4864, tied=True, **_QWEN
    ),
    "qwen2.5-3b": Shape(
        layers=36, width=2048, heads=16, kv_heads=2, head=128, inner=11008, tied=True, **_QWEN
    ),
    "llama-3.1-8b": Shape(
        *("llama", "llama-bpe", "meta-llama-Llama-3.1-8B-Instruct"),
        *(32, 4096, 32, 8, 14336, 131072, 5e5, 128),
    ),
    "gemma-3-4b": Shape(
        *("gemma3", "gemma-4", "google-gemma-2-2b-it", 34, 2560, 8, 4, 10240, 131072, 1e6, 256),
        **{"tied": True, "head_norms": True, "window": 1024},
    ),
    "mistral-nemo-12b": Shape(
        template="mistralai-Mistral-Nemo-Instruct-2407",
        inner=14336,
        context=131072,
        rope_base=1e6,
        **_TEKKEN,
    ),
    "mistral-small-24b": Shape(
        template="Mistral-Small-3.2-24B-Instruct-2506",
        inner=32768,
        context=32768,
        rope_base=1e8,
        **_TEKKEN,
    ),
}

Tensor = tuple[str, tuple[int, ...]]


def tensors(shape: Shape, tokens: int) -> Iterator[Tensor]:
    """Name (as in a GGUF) and shape of each tensor; vectors are norms and biases."""
    yield "token_embd.weight", (tokens, shape.width)
    yield "output_norm.weight", (shape.width,)
    if not shape.tied:
        yield "output.weight", (tokens, shape.width)
    for layer in range(shape.layers):
        for part, size in _parts(shape):
            yield f"blk.{layer}.{part}", size


def _parts(shape: Shape) -> Iterator[Tensor]:
    d, f = shape.width, shape.inner
    rows = {"q": shape.heads * shape.head, "k": shape.kv_heads * shape.head}
    rows["v"] = rows["k"]
    for name, count in rows.items():
        yield f"attn_{name}.weight", (count, d)
        if shape.bias:
            yield f"attn_{name}.bias", (count,)
    yield "attn_output.weight", (d, rows["q"])
    yield "ffn_gate.weight", (f, d)
    yield "ffn_up.weight", (f, d)
    yield "ffn_down.weight", (d, f)
    norms = ["attn_norm", "ffn_norm"]
    norms += ["post_attention_norm", "post_ffw_norm"] if shape.family == "gemma3" else []
    for name in norms:
        yield f"{name}.weight", (d,)
    for name in ("attn_q_norm", "attn_k_norm") if shape.head_norms else ():
        yield f"{name}.weight", (shape.head,)


# ── GGUF ─────────────────────────────────────────────────────────────────────────────────────


def write_gguf(
    path: Path, shape: Shape, vocabularies: Path, quantisation: str = "Q4_0", seed: int = 0
) -> Path:
    """A GGUF of ``shape`` with random weights.

    Parameters
    ----------
    vocabularies : Path
        llama.cpp's folder ``models``.
    quantisation : str
        A key of :data:`FILE_TYPES`: which tensor gets which type is llama-quantize's rule.
    """
    rng = np.random.Generator(np.random.SFC64(seed))
    vocabulary = Vocabulary.of(shape.vocabulary, shape.template, vocabularies)
    writer = gguf.GGUFWriter(path, shape.family)
    _describe(writer, shape, quantisation)
    vocabulary.describe(writer)
    made = [(n, s, _type(n, s, shape, quantisation)) for n, s in tensors(shape, len(vocabulary))]
    for name, size, kind in made:
        rows = gguf.quant_shape_to_byte_shape(size, kind) if kind in BLOCKS else size
        dtype = np.dtype(np.uint8 if kind in BLOCKS else np.float32)
        nbytes = int(np.prod(rows)) * dtype.itemsize
        writer.add_tensor_info(name, rows, dtype, nbytes, kind if kind in BLOCKS else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name, size, kind in made:
        writer.write_tensor_data(_drawn(rng, name, size, kind))
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, shape: Shape, quantisation: str) -> None:
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.head)
    if shape.window:
        writer.add_sliding_window(shape.window)
    writer.add_file_type(FILE_TYPES[quantisation][1])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _type(name: str, size: tuple[int, ...], shape: Shape, quantisation: str) -> Q:
    """As llama-quantize chooses: more bits for the last matrix and, in a "K_M", for some others."""
    if len(size) == 1:
        return Q.F32
    kind = FILE_TYPES[quantisation][0]
    last = "token_embd.weight" if shape.tied else "output.weight"
    if kind != Q.Q8_0 and name == last:
        kind = Q.Q6_K
    elif kind == Q.Q4_K and ("attn_v" in name or "ffn_down" in name):
        kind = Q.Q6_K if _more_bits(int(name.split(".")[1]), shape.layers) else kind
    if size[-1] % gguf.GGML_QUANT_SIZES[kind][0]:
        kind = {Q.Q4_K: Q.Q5_0, Q.Q6_K: Q.Q8_0}[kind]
    return kind


def _more_bits(layer: int, layers: int) -> bool:
    edge = layers // 8
    return layer < edge or layer >= 7 * layers // 8 or (layer - edge) % 3 == 2


def _drawn(rng: np.random.Generator, name: str, size: tuple[int, ...], kind: Q) -> np.ndarray:
    if kind in BLOCKS:
        count = int(np.prod(size)) // gguf.GGML_QUANT_SIZES[kind][0]
        return blocks(rng, kind, count)
    return np.full(size, 0.0 if name.endswith("bias") else 1.0, np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("form", choices=("gguf", "mlx"))
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vocabularies", type=Path, required=True)
    parser.add_argument("--quantisation", choices=FILE_TYPES, default="Q4_0")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    shape = SHAPES[asked.shape]
    if asked.form == "mlx":
        from _mlx_folder import write_mlx

        made = write_mlx(asked.out, shape, asked.vocabularies, asked.seed)
    else:
        made = write_gguf(asked.out, shape, asked.vocabularies, asked.quantisation, asked.seed)
    print(made)


if __name__ == "__main__":
    main()
