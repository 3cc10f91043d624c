"""llama.cpp's side of text: its vocabulary, and the lines it logs."""

from __future__ import annotations

import ctypes
import re
from collections import deque
from functools import cached_property

import llama_cpp as lib

from . import Special
from ._names import Names, could_be_control

WARN, ERROR = 3, 4


# llama.cpp goes on calling the callback for as long as the process lives, whoever set it.
_CALLBACKS: list[object] = []


class Log:
    """The last warnings and errors that llama.cpp wrote: its own reason when a call fails."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=50)
        callback = lib.llama_log_callback(self._keep)
        _CALLBACKS.append(callback)
        lib.llama_log_set(callback, ctypes.c_void_p(0))

    def _keep(self, level: int, text: bytes, _: object) -> None:
        if level in (WARN, ERROR):
            self._lines.append((level, text.decode("utf-8", "replace").strip()))

    def clear(self) -> None:
        """Forget what was said of earlier things."""
        self._lines.clear()

    def reason(self) -> str:
        """Why the last thing failed, in llama.cpp's words; empty if it said nothing."""
        errors = [line for level, line in self._lines if level == ERROR]
        named = [m[1] for line in errors if (m := re.search(r"error loading model: (.*)", line))]
        # Of a damaged header it only says so again; what came before it is the cause.
        causes = [cause for cause in named if "failed to load model from" not in cause]
        said = causes or errors or [line for _, line in self._lines]
        return re.sub(r"^\w+: ", "", next(iter(said), ""))


class LlamaVocabulary:
    """A :class:`fusion_magics.local.engines.Vocabulary` of a loaded GGUF."""

    def __init__(self, model: lib.llama_model_p) -> None:
        self._vocab = lib.llama_model_get_vocab(model)
        self.size = lib.llama_vocab_n_tokens(self._vocab)
        self._buffer = ctypes.create_string_buffer(256)
        template = lib.llama_model_chat_template(model, None)
        self.template = template.decode("utf-8", "replace") if template else None
        begin, end = lib.llama_vocab_bos(self._vocab), lib.llama_vocab_eos(self._vocab)
        self.bos = begin if begin >= 0 and lib.llama_vocab_get_add_bos(self._vocab) else None
        # Where a file names none, llama.cpp falls back on a number that means something else.
        self.bos_text = self._text(begin) if self._is_control(begin) else ""
        self.eos_text = self._text(end)

    @cached_property
    def specials(self) -> tuple[Special, ...]:
        return tuple(self._special(i) for i in range(self.size) if self._is_control(i))

    def _is_control(self, token: int) -> bool:
        kinds = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_UNKNOWN
        if token < 0:
            return False
        marked = lib.llama_vocab_get_attr(self._vocab, token) & kinds
        return bool(marked) or self._is_always_found(token)

    def _is_always_found(self, token: int) -> bool:
        added = lib.llama_vocab_get_attr(self._vocab, token) & lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        return bool(added) and could_be_control(self._text(token))

    @cached_property
    def _always_found(self) -> Names:
        return Names(s.text for s in self.specials if self._is_always_found(s.token))

    def _special(self, token: int) -> Special:
        kinds = lib.llama_vocab_get_attr(self._vocab, token)
        return Special(
            self._text(token),
            token,
            strips_left=bool(kinds & lib.LLAMA_TOKEN_ATTR_LSTRIP),
            strips_right=bool(kinds & lib.LLAMA_TOKEN_ATTR_RSTRIP),
        )

    def _text(self, token: int) -> str:
        if token < 0:
            return ""
        return (lib.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8", "replace")

    def encode(self, text: str, special: bool) -> list[int]:
        parts = [text] if special else self._always_found.cut(text)
        return [token for part in parts for token in self._encode(part, special)]

    def _encode(self, text: str, special: bool) -> list[int]:
        raw = text.encode()
        room = len(raw) + 8
        tokens = (lib.llama_token * room)()
        count = lib.llama_tokenize(self._vocab, raw, len(raw), tokens, room, False, special)
        if count < 0:
            tokens = (lib.llama_token * -count)()
            count = lib.llama_tokenize(self._vocab, raw, len(raw), tokens, -count, False, special)
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        room = len(self._buffer)
        count = lib.llama_token_to_piece(self._vocab, token, self._buffer, room, 0, False)
        if count < 0:
            self._buffer = ctypes.create_string_buffer(-count)
            return self.piece(token)
        return ctypes.string_at(self._buffer, count)

    def ends(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self._vocab, token))
