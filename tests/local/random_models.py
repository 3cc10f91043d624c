"""Models with random weights and a byte-level vocabulary, as GGUF and as a Hugging Face folder.

They speak nonsense, but everything around the weights is real: tokenizer, chat template, sizes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIALS = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
END = 259


def byte_alphabet() -> list[str]:
    """GPT-2's printable character for each byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shown = {b: chr(b) for b in plain}
    others = [b for b in range(256) if b not in shown]
    shown |= {b: chr(256 + n) for n, b in enumerate(others)}
    return [shown[b] for b in range(256)]


VOCABULARY = [*byte_alphabet(), *SPECIALS]


@dataclass(frozen=True)
class Shape:
    """A Llama architecture.

    ``ends`` False keeps the model from ending its text; ``marked`` False leaves the turns' tokens
    (all but the last special one) without the mark "special", as some real vocabularies do.
    ``norm`` of NaN is a damaged file. ``kind`` is the GGUF's quantisation, such as ``Q8_0``.
    """

    width: int = 64
    layers: int = 2
    heads: int = 4
    inner: int = 128
    context: int = 512
    seed: int = 0
    template: str | None = TEMPLATE
    ends: bool = True
    marked: bool = True
    norm: float = 1.0
    kind: str = "F16"

    def weights(self) -> dict[str, np.ndarray]:
        """Random matrices by their GGUF names."""
        rng = np.random.default_rng(self.seed)
        d, f = self.width, self.inner

        def random(*shape: int) -> np.ndarray:
            return (rng.standard_normal(shape, dtype=np.float32) * 0.1).astype(np.float16)

        made = {"token_embd.weight": random(len(VOCABULARY), d)}
        if not self.ends:
            made["token_embd.weight"][END] = 0
            made["token_embd.weight"][:256, 0] = 1
        made["output_norm.weight"] = np.full(d, self.norm, np.float32)
        for i in range(self.layers):
            for norm in ("attn_norm", "ffn_norm"):
                made[f"blk.{i}.{norm}.weight"] = np.ones(d, np.float32)
            for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
                made[f"blk.{i}.{name}.weight"] = random(d, d)
            made[f"blk.{i}.ffn_gate.weight"] = random(f, d)
            made[f"blk.{i}.ffn_up.weight"] = random(f, d)
            made[f"blk.{i}.ffn_down.weight"] = random(d, f)
        return made


def write_gguf(path: Path, shape: Shape) -> Path:
    """The model as a GGUF file."""
    w = gguf.GGUFWriter(path, "llama")
    w.add_block_count(shape.layers)
    w.add_context_length(shape.context)
    w.add_embedding_length(shape.width)
    w.add_feed_forward_length(shape.inner)
    w.add_head_count(shape.heads)
    w.add_head_count_kv(shape.heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(shape.width // shape.heads)
    w.add_rope_freq_base(10000.0)
    w.add_vocab_size(len(VOCABULARY))
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(VOCABULARY)
    w.add_token_types([1] * 256 + [3 if shape.marked else 4] * (len(SPECIALS) - 1) + [3])
    w.add_token_merges(["e r"])  # llama.cpp does not load an empty list
    w.add_eos_token_id(END)
    w.add_bos_token_id(END)
    w.add_add_bos_token(False)
    if shape.template:
        w.add_chat_template(shape.template)
    for name, array in shape.weights().items():
        if shape.kind != "F16" and array.dtype == np.float16:
            kind = gguf.GGMLQuantizationType[shape.kind]
            packed = gguf.quants.quantize(array.astype(np.float32), kind)
            w.add_tensor(name, packed, raw_dtype=kind)
        else:
            w.add_tensor(name, array)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return path


HF_NAMES = {
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


def write_folder(folder: Path, shape: Shape) -> Path:
    """The same model as a Hugging Face folder, which mlx-lm loads."""
    from safetensors.numpy import save_file

    folder.mkdir()
    tensors = {_hf_name(n): _hf_form(n, w, shape.heads) for n, w in shape.weights().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "mlx"})
    (folder / "config.json").write_text(json.dumps(_config(shape)))
    _write_tokenizer(folder, shape)
    return folder


def _hf_name(name: str) -> str:
    ends = {
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
    }
    if name in ends:
        return ends[name]
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{HF_NAMES[part]}.weight"


def _hf_form(name: str, weight: np.ndarray, heads: int) -> np.ndarray:
    # llama.cpp's RoPE turns neighbouring rows of a head, mlx-lm's its two halves.
    if "attn_q" in name or "attn_k" in name:
        rows, columns = weight.shape
        pairs = weight.reshape(heads, rows // heads // 2, 2, columns)
        weight = pairs.transpose(0, 2, 1, 3).reshape(rows, columns)
    return np.ascontiguousarray(weight)


def _config(shape: Shape) -> dict[str, object]:
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "intermediate_size": shape.inner,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "rms_norm_eps": 1e-5,
        "vocab_size": len(VOCABULARY),
        "rope_theta": 10000.0,
        "max_position_embeddings": shape.context,
        "tie_word_embeddings": True,
        "eos_token_id": END,
        "bos_token_id": END,
    }


def _write_tokenizer(folder: Path, shape: Shape) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokenizer = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(VOCABULARY)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    *turns, end = SPECIALS
    for names, special in ((turns, shape.marked), ([end], True)):
        tokenizer.add_tokens([AddedToken(t, special=special, normalized=False) for t in names])
    tokenizer.save(str(folder / "tokenizer.json"))
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": SPECIALS[3],
        "chat_template": shape.template,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(described))
