"""The MLX form of a model with random weights: 4 bits in groups of 64, as mlx_lm.convert writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _vocabulary import Vocabulary

if TYPE_CHECKING:
    from random_models import Shape

BITS, GROUP = 4, 64
DEVIATION = 0.02

NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GEMMA_NAMES = {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
MODEL_TYPES = {"gemma3": "gemma3_text"}

Part = tuple[str, str, tuple[int, ...], int | None]
"""Name, safetensors type, shape, and the 16 bits that fill it (None: random)."""


def write_mlx(folder: Path, shape: Shape, vocabularies: Path, seed: int = 0) -> Path:
    """A folder that mlx-lm loads; see :func:`random_models.write_gguf`."""
    from random_models import tensors

    folder.mkdir(parents=True)
    vocabulary = Vocabulary.of(shape.vocabulary, shape.template, vocabularies)
    parts = [p for name, size in tensors(shape, len(vocabulary)) for p in _parts(shape, name, size)]
    _write_safetensors(folder / "model.safetensors", parts, np.random.default_rng(seed))
    config = json.dumps(_config(shape, vocabulary), indent=2)
    (folder / "config.json").write_text(config, encoding="utf-8")
    _write_tokenizer(folder, vocabulary)
    return folder


def _parts(shape: Shape, name: str, size: tuple[int, ...]) -> Iterator[Part]:
    name, _, kind = _hf_name(shape, name).rpartition(".")
    if len(size) == 1:
        zero_based = shape.family == "gemma3"  # Gemma's norms multiply by one more than the weight
        yield f"{name}.{kind}", "BF16", size, _bfloat(0 if kind == "bias" or zero_based else 1)
        return
    rows, columns = size
    step = DEVIATION / np.sqrt((4**BITS - 1) / 12)
    yield f"{name}.weight", "U32", (rows, columns * BITS // 32), None
    yield f"{name}.scales", "BF16", (rows, columns // GROUP), _bfloat(step)
    yield f"{name}.biases", "BF16", (rows, columns // GROUP), _bfloat(-step * (2**BITS - 1) / 2)


def _hf_name(shape: Shape, name: str) -> str:
    names = NAMES | GEMMA_NAMES if shape.family == "gemma3" else NAMES
    *layer, part, kind = name.removeprefix("blk.").split(".")
    around = f"model.layers.{layer[0]}." if layer else ""
    return f"{around}{names[part]}.{kind}"


def _bfloat(value: float) -> int:
    return int(np.float32(value).view(np.uint32)) >> 16


def _write_safetensors(path: Path, parts: list[Part], rng: np.random.Generator) -> None:
    """The format of https://huggingface.co/docs/safetensors: a JSON header, then the bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "mlx"}}
    end = 0
    for name, kind, size, _ in parts:
        begin, end = end, end + int(np.prod(size)) * (4 if kind == "U32" else 2)
        header[name] = {"dtype": kind, "shape": size, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, _, size, filling in parts:
            count = int(np.prod(size))
            file.write(
                rng.bytes(4 * count) if filling is None else np.full(count, filling, "<u2").data
            )


def _config(shape: Shape, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "model_type": MODEL_TYPES.get(shape.family, shape.family),
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "intermediate_size": shape.inner,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head,
        "rms_norm_eps": 1e-6,
        "vocab_size": len(vocabulary),
        "rope_theta": shape.rope_base,
        "max_position_embeddings": shape.context,
        "tie_word_embeddings": shape.tied,
        "bos_token_id": vocabulary.other.get("bos_token_id"),
        "eos_token_id": vocabulary.other.get("eos_token_id"),
        "quantization": {"group_size": GROUP, "bits": BITS},
    } | ({"sliding_window": shape.window, "sliding_window_pattern": 6} if shape.window else {})


def _write_tokenizer(folder: Path, vocabulary: Vocabulary) -> None:
    """The real tokens and merges; words are cut by GPT-2's pattern, whatever the model's own is."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    numbers = {text: n for n, text in enumerate(vocabulary.tokens)}
    pairs = [tuple(merge.split(" ", 1)) for merge in vocabulary.other["merges"]]
    merges = [(a, b) for a, b in pairs if a in numbers and b in numbers and a + b in numbers]
    tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in vocabulary.control])
    tokenizer.save(str(folder / "tokenizer.json"))
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": vocabulary.token("bos"),
        "eos_token": vocabulary.token("eos"),
        "chat_template": vocabulary.template,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(described), encoding="utf-8")
