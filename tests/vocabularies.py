"""Vocabularies and chat templates of real models, without their weights.

Two vocabularies are whole and real. The others have the control tokens of their model, each with
the mark "special" or without as in the model's own files, over the 256 bytes: what a candidate
must not turn into is real, how its other bytes are cut is not.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import lzma
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fusion_magics.local.engines import Vocabulary
from fusion_magics.tiny import weights
from fusion_magics.tiny.mlx_form import mlx_folder
from fusion_magics.tiny.tokens import byte_symbols

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Family:
    """The control tokens of one family of models, as its tokenizer files list them.

    ``added`` are those without the mark "special". ``bos`` begins every prompt if ``begins``.
    """

    template: str
    special: tuple[str, ...]
    eos: str
    bos: str = ""
    begins: bool = True
    added: tuple[str, ...] = ()

    @property
    def jinja(self) -> str:
        """Its chat template."""
        return (DATA / "templates" / f"{self.template}.jinja").read_text()


_MISTRAL = (
    *("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"),
    *("[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]"),
    *("[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"),
    *("[TOOL_CONTENT]", "[ARGS]", "[CALL_ID]"),
)
_LLAMA = (
    *("<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>", "<|eom_id|>"),
    *("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|python_tag|>"),
)
_QWEN = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|box_start|>"),
    *("<|quad_start|>", "<|vision_start|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"),
)
_QWEN_ADDED = (
    *("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"),
    *("<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
)

FAMILIES = {
    "mistral-small-3.2": Family("mistral-small-3.2", _MISTRAL, "</s>", "<s>"),
    "ministral-3": Family("ministral-3", (*_MISTRAL, "[THINK]", "[/THINK]"), "</s>", "<s>"),
    "llama-3.1": Family("llama-3.1", _LLAMA, "<|eot_id|>", "<|begin_of_text|>"),
    "llama-3.2": Family("llama-3.2", _LLAMA, "<|eot_id|>", "<|begin_of_text|>"),
    "qwen-2.5": Family("qwen-2.5", _QWEN, "<|im_end|>", added=_QWEN_ADDED),
    "qwen-3": Family(
        "qwen-3",
        _QWEN,
        "<|im_end|>",
        added=(*_QWEN_ADDED, "<tool_response>", "</tool_response>", "<think>", "</think>"),
    ),
    "phi-3.5": Family(
        "phi-3.5",
        (
            *("<unk>", "<s>", "<|endoftext|>", "<|assistant|>", "<|placeholder1|>", "<|system|>"),
            *("<|end|>", "<|user|>"),
        ),
        "<|end|>",
        "<s>",
        begins=False,
        added=("</s>",),
    ),
    "gemma-2": Family(
        "gemma-2",
        ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"),
        "<end_of_turn>",
        "<bos>",
        added=("<mask>", "<unused0>", "<2mass>", "[@BOS@]"),
    ),
    "gemma-4": Family(
        "gemma-4",
        (
            *("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|tool>", "<tool|>", "<|think|>"),
            *("<|turn>", "<turn|>", "<|image>", "<image|>"),
        ),
        "<turn|>",
        "<bos>",
        added=("<|tool_call>", "<tool_call|>", '<|"|>', "<|channel>", "<channel|>"),
    ),
    "deepseek-r1": Family(
        "deepseek-r1",
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜▁pad▁｜>"),
        "<｜end▁of▁sentence｜>",
        "<｜begin▁of▁sentence｜>",
        added=("<｜User｜>", "<｜Assistant｜>", "<think>", "</think>", "<｜tool▁calls▁begin｜>"),
    ),
    "gpt-oss": Family(
        "gpt-oss",
        (
            *("<|startoftext|>", "<|endoftext|>", "<|return|>", "<|constrain|>", "<|channel|>"),
            *("<|start|>", "<|end|>", "<|message|>", "<|call|>"),
        ),
        "<|return|>",
        "<|startoftext|>",
        begins=False,
    ),
}

# Whole vocabularies, and the template that their models use today.
WHOLE = {"phi-3": "phi-3.5", "qwen2": "qwen-2.5"}

VOCABULARIES = (
    "tiny by llamacpp",
    "tiny by mlx",
    *(f"{family} by {engine}" for family in FAMILIES for engine in ("llamacpp", "mlx")),
    *(f"{name}, whole" for name in WHOLE),
)


@cache
def vocabulary(name: str) -> Vocabulary:
    """One of :data:`VOCABULARIES`, by its engine's own tokenizer."""
    if name.endswith(", whole"):
        return _whole(name.removesuffix(", whole"))
    family, engine = name.split(" by ")
    if family == "tiny":
        path = weights("judge")
        return _of_gguf(path) if engine == "llamacpp" else _of_folder(mlx_folder(path))
    return (_byte_level_gguf if engine == "llamacpp" else _byte_level_folder)(FAMILIES[family])


