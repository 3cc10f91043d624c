"""llama.cpp, by the C functions that llama-cpp-python exposes.

Its ``Llama`` class cannot be stopped inside a prompt, keeps no log-probabilities without keeping
all logits, and brings sampling defaults of its own; the functions below it are all that is needed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from collections.abc import Iterator, Sequence

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from ...errors import LoadError, ModelError
from ...types import SamplingParams
from ..death import NO_MEMORY
from ..prefix import piece_size, pieces, reusable
from ..wire import Spec
from . import CancelFlag, Cancelled, Token
from ._logprobs import check_number, with_logprobs
from ._schema import Schemas
from .llamacpp_sampler import Sampler
from .llamacpp_text import LlamaVocabulary, Log

ABORTED = 2
# Tokens read at once on a CPU: no slower than more, and an abort waits for the node of the compute
# graph that runs.
PIECE = 128
# Below this size a thread's wait at the barrier costs more than its share of the work.
ONE_THREAD = 30_000_000
# What a step may take for granted on a GPU, in operations a second; see prefix.piece_size.
GPU_FLOPS = 2e12
ALL_LAYERS = 999


class LlamaCpp:
    """A GGUF in memory: an :class:`fusion_magics.local.engines.Engine`."""

    def __init__(self, spec: Spec, cancel: CancelFlag) -> None:
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL)
        self._log = Log()
        lib.llama_backend_init()
        self._cancel = cancel
        on_gpu = lib.llama_supports_gpu_offload() and spec.gpu_layers != 0
        self._model = self._load(spec, on_gpu)
        self.vocabulary = LlamaVocabulary(self._model)
        self._schemas = Schemas(self.vocabulary)
        self.context = self._context_size(spec)
        self._parameters = lib.llama_model_n_params(self._model)
        self._piece = piece_size(self._parameters, GPU_FLOPS) if on_gpu else PIECE
        self._ctx = self._new_context(on_gpu)
        self._memory = lib.llama_get_memory(self._ctx)
        self._read: list[int] = []  # prompt tokens whose keys and values are kept
        self.threads = 1
        self._applied = 1

    def _load(self, spec: Spec, on_gpu: bool) -> lib.llama_model_p:
        params = lib.llama_model_default_params()
        params.n_gpu_layers = (ALL_LAYERS if spec.gpu_layers is None else spec.gpu_layers) * on_gpu
        self._log.clear()
        model = lib.llama_model_load_from_file(os.fsencode(spec.path), params)
        if not model:
            raise self._load_error(spec.path)
        if lib.llama_model_has_encoder(model):
            raise LoadError(
                f"{spec.path} is an encoder model; these are not supported.",
                "Use a model that only decodes, such as Llama, Mistral, Qwen, Gemma or Phi.",
            )
        return model

    def _load_error(self, path: str) -> LoadError:
        reason = self._log.reason() or "no reason given"
        if NO_MEMORY.search(reason):
            return LoadError(
                f"{path} does not fit in memory: {reason}",
                "Use a smaller quantisation, or unload other models.",
                kind="out-of-memory",
            )
        return LoadError(
            f"llama.cpp cannot load {path}: {reason}",
            "The file may be damaged or not fully downloaded, or too new for this "
            "llama-cpp-python: compare its size with the source, or upgrade the package.",
        )

    def _context_size(self, spec: Spec) -> int:
        trained = lib.llama_model_n_ctx_train(self._model)
        if spec.context is None:
            return min(trained or spec.most, spec.most)
        if trained and spec.context > trained:
            raise LoadError(
                f"{spec.path} was trained for a context of {trained} tokens, not {spec.context}.",
                f"Give it @context={trained} or less.",
            )
        return spec.context

    def _new_context(self, on_gpu: bool) -> lib.llama_context_p:
        params = lib.llama_context_default_params()
        params.n_ctx = self.context
        params.n_batch = params.n_ubatch = self._piece
        params.n_threads = params.n_threads_batch = 1
        if not on_gpu and hasattr(params, "flash_attn_type"):
            # On a CPU it is slower, and splits its sums by the number of threads: the same prompt
            # could give another answer when more models are at work.
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.abort_callback = ctypes.cast(_c_library().strlen, lib.ggml_abort_callback)
        params.abort_callback_data = self._cancel.address
        self._log.clear()
        context = lib.llama_init_from_model(self._model, params)
        if not context:
            raise LoadError(
                f"llama.cpp cannot hold a context of {self.context} tokens: {self._log.reason()}",
                "Give the member a smaller @context=N.",
                kind="out-of-memory",
            )
        return context

    def read(self, tokens: Sequence[int]) -> int:
        keep = reusable(self._read, tokens, self._piece)
        if not lib.llama_memory_seq_rm(self._memory, 0, keep, -1):
            # Recurrent models cannot forget a part of what they read.
            lib.llama_memory_clear(self._memory, True)
            keep = 0
        self._read = list(tokens[:keep])
        for start, stop in pieces(keep, len(tokens), self._piece):
            self._decode(tokens[start:stop])
            self._read += tokens[start:stop]
        return keep

    def write(self, params: SamplingParams) -> Iterator[Token]:
        mask = None if params.schema is None else self._schemas.mask(params.schema)
        sampler = Sampler(params, mask)
        try:
            while True:
                logits = self._logits()
                token = sampler.pick(self._ctx, logits)
                if token is None or self.vocabulary.ends(token):
                    return
                yield with_logprobs(token, logits, params.logprobs)
                self._decode([token])
        finally:
            sampler.free()

    def _decode(self, tokens: Sequence[int]) -> None:
        self._cancel.check()
        self._share_cores()
        self._log.clear()
        batch = (lib.llama_token * len(tokens))(*tokens)
        code = lib.llama_decode(self._ctx, lib.llama_batch_get_one(batch, len(tokens)))
        if code == ABORTED:
            raise Cancelled
        if code:
            raise ModelError(
                f"llama.cpp failed (code {code}): {self._log.reason() or 'no reason given'}",
                "Ask again; if it fails again, use a smaller @context=N or another model.",
                retryable=True,
            )

    def _share_cores(self) -> None:
        wanted = 1 if self._parameters < ONE_THREAD else self.threads
        if wanted != self._applied:
            lib.llama_set_n_threads(self._ctx, wanted, wanted)
            self._applied = wanted

    def _logits(self) -> NDArray[np.float32]:
        """Those of the last token: a view of llama.cpp's memory, valid until the next step."""
        pointer = lib.llama_get_logits_ith(self._ctx, -1)
        if not pointer:
            raise ModelError(
                "The model gives no next tokens: it may be one for embeddings.",
                "Use a model that writes text.",
            )
        logits = np.ctypeslib.as_array(pointer, (self.vocabulary.size,))
        check_number(float(logits.max()))
        return logits


def _c_library() -> ctypes.CDLL:
    """The C library. Its ``strlen`` is llama.cpp's abort callback: see :class:`CancelFlag`.

    A callback in Python would take the interpreter's lock at every node of the compute graph.
    """
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)


def load(spec: Spec, cancel: CancelFlag) -> LlamaCpp:
    """The GGUF at ``spec.path``.

    Raises
    ------
    LoadError
        With llama.cpp's own reason.
    """
    return LlamaCpp(spec, cancel)
