"""Checkpoint → GGUF in F16: the one file per model that both engines use."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import torch

from . import context
from .model import EPSILON, ROPE_BASE, Shape
from .tokens import CHAT_TEMPLATE, END, SPECIAL, VOCABULARY, byte_symbols

ARCHITECTURE = "llama"


def write_gguf(weights: dict[str, torch.Tensor], shape: Shape, name: str, path: Path) -> None:
    """Write a model with its vocabulary and chat template; matrices in F16, norms in F32."""
    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    _write_shape(writer, shape, name)
    _write_vocabulary(writer)
    for tensor_name, tensor in _tensors(weights, shape):
        half = tensor.ndim == 2
        writer.add_tensor(tensor_name, tensor.astype(np.float16 if half else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: gguf.GGUFWriter, shape: Shape, name: str) -> None:
    writer.add_name(f"fusion_magics tiny:{name}")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_block_count(shape.layers)
    writer.add_context_length(context(name))
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_vocab_size(VOCABULARY)


def _write_vocabulary(writer: gguf.GGUFWriter) -> None:
    tokens = [*byte_symbols(), *SPECIAL]
    kinds = [gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL] * len(SPECIAL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    # llama.cpp wants one merge at least; this one joins nothing that is in the vocabulary.
    writer.add_token_merges(["e r"])
    writer.add_eos_token_id(END)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensors(weights: dict[str, torch.Tensor], shape: Shape) -> list[tuple[str, np.ndarray]]:
    """Tensors under llama.cpp's names, joined matrices taken apart."""
    joined = {
        "attn_qkv": ("attn_q", "attn_k", "attn_v"),
        "ffn_gate_up": ("ffn_gate", "ffn_up"),
    }
    found: list[tuple[str, np.ndarray]] = []
    for name, tensor in weights.items():
        values = tensor.float().numpy()
        parts = next((mark for mark in joined if mark in name), None)
        if parts is None:
            found.append((name, values))
            continue
        pieces = np.split(values, len(joined[parts]))
        names = (name.replace(parts, part) for part in joined[parts])
        found += zip(names, pieces, strict=True)
    return found
