"""A Mamba with random weights: a model that cannot forget a part of what it has read."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from random_models import END, SPECIALS, TEMPLATE, VOCABULARY

WIDTH, INNER, STATE, CONVOLUTION, RANK, LAYERS = 64, 128, 16, 4, 4, 2


def write_mamba(path: Path) -> Path:
    """The model as a GGUF file, with the vocabulary of the other random ones."""
    w = gguf.GGUFWriter(path, "mamba")
    w.add_block_count(LAYERS)
    w.add_context_length(1024)
    w.add_embedding_length(WIDTH)
    w.add_feed_forward_length(0)
    w.add_head_count(0)
    w.add_ssm_conv_kernel(CONVOLUTION)
    w.add_ssm_inner_size(INNER)
    w.add_ssm_state_size(STATE)
    w.add_ssm_time_step_rank(RANK)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_vocab_size(len(VOCABULARY))
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(VOCABULARY)
    w.add_token_types([1] * 256 + [3] * len(SPECIALS))
    w.add_token_merges(["e r"])
    w.add_eos_token_id(END)
    w.add_add_bos_token(False)
    w.add_chat_template(TEMPLATE)
    for name, array in _weights().items():
        w.add_tensor(name, array)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return path


def _weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)

    def random(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32) * 0.1

    def half(*shape: int) -> np.ndarray:
        return random(*shape).astype(np.float16)

    made = {"token_embd.weight": half(len(VOCABULARY), WIDTH)}
    made["token_embd.weight"][END] = 0
    made["output_norm.weight"] = np.ones(WIDTH, np.float32)
    for i in range(LAYERS):
        block = {
            "attn_norm.weight": np.ones(WIDTH, np.float32),
            "ssm_in.weight": half(2 * INNER, WIDTH),
            "ssm_conv1d.weight": random(INNER, CONVOLUTION),
            "ssm_conv1d.bias": random(INNER),
            "ssm_x.weight": half(RANK + 2 * STATE, INNER),
            "ssm_dt.weight": half(INNER, RANK),
            "ssm_dt.bias": random(INNER),
            "ssm_a": -np.exp(random(INNER, STATE)),
            "ssm_d": np.ones(INNER, np.float32),
            "ssm_out.weight": half(WIDTH, INNER),
        }
        made |= {f"blk.{i}.{name}": array for name, array in block.items()}
    return made
