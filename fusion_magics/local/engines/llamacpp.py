"""llama.cpp, by the C functions that llama-cpp-python exposes.

Its ``Llama`` class cannot be stopped inside a prompt, keeps no log-probabilities without keeping
all logits, and brings sampling defaults of its own; the functions below it are all that is needed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from ...errors import LoadError
from ...types import SamplingParams
from ..death import NO_MEMORY
from ..prefix import piece_size, pieces, reusable
from ..wire import Spec
from . import CancelFlag, Cancelled, Token
from ._draft import Draft
from ._logprobs import with_logprobs
from ._sampling import Sampler
from ._schema import Schemas
from .layout import PAGE, layout, most_cells, streams_of
from .llamacpp_context import Context
from .llamacpp_text import LlamaVocabulary, Log

# Tokens read at once on a CPU: no slower than more, and an abort waits for the node of the compute
# graph that runs.
PIECE = 128
# Below this size a thread's wait at the barrier costs more than its share of the work.
ONE_THREAD = 30_000_000
# What a step may take for granted on a GPU, in operations a second; see prefix.piece_size.
GPU_FLOPS = 2e12
ALL_LAYERS = 999
# Bytes of a parameter, from which on its kernels are those of whole numbers' rows: see _company.
UNQUANTISED = 1.9
# To copy what a neighbour has read costs more than to read fewer tokens than these.
WORTH_A_COPY = 32


@dataclass(eq=False)
class Stream:
    """What a stream of the context holds: the prompt read last, and more behind it.

    ``logits`` are those behind the whole of a prompt; ``slot`` is the call at work in it. What was
    read ``ahead`` waits for its call.
    """

    read: list[int] = field(default_factory=list)
    logits: NDArray[np.float32] | None = None
    slot: LlamaSlot | None = None
    used: int = 0
    ahead: bool = False


@dataclass(eq=False)
class LlamaSlot:
    """A :class:`fusion_magics.local.engines.Slot`. ``at`` tokens of it are in the stream."""

    tokens: list[int]
    cells: int
    sampler: Sampler
    top: int
    cached: int
    at: int
    logits: NDArray[np.float32] | None = None
    picked: int = 0
    draft: list[int] = field(default_factory=list)
    drafted: Draft[NDArray[np.float32]] | None = None  # None: the last step had no draft


class LlamaCpp:
    """A GGUF in memory: an :class:`fusion_magics.local.engines.Engine`."""

    def __init__(self, spec: Spec, cancel: CancelFlag) -> None:
        logging.getLogger("llama-cpp-python").setLevel(logging.CRITICAL)
        self._log = Log()
        lib.llama_backend_init()
        self._cancel = cancel
        self.on_gpu = lib.llama_supports_gpu_offload() and spec.gpu_layers != 0
        self._model = self._load(spec, self.on_gpu)
        self.vocabulary = LlamaVocabulary(self._model)
        self._schemas = Schemas(self.vocabulary)
        self.context = self._context_size(spec)
        self._parameters = lib.llama_model_n_params(self._model)
        self._piece = piece_size(self._parameters, GPU_FLOPS) if self.on_gpu else PIECE
        self.drafts = not self._remembers_all()
        self._company = self._needs_company()
        parallel = 1 if self._remembers_all() else spec.parallel
        cell, spare = self._cell_bytes(), int(self._company)
        self._most_streams = streams_of(self.context, parallel, cell, spare)
        self._most_cells = most_cells(self.context, self._most_streams, cell, spare)
        self._ctx = self._context(self._most_streams, PAGE)
        self._streams = [Stream() for _ in range(self._ctx.streams)]
        self._clock = 0
        self.threads = 1

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

    # ── what the model is ────────────────────────────────────────────────────────────────────

    def _needs_company(self) -> bool:
        """Whether a step of one row must have a second one beside it.

        On a CPU llama.cpp multiplies one row by other kernels than several rows, whose sums differ
        in the last bits, where weights are not quantised; an answer would depend on whether other
        calls are at work. A second row costs less than half of the first.
        """
        size = lib.llama_model_size(self._model) / max(1, self._parameters)
        return not self.on_gpu and not self._remembers_all() and size > UNQUANTISED

    def _remembers_all(self) -> bool:
        """Recurrent models cannot forget a part, so a step that was aborted is lost for all."""
        model = self._model
        return bool(lib.llama_model_is_recurrent(model) or lib.llama_model_is_hybrid(model))

    def _cell_bytes(self) -> int:
        """Of one token's keys and values, 16 bits each."""
        model = self._model
        heads, layers = lib.llama_model_n_head_kv(model), lib.llama_model_n_layer(model)
        head = lib.llama_model_n_embd(model) // max(1, lib.llama_model_n_head(model))
        return int(layers * heads * head * 2 * 2)

    def _context(self, streams: int, cells: int) -> Context:
        return Context(
            self._model,
            streams,
            cells,
            self._piece,
            self.vocabulary.size,
            self._cancel,
            self._log,
            self.on_gpu,
        )

    # ── a call ───────────────────────────────────────────────────────────────────────────────

    @property
    def full(self) -> bool:
        return len(self._busy()) + self._company >= self._ctx.streams

    def known(self, tokens: Sequence[int]) -> int:
        return max(self._known(stream, list(tokens)) for stream in self._streams)

    def begin(self, tokens: Sequence[int], params: SamplingParams, most: int) -> LlamaSlot | None:
        cells = len(tokens) + most
        if not self._make_room(cells):
            return None
        mask = None if params.schema is None else self._schemas.mask(params.schema)
        stream, keep = self._place(list(tokens))
        sampler = Sampler(params, mask)
        slot = LlamaSlot(list(tokens), cells, sampler, params.logprobs, cached=keep, at=keep)
        stream.slot, stream.ahead = slot, False
        return slot

    def read(self, slot: LlamaSlot) -> bool:
        number = self._number(slot)
        stream = self._streams[number]
        end = len(slot.tokens)
        if slot.at < end:
            start, stop = next(pieces(slot.at, end, self._piece))
            self._share_cores()
            try:
                self._ctx.read(number, slot.tokens[start:stop], start, int(stop == end))
            except Cancelled:
                self._trim(number, start)
                raise
            stream.read += slot.tokens[start:stop]
            slot.at = stop
            if stop == end:
                stream.logits = self._ctx.logits(-1).copy()
        if slot.at < end:
            return False
        slot.logits = stream.logits
        return True

    def pick(self, slot: LlamaSlot) -> Token | None:
        logits = slot.logits
        assert logits is not None
        token = slot.sampler.pick(logits)
        if token is None or self.vocabulary.ends(token):
            return None
        slot.picked = token
        return with_logprobs(token, logits, slot.top)

    def follow(self, slot: LlamaSlot) -> bool:
        if slot.drafted is None:
            return False
        logits = slot.drafted.follow(slot.picked)
        if logits is None:
            self._trim(self._number(slot), slot.at)
            return False
        slot.logits = logits
        slot.at += 1
        return True

    def step(self, slots: Sequence[LlamaSlot]) -> None:
        if len(slots) == 1 and slots[0].draft:
            return self._step_with_draft(slots[0])
        rows = self._in_front(slots)
        tokens, positions = [s.picked for s in rows], [s.at for s in rows]
        beside = self._company and len(rows) == 1
        if beside:
            tokens.append(0)
            positions.append(self._seat())
        self._share_cores()
        try:
            self._ctx.step(tokens, positions)
        except Cancelled:
            for number, position in enumerate(positions):
                self._trim(number, position)
            raise
        if beside:
            self._ctx.trim(1, positions[1])
        for row, slot in enumerate(rows):
            slot.at += 1
            slot.logits, slot.drafted = self._ctx.logits(row), None

    def _step_with_draft(self, slot: LlamaSlot) -> None:
        number, draft = self._number(slot), slot.draft
        self._share_cores()
        try:
            self._ctx.read(number, [slot.picked, *draft], slot.at, 1 + len(draft))
        except Cancelled:
            self._trim(number, slot.at)
            raise
        slot.at += 1
        slot.logits = self._ctx.logits(0)
        rows = [self._ctx.logits(row) for row in range(1, len(draft) + 1)]
        slot.drafted, slot.draft = Draft(draft, rows), []

    def end(self, slot: LlamaSlot, ahead: bool = False) -> None:
        stream = self._streams[self._number(slot)]
        stream.ahead = ahead
        self._clock += 1
        stream.slot, stream.used = None, self._clock

    def _share_cores(self) -> None:
        self._ctx.use_threads(1 if self._parameters < ONE_THREAD else self.threads)

    # ── streams ──────────────────────────────────────────────────────────────────────────────

    def _number(self, slot: LlamaSlot) -> int:
        return next(n for n, stream in enumerate(self._streams) if stream.slot is slot)

    def _busy(self) -> list[LlamaSlot]:
        return [stream.slot for stream in self._streams if stream.slot]

    def _make_room(self, cells: int) -> bool:
        """Streams enough, and long enough, for one more call; False if others must end before."""
        now = (self._ctx.streams, self._ctx.cells)
        busy = [slot.cells for slot in self._busy()]
        cut = layout(now, busy, cells, self._most_streams, self._most_cells, self._company)
        if cut is not None and cut != now:
            self._cut_anew(*cut)
        return cut is not None

    def _cut_anew(self, streams: int, cells: int) -> None:
        """Another context; what the streams hold is taken along if their number stays."""
        for number, stream in enumerate(self._streams):
            if stream.slot is None:
                self._trim(number, len(stream.read))
        before = self._ctx.streams, self._ctx.cells
        kept = [self._ctx.save(n) for n in range(before[0])]
        self._ctx.free()
        try:
            self._ctx = self._context(streams, cells)
        except LoadError:
            self._ctx = self._context(*before)
            self._take_along(kept)
            raise
        if streams != before[0]:
            self._streams = [Stream() for _ in range(streams)]
        else:
            self._take_along(kept)

    def _take_along(self, kept: Sequence[bytes]) -> None:
        for number, saved in enumerate(kept):
            if len(self._streams[number].read) > self._ctx.cells:
                self._streams[number] = Stream()
            else:
                self._ctx.restore(number, saved)

    def _place(self, tokens: list[int]) -> tuple[Stream, int]:
        """A free stream for a prompt, and how many tokens of it this holds already."""
        worth = [self._known(stream, tokens) for stream in self._streams]
        free = [n for n, stream in enumerate(self._streams) if stream.slot is None]
        lost = [
            self._lost(stream, known) for stream, known in zip(self._streams, worth, strict=True)
        ]
        number = max(free, key=lambda n: (-lost[n], worth[n], -self._streams[n].used))
        best = max(range(len(worth)), key=worth.__getitem__)
        if worth[best] >= worth[number] + WORTH_A_COPY:
            number = min(free, key=lambda n: (lost[n], self._streams[n].used))
            self._ctx.restore(number, self._ctx.save(best))
            source = self._streams[best]
            self._streams[number].logits = source.logits
            worth[number] = worth[best]
        stream, keep = self._streams[number], worth[number]
        if not self._trim(number, keep):
            keep = 0
        stream.read = tokens[:keep]
        if keep < len(tokens):
            stream.logits = None
        return stream, keep

    def _lost(self, stream: Stream, keep: int) -> int:
        """Tokens read ahead that would be forgotten; the end of a template is no loss."""
        lost = len(stream.read) - keep
        return lost if stream.ahead and lost >= 2 * WORTH_A_COPY else 0

    def _trim(self, number: int, keep: int) -> bool:
        """Forget all but the first ``keep`` tokens of a stream; False: it had to forget all."""
        if self._ctx.trim(number, keep):
            return True
        stream = self._streams[number]
        stream.read, stream.logits = [], None
        return False

    def _known(self, stream: Stream, tokens: list[int]) -> int:
        """How many of ``tokens`` need not be read where ``stream`` is.

        All of them, if it has read just these; then the logits behind them are known, too.
        """
        if stream.logits is not None and stream.read == tokens:
            return len(tokens)
        return reusable(stream.read, tokens, self._piece)

    def _in_front(self, slots: Sequence[LlamaSlot]) -> list[LlamaSlot]:
        """``slots`` in the order of their streams, which are the first ones then.

        llama.cpp takes rows of neighbouring streams together, others in a step of their own.
        """
        rows = sorted(slots, key=self._number)
        for place, slot in enumerate(rows):
            if (number := self._number(slot)) != place:
                self._exchange(number, place)
        return rows

    def _exchange(self, a: int, b: int) -> None:
        first, second = self._ctx.save(a), self._ctx.save(b)
        self._ctx.restore(a, second)
        self._ctx.restore(b, first)
        self._streams[a], self._streams[b] = self._streams[b], self._streams[a]

    def _seat(self) -> int:
        """Where a row that only keeps company may stand in the second stream."""
        held, stream = self._ctx.held(1), self._streams[1]
        if held < self._ctx.cells:
            return held
        stream.read, stream.logits = stream.read[: held - 1], None
        self._ctx.trim(1, held - 1)
        return held - 1


def load(spec: Spec, cancel: CancelFlag) -> LlamaCpp:
    """The GGUF at ``spec.path``.

    Raises
    ------
    LoadError
        With llama.cpp's own reason.
    """
    return LlamaCpp(spec, cancel)
