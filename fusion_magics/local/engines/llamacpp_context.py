"""llama.cpp's context: streams of keys and values, and the steps that fill them.

Each sequence has a stream of its own (``kv_unified`` off). Where sequences shared one, each would
pay attention over the cells of all, and its sums would fall in another order with every neighbour.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from ...errors import LoadError, ModelError
from . import CancelFlag, Cancelled
from .llamacpp_text import Log

ABORTED = 2


class Context:
    """``streams`` streams of ``cells`` cells each, for one model.

    Parameters
    ----------
    model : llama_model_p
        Stays the caller's.
    streams, cells : int
        ``cells`` is a multiple of 256.
    piece : int
        Most tokens of one step.
    size : int
        Tokens of the vocabulary.
    """

    def __init__(
        self,
        model: lib.llama_model_p,
        streams: int,
        cells: int,
        piece: int,
        size: int,
        cancel: CancelFlag,
        log: Log,
        on_gpu: bool,
    ) -> None:
        self.streams, self.cells = streams, cells
        self._size, self._cancel, self._log = size, cancel, log
        self._on_gpu = on_gpu
        self._rows = _Rows(max(piece, streams))
        self._threads = 1
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_seq_max, params.kv_unified = streams * cells, streams, False
        params.n_batch = params.n_ubatch = max(piece, streams)
        params.n_threads = params.n_threads_batch = self._threads
        if not on_gpu:
            # On a CPU it is slower, and splits its sums by the number of threads: the same prompt
            # could give another answer when more models are at work.
            params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.abort_callback = ctypes.cast(_c_library().strlen, lib.ggml_abort_callback)
        params.abort_callback_data = cancel.address
        log.clear()
        self._context = lib.llama_init_from_model(model, params)
        if not self._context:
            raise LoadError(
                f"llama.cpp cannot hold {streams} contexts of {cells} tokens: {log.reason()}",
                "Give the member a smaller @context=N.",
                kind="out-of-memory",
            )
        self._memory = lib.llama_get_memory(self._context)

    def free(self) -> None:
        """Give its memory back."""
        lib.llama_free(self._context)

    # ── steps ────────────────────────────────────────────────────────────────────────────────

    def read(self, stream: int, tokens: Sequence[int], start: int, wanted: int) -> None:
        """Read ``tokens`` from position ``start`` on; logits behind the last ``wanted`` of them."""
        count = len(tokens)
        self._rows.put(tokens, np.arange(start, start + count), np.full(count, stream))
        self._rows.logits[: count - wanted] = 0
        self._rows.logits[count - wanted : count] = 1
        self._decode(count)

    def step(self, tokens: Sequence[int], positions: Sequence[int]) -> None:
        """Read one token in each of the first streams, in one step."""
        count = len(tokens)
        self._rows.put(tokens, np.array(positions), np.arange(count))
        self._rows.logits[:count] = 1
        self._decode(count)

    def logits(self, row: int) -> NDArray[np.float32]:
        """Those behind one row of the last step: a view of memory that the next one overwrites."""
        pointer = lib.llama_get_logits_ith(self._context, row)
        if not pointer:
            raise ModelError(
                "The model gives no next tokens: it may be one for embeddings.",
                "Use a model that writes text.",
            )
        return np.ctypeslib.as_array(pointer, (self._size,))

    def use_threads(self, count: int) -> None:
        """So many from the next step on."""
        if count != self._threads:
            lib.llama_set_n_threads(self._context, count, count)
            self._threads = count

    def _decode(self, count: int) -> None:
        self._cancel.check()
        self._log.clear()
        code = lib.llama_decode(self._context, self._rows.batch(count))
        if self._on_gpu:
            lib.llama_synchronize(self._context)  # a step has ended when the device is done with it
        if code == ABORTED:
            raise Cancelled
        if code:
            raise ModelError(
                f"llama.cpp failed (code {code}): {self._log.reason() or 'no reason given'}",
                "Ask again; if it fails again, use a smaller @context=N or another model.",
                retryable=True,
            )

    # ── what the streams hold ────────────────────────────────────────────────────────────────

    def held(self, stream: int) -> int:
        """How many tokens a stream holds."""
        return int(lib.llama_memory_seq_pos_max(self._memory, stream)) + 1

    def trim(self, stream: int, keep: int) -> bool:
        """Forget all but the first ``keep`` tokens; False: the model cannot, and forgets all."""
        if lib.llama_memory_seq_rm(self._memory, stream, keep, -1):
            return True
        # Recurrent models cannot forget a part of what they read.
        lib.llama_memory_seq_rm(self._memory, stream, -1, -1)
        return False

    def save(self, stream: int) -> bytes:
        """All that a stream holds; of an empty one nothing."""
        if not self.held(stream):
            return b""
        size = lib.llama_state_seq_get_size(self._context, stream)
        buffer = (ctypes.c_uint8 * size)()
        lib.llama_state_seq_get_data(self._context, buffer, size, stream)
        return bytes(buffer)

    def restore(self, stream: int, saved: bytes) -> None:
        """Make a stream hold what :meth:`save` gave, of this context or an earlier one."""
        lib.llama_memory_seq_rm(self._memory, stream, -1, -1)
        if not saved:
            return
        buffer = (ctypes.c_uint8 * len(saved)).from_buffer_copy(saved)
        if not lib.llama_state_seq_set_data(self._context, buffer, len(saved), stream):
            raise ModelError(
                f"llama.cpp cannot take back what it had read: {self._log.reason()}",
                "Ask again; if it fails again, use another model.",
                retryable=True,
            )


class _Rows:
    """The arrays of one llama.cpp batch, made once."""

    def __init__(self, most: int) -> None:
        self._tokens = np.zeros(most, np.int32)
        self._positions = np.zeros(most, np.int32)
        self._one = np.ones(most, np.int32)
        self._streams = np.zeros(most, np.int32)
        # Each row has a pointer to the list of its streams, which here has one entry.
        self._lists = np.array([self._streams[i:].ctypes.data for i in range(most)], np.uint64)
        self.logits = np.zeros(most, np.int8)

    def put(self, tokens: Sequence[int], positions: NDArray[Any], streams: NDArray[Any]) -> None:
        """Fill the first rows."""
        count = len(tokens)
        self._tokens[:count] = tokens
        self._positions[:count] = positions
        self._streams[:count] = streams

    def batch(self, count: int) -> lib.llama_batch:
        """The first ``count`` rows as llama.cpp wants them."""
        return lib.llama_batch(
            n_tokens=count,
            token=_pointer(self._tokens, ctypes.c_int32),
            embd=None,
            pos=_pointer(self._positions, ctypes.c_int32),
            n_seq_id=_pointer(self._one, ctypes.c_int32),
            seq_id=_pointer(self._lists, ctypes.POINTER(ctypes.c_int32)),
            logits=_pointer(self.logits, ctypes.c_int8),
        )


def _pointer(array: NDArray[Any], kind: Any) -> Any:
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))


@cache
def _c_library() -> ctypes.CDLL:
    """The C library. Its ``strlen`` is llama.cpp's abort callback: see :class:`CancelFlag`.

    A callback in Python would take the interpreter's lock at every node of the compute graph.
    """
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
