"""What a model takes of the machine's memory, told from its files before anything is loaded.

Weights are the tensors' own bytes. A token's keys and values are ``layers × heads × (length of a
key + of a value) × 2 bytes`` (Shazeer 2019, Ainslie et al. 2023 for shared heads); where a model
keeps less than that for some layers and the engine makes use of it, less is counted. What the
engines take beside that was measured: ``benchmarks/memory.py`` holds it against real processes.
"""

from __future__ import annotations

import json
import platform
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import LoadError
from . import gguf
from .engines.layout import PAGE, most_cells, pages, streams_of
from .machine import Place, llamacpp_device
from .wire import Spec

MAPPED = True
"""Whether llama.cpp maps the file. What it moves to another layout is resident twice then, but the
system can give the mapped half back."""

# Bytes that a child holds without a model, and for each token and each merge of its vocabulary;
# the second for each token is taken once an answer is held to a schema.
LLAMACPP = (64 << 20, 150, 480)
MLX = (96 << 20, 600, 480)
MLX_SCRATCH = 128 << 20  # of the 256 MiB of freed buffers that the engine lets MLX keep
STEP = {"cpu": 128, "metal": 512, "gpu": 512}  # tokens read at once, at most
# ggml's numbers of the types whose rows llama.cpp interleaves for its CPU kernels when it loads
# them (ggml-cpu/repack.cpp, of 2026): Q4_0, Q4_K, IQ4_NL, MXFP4; on Arm also Q8_0, Q5_K, Q6_K.
MOVED = {2, 12, 20, 39}
MOVED_ON_ARM = MOVED | {8, 13, 14}
UNQUANTISED = 1.9  # bytes a weight; see engines/llamacpp.py: such a model has one more stream

BITS = {"Q8_0": 8.50, "Q6_K": 6.56, "Q5_K_M": 5.70, "Q4_K_M": 4.89, "Q3_K_M": 4.00, "Q2_K": 3.16}
"""Bits a weight, from the table of llama.cpp's tools/quantize/README.md (Llama 3.1 8B)."""
MLX_BITS = {"8bit": 8.5, "6bit": 6.5, "4bit": 4.5, "3bit": 3.5}
"""``mlx_lm.convert`` with groups of 64: a scale and a bias of 16 bits for each."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of one loaded model.

    ``passing`` are pages of its file that are resident from the load on but never used again: the
    system takes them back when it needs them, so that nobody has to make room for them.
    """

    weights: int
    context: int
    buffers: int
    passing: int = 0

    @property
    def total(self) -> int:
        """What there must be room for."""
        return self.weights + self.context + self.buffers

    @property
    def peak(self) -> int:
        """What the process holds at most, where nobody else needs the memory."""
        return self.total + self.passing


@dataclass(frozen=True, slots=True)
class Measures:
    """What a model takes: in all, and for each token of its context. Bytes, if nothing else.

    Attributes
    ----------
    parameters : int
        Number of weights.
    trained : int
        Tokens of the longest context that it was trained for, 0 if its files do not say.
    cell, windowed : int
        Keys and values of a token: in the layers that look at all of them, and in those that keep
        no more than ``window`` tokens.
    stream : int
        What each stream takes whatever its length: a recurrent state, its logits.
    scores : int
        Of a step's attention, for each token that it looks at.
    base : int
        The process with its vocabulary, and a step's activations.
    spare : int
        Streams beside those of the calls.
    """

    weights: int
    parameters: int
    trained: int
    cell: int
    stream: int
    scores: int
    base: int
    passing: int = 0
    windowed: int = 0
    window: int = 0
    spare: int = 0
    place: Place = "memory"

    def footprint(self, streams: int, cells: int) -> Footprint:
        """With ``streams`` streams of ``cells`` cells each."""
        kept = self.cell * cells + self.windowed * min(cells, self.window)
        buffers = self.base + self.scores * cells + self.stream * streams
        return Footprint(self.weights, kept * streams, buffers, self.passing)


