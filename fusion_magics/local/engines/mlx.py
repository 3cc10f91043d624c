"""MLX, by mlx-lm: Metal on Apple Silicon, MLX's CPU build on Linux.

mlx-lm is not safe across threads; here one thread of one process owns one model, which avoids the
whole class of faults.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm
import numpy as np
from mlx_lm.generate import generate_step
from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache
from mlx_lm.utils import get_total_parameters
from numpy.typing import NDArray

from ...errors import LoadError
from ...types import SamplingParams
from ..prefix import piece_size, pieces, reusable
from ..wire import Spec
from . import CancelFlag, Token, greedy
from ._logprobs import check_number, with_logprobs
from ._schema import SchemaMask, Schemas
from .mlx_text import MlxVocabulary

METAL_FLOPS = 2e12
CPU_FLOPS = 2e9
# Freed buffers that MLX keeps for reuse; unbounded by default, it has filled whole machines.
BUFFER_CACHE = 256 << 20
UNLIMITED = -1

Processor = Callable[[mx.array, mx.array], mx.array]


class Mlx:
    """An MLX model in memory: an :class:`fusion_magics.local.engines.Engine`."""

    def __init__(self, spec: Spec, cancel: CancelFlag) -> None:
        self._cancel = cancel
        on_metal = mx.metal.is_available()
        mx.set_cache_limit(BUFFER_CACHE)
        if on_metal:
            mx.set_wired_limit(int(mx.device_info()["max_recommended_working_set_size"]))
        else:
            mx.disable_compile()  # on a CPU it would call a C++ compiler, and wait for it
        self._model, tokenizer, config = _files(spec.path)
        self.vocabulary = MlxVocabulary(tokenizer, _text_config(config)["vocab_size"])
        self.context = _context_size(spec, config)
        self._piece = piece_size(
            get_total_parameters(self._model), METAL_FLOPS if on_metal else CPU_FLOPS
        )
        self._schemas = Schemas(self.vocabulary)
        self._cache: list[Any] = make_prompt_cache(self._model)
        self._held = 0  # tokens in the cache
        self._read: list[int] = []  # the prompt tokens among them
        self._last: list[int] = []  # the end of the prompt, read by the first step of writing
        self.threads = 1

    def read(self, tokens: Sequence[int]) -> int:
        # The last token is not read here: the first step of writing needs it.
        *body, last = tokens
        keep = reusable(self._read, body, self._piece)
        keep = self._trim(keep)
        self._read = body[:keep]
        for start, stop in pieces(keep, len(body), self._piece):
            self._cancel.check()
            self._held = stop
            self._model(mx.array(body[start:stop])[None], cache=self._cache)
            mx.eval([c.state for c in self._cache])
            self._read += body[start:stop]
        self._last = [last]
        return keep

    def write(self, params: SamplingParams) -> Iterator[Token]:
        mx.random.seed(params.seed % (1 << 63))
        raw: deque[mx.array] = deque()  # the logits of steps that were not yet yielded
        processors: list[Processor] = [_recorder(raw)] if params.logprobs else []
        masked = None if params.schema is None else _Masked(self._schemas.mask(params.schema))
        if masked:
            processors.append(masked)
        steps = generate_step(
            mx.array(self._last),
            self._model,
            max_tokens=UNLIMITED,
            sampler=_sampler(params),
            logits_processors=processors,
            prompt_cache=self._cache,
        )
        self._held += 1
        with closing(steps):
            for step, (token, logprobs) in enumerate(steps):
                self._held += 1  # generate_step is always one token ahead
                if masked and masked.ended_at == step:
                    return
                check_number(logprobs[token].item())
                if self.vocabulary.ends(token):
                    return
                yield (
                    with_logprobs(token, _numbers(raw.popleft()), params.logprobs)
                    if raw
                    else (Token(token))
                )
                self._cancel.check()

    def _trim(self, keep: int) -> int:
        """Forget all but the first ``keep`` tokens; how many are really kept."""
        if self._held > keep and keep and can_trim_prompt_cache(self._cache):
            trim_prompt_cache(self._cache, self._held - keep)
        elif self._held > keep:
            self._cache = make_prompt_cache(self._model)
            keep = 0
        self._held = keep
        return keep


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


def _sampler(params: SamplingParams) -> Callable[[mx.array], mx.array]:
    """Top-p, then temperature: llama.cpp's order. (mlx-lm's own samplers need a C++ compiler on
    Linux, where MLX compiles at run time.)"""
    if greedy(params):
        return lambda logprobs: mx.argmax(logprobs, axis=-1)

    def sample(logprobs: mx.array) -> mx.array:
        if params.top_p < 1:
            logprobs = _nucleus(logprobs, params.top_p)
        return mx.random.categorical(logprobs / params.temperature)

    return sample


def _nucleus(logprobs: mx.array, top_p: float) -> mx.array:
    """All but the smallest set of tokens whose probability reaches ``top_p`` set to -inf."""
    order = mx.argsort(-logprobs, axis=-1)
    sorted_probs = mx.exp(mx.take_along_axis(logprobs, order, axis=-1))
    before = mx.cumsum(sorted_probs, axis=-1) - sorted_probs
    kept = mx.put_along_axis(mx.zeros_like(before), order, before, axis=-1) < top_p
    return mx.where(kept, logprobs, -mx.inf)


def _recorder(raw: deque[mx.array]) -> Processor:
    """Keeps each step's logits as the model gave them, before a schema masks any."""

    def keep(_: mx.array, logits: mx.array) -> mx.array:
        raw.append(logits)
        return logits

    return keep


class _Masked:
    """Gives the tokens that would leave the schema -inf.

    ``ended_at`` is the step at which no token could follow: the JSON is complete, and the model
    has no token that ends its text.
    """

    def __init__(self, mask: SchemaMask) -> None:
        self._mask = mask
        self._before: int | None = None  # tokens that stood before this step
        self._step = 0
        self.ended_at: int | None = None

    def __call__(self, tokens: mx.array, logits: mx.array) -> mx.array:
        written = [] if self._before is None else np.array(tokens[self._before :]).tolist()
        for token in written:
            self._mask.accept(int(token))
        self._before = tokens.size
        allowed = self._mask.allowed(logits.shape[-1])
        if self.ended_at is None and not allowed.any():
            self.ended_at = self._step
        self._step += 1
        return mx.where(mx.array(allowed), logits, -mx.inf)


def _numbers(logits: mx.array) -> NDArray[np.float32]:
    return np.array(logits.astype(mx.float32)).reshape(-1)


def load(spec: Spec, cancel: CancelFlag) -> Mlx:
    """The MLX model in folder ``spec.path``.

    Raises
    ------
    LoadError
        If it does not fit what the user asked; mlx-lm's own errors pass through.
    """
    return Mlx(spec, cancel)
