"""MLX, by mlx-lm: Metal on Apple Silicon, MLX's CPU build on Linux.

mlx-lm is not safe across threads; here one thread of one process owns one model, which avoids the
whole class of faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm
import numpy as np
from mlx_lm.models.cache import (
    KVCache,
    can_trim_prompt_cache,
    make_prompt_cache,
    trim_prompt_cache,
)
from mlx_lm.utils import get_total_parameters

from ...errors import LoadError
from ...types import SamplingParams
from ..prefix import piece_size, pieces, reusable
from ..wire import Spec
from . import CancelFlag, Token
from ._draft import Draft
from ._logprobs import with_logprobs
from ._sampling import Sampler
from ._schema import Schemas
from .layout import most_cells, streams_of
from .mlx_text import MlxVocabulary

METAL_FLOPS = 2e12
CPU_FLOPS = 2e9
# Freed buffers that MLX keeps for reuse; unbounded by default, it has filled whole machines.
BUFFER_CACHE = 256 << 20
# Of prompts read before: at most so many, and so many bytes of them beside the last.
PROMPTS = 8
PROMPT_BYTES = 256 << 20

Cache = list[Any]


@dataclass(frozen=True)
class Prompt:
    """A prompt that was read, its keys and values, and the logits behind it."""

    tokens: list[int]
    cache: Cache
    logits: mx.array


@dataclass(eq=False)
class MlxSlot:
    """A :class:`fusion_magics.local.engines.Slot`. ``at`` tokens of it are in ``cache``."""

    tokens: list[int]
    cells: int
    sampler: Sampler
    top: int
    cache: Cache
    cached: int
    at: int
    logits: mx.array | None = None
    picked: int = 0
    draft: list[int] = field(default_factory=list)
    drafted: Draft[mx.array] | None = None  # None: the last step had no draft


class Mlx:
    """An MLX model in memory: an :class:`fusion_magics.local.engines.Engine`."""

    def __init__(self, spec: Spec, cancel: CancelFlag) -> None:
        self._cancel = cancel
        self.on_gpu = mx.metal.is_available()
        mx.set_cache_limit(BUFFER_CACHE)
        if self.on_gpu:
            mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))
        else:
            mx.disable_compile()  # on a CPU it would call a C++ compiler, and wait for it
        self._model, tokenizer, config = _files(spec.path)
        self.vocabulary = MlxVocabulary(tokenizer, _text_config(config)["vocab_size"])
        self.context = _context_size(spec, config)
        self._piece = piece_size(
            get_total_parameters(self._model), METAL_FLOPS if self.on_gpu else CPU_FLOPS
        )
        self._schemas = Schemas(self.vocabulary)
        cell = _cell_bytes(_text_config(config))
        self._parallel = streams_of(self.context, spec.parallel, cell)
        self._most = most_cells(self.context, self._parallel, cell)
        self._slots: list[MlxSlot] = []
        self._prompts: list[Prompt] = []
        self._together: list[MlxSlot] = []  # whose caches are one
        self._joint: Cache = []
        self.threads = 1
        self.drafts = all(type(c) is KVCache for c in make_prompt_cache(self._model))

    # ── a call ───────────────────────────────────────────────────────────────────────────────

    @property
    def full(self) -> bool:
        return len(self._slots) >= self._parallel

    def known(self, tokens: Sequence[int]) -> int:
        return max((self._known(prompt, tokens) for prompt in self._prompts), default=0)

    def begin(self, tokens: Sequence[int], params: SamplingParams, most: int) -> MlxSlot | None:
        cells = len(tokens) + most
        taken = sum(slot.cells for slot in self._slots)
        if self.full or (self._slots and taken + cells > self._most):
            return None
        mask = None if params.schema is None else self._schemas.mask(params.schema)
        known = max(self._prompts, key=lambda p: self._known(p, tokens), default=None)
        keep = self._known(known, tokens) if known else 0
        cache = self._copy(known, keep) if known and keep else None
        if cache is None:
            cache, keep = make_prompt_cache(self._model), 0
        sampler = Sampler(params, mask)
        slot = MlxSlot(list(tokens), cells, sampler, params.logprobs, cache, cached=keep, at=keep)
        if known and keep == len(tokens):
            slot.logits = known.logits
        self._slots.append(slot)
        return slot

    def read(self, slot: MlxSlot) -> bool:
        # The last token is read by itself, as those that are written: its logits are wanted.
        end = len(slot.tokens) - 1
        if slot.at < end:
            self._cancel.check()
            start, stop = next(pieces(slot.at, end, self._piece))
            self._model(mx.array(slot.tokens[start:stop])[None], cache=slot.cache)
            mx.eval([layer.state for layer in slot.cache])
            slot.at = stop
        if slot.at < end:
            return False
        if slot.at == end:
            slot.logits = self._logits(slot.tokens[-1:], slot.cache)[0]
            slot.at += 1
            self._remember(Prompt(slot.tokens, deepcopy(slot.cache), slot.logits))
        return True

    def pick(self, slot: MlxSlot) -> Token | None:
        assert slot.logits is not None
        logits = np.array(slot.logits.astype(mx.float32))
        token = slot.sampler.pick(logits)
        if token is None or self.vocabulary.ends(token):
            return None
        slot.picked = token
        return with_logprobs(token, logits, slot.top)

    def step(self, slots: Sequence[MlxSlot]) -> None:
        self._cancel.check()
        if list(slots) != self._together:
            self._regroup(list(slots))
        if len(slots) == 1 and slots[0].draft:
            return self._step_with_draft(slots[0])
        tokens = [slot.picked for slot in slots]
        if self._joint:
            logits = self._logits(tokens, self._joint)
        else:
            logits = mx.concatenate(
                [self._logits([t], s.cache) for t, s in zip(tokens, slots, strict=True)]
            )
        for slot, row in zip(slots, logits, strict=True):
            slot.at += 1
            slot.logits, slot.drafted = row, None

    def follow(self, slot: MlxSlot) -> bool:
        if slot.drafted is None:
            return False
        left = len(slot.drafted.tokens)
        logits = slot.drafted.follow(slot.picked)
        if logits is None:
            trim_prompt_cache(slot.cache, left)
            return False
        slot.logits = logits
        slot.at += 1
        return True

    def _step_with_draft(self, slot: MlxSlot) -> None:
        logits = self._model(mx.array([slot.picked, *slot.draft])[None], cache=slot.cache)[0]
        mx.eval(logits)
        slot.at += 1
        slot.logits = logits[0]
        slot.drafted, slot.draft = Draft(slot.draft, list(logits[1:])), []

    def end(self, slot: MlxSlot, ahead: bool = False) -> None:
        if slot in self._together:
            self._regroup([s for s in self._together if s is not slot])
        self._slots.remove(slot)

    def _logits(self, tokens: Sequence[int], cache: Cache) -> mx.array:
        """Behind one more token in each row of ``cache``: rows by vocabulary."""
        logits: mx.array = self._model(mx.array(list(tokens))[:, None], cache=cache)[:, -1, :]
        mx.eval(logits)
        return logits

    # ── caches ───────────────────────────────────────────────────────────────────────────────

    def _regroup(self, slots: list[MlxSlot]) -> None:
        """One cache for all of ``slots``, where mlx-lm can join those of this model."""
        for row, slot in enumerate(self._together if self._joint else []):
            slot.cache = [layer.extract(row) for layer in self._joint]
        self._together, self._joint = slots, []
        layers = list(zip(*(slot.cache for slot in slots), strict=True))
        if len(slots) > 1 and all(hasattr(layer[0], "merge") for layer in layers):
            self._joint = [type(layer[0]).merge(layer) for layer in layers]

    def _known(self, prompt: Prompt, tokens: Sequence[int]) -> int:
        """How many of ``tokens`` need not be read behind ``prompt``."""
        if prompt.tokens == tokens:
            return len(tokens)
        return reusable(prompt.tokens[:-1], tokens[:-1], self._piece)

    def _copy(self, prompt: Prompt, keep: int) -> Cache | None:
        """The first ``keep`` tokens of ``prompt``; None if they cannot be had without the rest."""
        if keep < len(prompt.tokens) and not can_trim_prompt_cache(prompt.cache):
            return None
        cache: Cache = deepcopy(prompt.cache)
        trim_prompt_cache(cache, len(prompt.tokens) - keep)
        return cache

    def _remember(self, prompt: Prompt) -> None:
        others = [p for p in self._prompts if p.tokens != prompt.tokens][1 - PROMPTS :]
        while sum(layer.nbytes for p in others for layer in p.cache) > PROMPT_BYTES:
            others.pop(0)
        self._prompts = [*others, prompt]


def _files(folder: str) -> tuple[Any, Any, dict[str, Any]]:
    """Weights, tokenizer and configuration. Code that comes with a model is never run."""
    try:
        return mlx_lm.load(  # type: ignore[no-any-return]
            folder, tokenizer_config={"trust_remote_code": False}, return_config=True
        )
    except ValueError as exc:
        if "trust_remote_code" not in str(exc):
            raise
        raise LoadError(
            f"{folder} needs code of its own to be loaded, and code that comes with a model is "
            "not run here.",
            "Use a model of a kind that mlx-lm knows by itself.",
        ) from exc


def _text_config(config: dict[str, Any]) -> dict[str, Any]:
    """A model that also sees pictures keeps what concerns text by itself."""
    return config.get("text_config") or config


def _context_size(spec: Spec, config: dict[str, Any]) -> int:
    trained = _text_config(config).get("max_position_embeddings")
    if spec.context is None:
        return min(trained or spec.most, spec.most)
    if trained and spec.context > trained:
        raise LoadError(
            f"{Path(spec.path).name} was trained for a context of {trained} tokens, "
            f"not {spec.context}.",
            f"Give it @context={trained} or less.",
        )
    return spec.context


def _cell_bytes(config: dict[str, Any]) -> int:
    """Of one token's keys and values, 16 bits each, as the usual configurations say it."""
    heads = config.get("num_attention_heads") or 1
    head = config.get("head_dim") or config.get("hidden_size", 0) // heads
    layers = config.get("num_hidden_layers") or 1
    return int(layers * (config.get("num_key_value_heads") or heads) * head * 2 * 2)


def load(spec: Spec, cancel: CancelFlag) -> Mlx:
    """The MLX model in folder ``spec.path``.

    Raises
    ------
    LoadError
        If it does not fit what the user asked; mlx-lm's own errors pass through.
    """
    return Mlx(spec, cancel)