def needs(spec: Spec) -> Footprint:
    """The most that the child of ``spec`` will take.

    Raises
    ------
    LoadError
        If the header of its weights cannot be read.
    """
    found = measures(spec)
    context = context_of(spec, found)
    cell = found.cell + found.windowed
    streams = streams_of(context, spec.parallel, cell, found.spare)
    cells = most_cells(context, streams, cell, found.spare)
    # As many whole contexts as the cells come to; more and shorter streams take as much.
    whole = found.footprint(max(1, cells // pages(context)), pages(context))
    few = found.footprint(streams, cells // streams)
    return max(whole, few, key=lambda footprint: footprint.total)


def context_of(spec: Spec, found: Measures) -> int:
    """Tokens of the context that the child of ``spec`` gives each call."""
    return spec.context or min(found.trained or spec.most, spec.most)


@lru_cache(maxsize=64)
def measures(spec: Spec) -> Measures:
    """Those of the model of ``spec``; see :func:`needs`."""
    if spec.derive is not None:
        return _of_derived(Path(spec.path))
    return _OF[spec.engine](spec)


def _of_derived(path: Path) -> Measures:
    """The tiny models under MLX, which are small: their 16 bits a weight become 32."""
    size = 2 * path.stat().st_size
    return Measures(size, size // 4, 0, 0, 0, 0, MLX[0] + MLX_SCRATCH // 4)


# ── llama.cpp ────────────────────────────────────────────────────────────────────────────────


def _of_gguf(spec: Spec) -> Measures:
    header = gguf.header(Path(spec.path), spec.stamp)
    device = "cpu" if spec.gpu_layers == 0 else llamacpp_device()
    moved, doubled = _moved(header) if device == "cpu" else (0, 0)
    step, width = STEP[device], header.number(".embedding_length")
    layers = min(header.number(".block_count"), len(header.tensors))  # a number from anybody
    inner = max(header.per_layer(".feed_forward_length", layers), default=0)
    heads = max(header.per_layer(".attention.head_count", layers), default=0)
    tokens = header.lengths.get("tokenizer.ggml.tokens", 0)
    weights = sum(t.size for t in header.tensors) + doubled
    parameters = sum(_count(t.shape) for t in header.tensors)
    return Measures(
        weights=weights,
        parameters=parameters,
        trained=header.number(".context_length"),
        cell=_cell(header, layers, width // max(1, heads)),
        stream=_state(header, layers) + 8 * tokens,
        scores=4 * step * (heads + 1),
        base=_process(LLAMACPP, tokens, header) + 4 * step * (2 * inner + 4 * width),
        passing=moved + header.size if MAPPED else 0,
        spare=int(device == "cpu" and weights > UNQUANTISED * parameters),
        place="gpu" if device == "gpu" and spec.gpu_layers is None else "memory",
    )


def _process(engine: tuple[int, int, int], tokens: int, header: gguf.Header) -> int:
    base, each, by_schema = engine
    merges = header.lengths.get("tokenizer.ggml.merges", 0)
    return base + each * (tokens + merges) + by_schema * tokens


def _count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _moved(header: gguf.Header) -> tuple[int, int]:
    """Bytes of tensors that are moved to another layout, and of those kept in both.

    Rows of the embedding are looked up as they are; a model without a matrix of its own for the
    last step multiplies by the embedding, and has it twice.
    """
    kinds = MOVED_ON_ARM if platform.machine() in ("arm64", "aarch64") else MOVED
    moved = {
        t.name: t.size
        for t in header.tensors
        if t.kind in kinds and len(t.shape) > 1 and t.shape[1] % 8 == 0
    }
    embedding = moved.pop("token_embd.weight", 0)
    tied = all(t.name != "output.weight" for t in header.tensors)
    return sum(moved.values()), embedding if tied else 0


def _cell(header: gguf.Header, layers: int, usual: int) -> int:
    """Bytes of one token's keys and values, 16 bits each. Sliding windows save nothing: llama.cpp
    keeps all cells, so that a prompt can be cut back (its ``swa_full``)."""
    heads = header.per_layer(".attention.head_count", layers)
    shared = header.per_layer(".attention.head_count_kv", layers, max(heads, default=0))
    key = header.number(".attention.key_length", usual)
    value = header.number(".attention.value_length", usual)
    if header.number(".attention.key_length_mla"):
        value = 0  # one latent vector is both (DeepSeek-AI 2024, "multi-head latent attention")
    # Values lie across, so every layer has the length of the longest.
    rows = sum(shared) * key + sum(map(bool, shared)) * max(shared, default=0) * value
    return 2 * rows


def _state(header: gguf.Header, layers: int) -> int:
    """Bytes of one stream's recurrent state, 32 bits each, as if every layer had one."""
    inner, state = header.number(".ssm.inner_size"), header.number(".ssm.state_size")
    groups, kernel = header.number(".ssm.group_count"), header.number(".ssm.conv_kernel")
    width = header.number(".embedding_length")
    shifted = width * (2 + header.number(".wkv.head_size")) if _is_rwkv(header) else 0
    return 4 * layers * (inner * state + kernel * (inner + 2 * groups * state) + shifted)


def _is_rwkv(header: gguf.Header) -> bool:
    return header.number(".wkv.head_size") > 0


# ── MLX ──────────────────────────────────────────────────────────────────────────────────────


def _of_mlx(spec: Spec) -> Measures:
    folder = Path(spec.path)
    config = _config(folder)
    number = _Numbers(config)
    layers, heads = number("num_hidden_layers"), number("num_attention_heads")
    weights = sum(f.stat().st_size for f in folder.glob("*.safetensors"))
    width, tokens = number("hidden_size"), number("vocab_size")
    cell = _mlx_cell(number, heads, width)
    sliding = _sliding_layers(number, layers)
    step = STEP["metal"]
    base, each, by_schema = MLX
    return Measures(
        weights=weights,
        parameters=_parameters(config, weights),
        trained=number("max_position_embeddings"),
        cell=cell * (layers - sliding),
        windowed=cell * sliding,
        window=number("sliding_window"),
        stream=4 * layers * number("state_size") * number("intermediate_size") + 8 * tokens,
        scores=4 * step,
        base=base + (each + by_schema) * tokens + MLX_SCRATCH,
    )


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return config.get("text_config") or config  # type: ignore[no-any-return]
    except (OSError, ValueError, RecursionError, AttributeError) as exc:
        raise LoadError(
            f"{folder / 'config.json'} is no model configuration.", "Download the folder again."
        ) from exc


class _Numbers:
    """The whole numbers of a configuration; 0 for what is none."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def __call__(self, key: str, default: int = 0) -> int:
        value = self._config.get(key)
        return value if isinstance(value, int) and 0 <= value < 1 << 48 else default

    @property
    def kind(self) -> str:
        return str(self._config.get("model_type"))


def _mlx_cell(number: _Numbers, heads: int, width: int) -> int:
    """Bytes of one token's keys and values in one layer, 16 bits each."""
    if number("kv_lora_rank"):  # at most: mlx-lm keeps some models' latent vectors alone
        key = number("qk_nope_head_dim") + number("qk_rope_head_dim")
        return 2 * heads * (key + number("v_head_dim"))
    head = number("head_dim", width // max(1, heads))
    return 2 * 2 * number("num_key_value_heads", heads) * head


def _sliding_layers(number: _Numbers, layers: int) -> int:
    """The layers for which mlx-lm keeps a window only; for other models than Gemma 3 all is
    counted."""
    pattern = number("sliding_window_pattern")
    known = number.kind.startswith("gemma3") and pattern and number("sliding_window")
    return layers - layers // pattern if known else 0


def _parameters(config: dict[str, Any], weights: int) -> int:
    told = config.get("quantization")
    bits = told.get("bits") if isinstance(told, dict) else None
    return int(weights * 8 / (bits + 0.5 if isinstance(bits, int) and bits > 0 else 16))


_OF: dict[str, Callable[[Spec], Measures]] = {"llamacpp": _of_gguf, "mlx": _of_mlx}


# ── what would fit ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fitting:
    """What would fit: the largest quantisation, and the longest context with the weights as they
    are; None where nothing does."""

    quantisation: str | None
    context: int | None


def usual_quantisations(engine: str, parameters: int) -> list[tuple[str, int]]:
    """Names and bytes of a model's usual quantisations."""
    bits = MLX_BITS if engine == "mlx" else BITS
    return [(name, int(parameters * each / 8)) for name, each in bits.items()]


def what_would_fit(
    model: Measures, context: int, room: int, quantisations: Sequence[tuple[str, int]]
) -> Fitting:
    """What of a model would fit into ``room`` bytes.

    Parameters
    ----------
    context : int
        Tokens wanted.
    quantisations : sequence of (str, int)
        Names and bytes of weights.
    """
    one = 1 + model.spare
    whole = model.footprint(one, pages(context))
    beside = whole.total - whole.weights
    fitting = [(size, name) for name, size in quantisations if size + beside <= room]
    shorter = range(PAGE, pages(context), PAGE)
    count = bisect_right(shorter, room, key=lambda cells: model.footprint(one, cells).total)
    return Fitting(max(fitting)[1] if fitting else None, shorter[count - 1] if count else None)