def _whole(name: str) -> Vocabulary:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.gguf"
        path.write_bytes(lzma.decompress((DATA / "vocabularies" / f"{path.name}.xz").read_bytes()))
        found = _of_gguf(path)
    found.template = FAMILIES[WHOLE[name]].jinja
    return found


def _of_gguf(path: Path) -> Vocabulary:
    """By llama.cpp; weights, if there are any, stay in the file. Nothing frees the model."""
    lib = importlib.import_module("llama_cpp")
    text = importlib.import_module("fusion_magics.local.engines.llamacpp_text")
    lib.llama_log_set(_SILENT, ctypes.c_void_p(0))
    lib.llama_backend_init()
    params = lib.llama_model_default_params()
    params.vocab_only = True
    model = lib.llama_model_load_from_file(os.fsencode(path), params)
    assert model, path
    return text.LlamaVocabulary(model)


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
def _SILENT(level: int, text: bytes, data: object) -> None:
    """llama.cpp warns of vocabularies without merges."""


def _of_folder(folder: Path) -> Vocabulary:
    """By Hugging Face's tokenizer, as mlx-lm loads it."""
    tokenizers = importlib.import_module("mlx_lm.tokenizer_utils")
    text = importlib.import_module("fusion_magics.local.engines.mlx_text")
    tokenizer = tokenizers.load(folder)
    return text.MlxVocabulary(tokenizer, len(tokenizer._tokenizer))


def _byte_level_gguf(family: Family) -> Vocabulary:
    import gguf

    tokens = [*byte_symbols(), *family.special, *family.added]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vocabulary.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        for add in (writer.add_block_count, writer.add_context_length, writer.add_head_count):
            add(1)
        writer.add_embedding_length(1)
        writer.add_feed_forward_length(1)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_vocab_size(len(tokens))
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(tokens)
        writer.add_token_types([1] * 256 + [3] * len(family.special) + [4] * len(family.added))
        writer.add_token_merges(["e r"])  # llama.cpp does not load an empty list
        writer.add_eos_token_id(tokens.index(family.eos))
        if family.bos:
            writer.add_bos_token_id(tokens.index(family.bos))
        writer.add_add_bos_token(bool(family.bos) and family.begins)
        writer.add_chat_template(family.jinja)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        return _of_gguf(path)


def _byte_level_folder(family: Family) -> Vocabulary:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    symbols = byte_symbols()
    tokenizer = Tokenizer(models.BPE(vocab={s: i for i, s in enumerate(symbols)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    for names, special in ((family.special, True), (family.added, False)):
        tokenizer.add_tokens([AddedToken(n, special=special, normalized=False) for n in names])
    if family.bos and family.begins:
        begin = (family.bos, tokenizer.token_to_id(family.bos))
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[begin]
        )
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": family.eos,
        "bos_token": family.bos or None,
        "chat_template": family.jinja,
        "clean_up_tokenization_spaces": False,
    }
    with TemporaryDirectory() as folder:
        tokenizer.save(str(Path(folder) / "tokenizer.json"))
        (Path(folder) / "tokenizer_config.json").write_text(json.dumps(described))
        (Path(folder) / "config.json").write_text(json.dumps({"model_type": "llama"}))
        return _of_folder(Path(folder))
