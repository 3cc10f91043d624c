"""GGUF → the Hugging Face folder that mlx-lm opens, derived once per file and kept in a cache.

llama.cpp turns pairs of neighbouring rows by position, mlx-lm turns rows half a head apart, so
the rows of the query and key matrices change places; the values stay the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .tokens import CHAT_TEMPLATE, END, SPECIAL, VOCABULARY, byte_symbols

if TYPE_CHECKING:
    import mlx.core as mx

_NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_FORM = "2"  # a new number here makes every cached folder again


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/fusion_magics/mlx``, or ``~/.cache/fusion_magics/mlx``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fusion_magics" / "mlx"


def mlx_folder(gguf: Path, cache: Path | None = None) -> Path:
    """The folder for ``mlx_lm.load``, made if this very file has none yet.

    ``gguf`` is one of the shipped models: Llama architecture, F16, the byte vocabulary of
    ``tokens``. The folder's name is the file's SHA-256, and it appears whole or not at all.
    Raises OSError where the file cannot be read or the cache not written.
    """
    digest = hashlib.sha256(gguf.read_bytes()).hexdigest()
    folder = (cache or cache_folder()) / f"{gguf.stem}-{digest[:16]}-{_FORM}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        _write(gguf, unfinished)
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was first, and its folder is the same
            raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _write(gguf: Path, folder: Path) -> None:
    import mlx.core as mx

    loaded: Any = mx.load(str(gguf), return_metadata=True)
    tensors, metadata = loaded
    numbers = {key.removeprefix("llama."): value for key, value in metadata.items()}
    heads = int(numbers["attention.head_count"].item())
    renamed = {_name(key): _rows(key, tensor, heads) for key, tensor in tensors.items()}
    mx.save_safetensors(str(folder / "model.safetensors"), renamed, {"format": "mlx"})
    _write_json(folder / "config.json", _config(numbers, heads))
    _write_json(folder / "tokenizer.json", _tokenizer())
    _write_json(folder / "tokenizer_config.json", _tokenizer_config())


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _name(key: str) -> str:
    """llama.cpp's tensor name → Hugging Face's."""
    whole = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
    parts = key.removesuffix(".weight").split(".")
    if parts[0] in whole:
        return f"{whole[parts[0]]}.weight"
    return f"model.layers.{parts[1]}.{_NAMES[parts[2]]}.weight"


def _rows(key: str, tensor: mx.array, heads: int) -> mx.array:
    """Query and key rows from neighbours to halves, per head.

    In F32: MLX reckons in the type of the weights, llama.cpp does not, and in F16 one answer in a
    hundred would differ.
    """
    import mlx.core as mx

    if "attn_q" in key or "attn_k" in key:
        rows, width = tensor.shape
        pairs = tensor.reshape(heads, rows // heads // 2, 2, width)
        tensor = pairs.transpose(0, 2, 1, 3).reshape(rows, width)
    return tensor.astype(mx.float32)


def _config(numbers: dict[str, Any], heads: int) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": int(numbers["embedding_length"].item()),
        "num_hidden_layers": int(numbers["block_count"].item()),
        "intermediate_size": int(numbers["feed_forward_length"].item()),
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "rms_norm_eps": float(numbers["attention.layer_norm_rms_epsilon"].item()),
        "rope_theta": float(numbers["rope.freq_base"].item()),
        "max_position_embeddings": int(numbers["context_length"].item()),
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": True,
        "eos_token_id": END,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "torch_dtype": "float32",
    }


def _tokenizer() -> dict[str, Any]:
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    marks = [
        {"id": i, "content": text, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for text, i in SPECIAL.items()
    ]
    vocabulary = {symbol: i for i, symbol in enumerate([*byte_symbols(), *SPECIAL])}
    return {
        "version": "1.0",
        "added_tokens": marks,
        "normalizer": None,
        "pre_tokenizer": byte_level | {"trim_offsets": True},
        "decoder": byte_level | {"trim_offsets": True},
        "post_processor": None,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    }


def _tokenizer_config() -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|end|>",
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
    }
