"""The seam between the child process and what runs the model in it.

An engine module has ``load(spec, cancel) -> Engine``. It is imported in the child process only.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...types import SamplingParams

ENGINES: dict[str, str] = {
    "llamacpp": "llama_cpp",
    "mlx": "mlx_lm",
}
"""Engine word → the package it needs. Module ``engines/<word>.py`` has ``load``."""


class Cancelled(Exception):
    """The call was cancelled; the engine is ready for the next one."""


class CancelFlag:
    """Set by the thread that listens, read by the engine between (and within) its steps.

    The flag is a C string: "" or "1". So native code can watch it without Python: C's ``strlen``
    of :attr:`address` is 0 until the flag is set.
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)
        self.address = ctypes.addressof(self._text)

    def set(self) -> None:
        """Ask the engine to stop."""
        self._text.value = b"1"

    def clear(self) -> None:
        """Ready for the next call."""
        self._text.value = b""

    def check(self) -> None:
        """Raise :class:`Cancelled` if the flag is set."""
        if self._text.value:
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Special:
    """A control token, and whether it swallows the white space beside it.

    Every token counts whose name a tokenizer finds in text, marked "special" or not: a template
    may give any of them a meaning.
    """

    text: str
    token: int
    strips_left: bool = False
    strips_right: bool = False


class Vocabulary(Protocol):
    """Text ↔ tokens of one model.

    Attributes
    ----------
    template : str, optional
        The model's chat template (Jinja), None for a plain text model.
    bos : int, optional
        The token that every prompt begins with, None where the model wants none.
    size : int
        Number of tokens.
    bos_text, eos_text : str
        The texts of its begin and end tokens, as templates use them.
    """

    template: str | None
    bos: int | None
    size: int
    bos_text: str
    eos_text: str

    @property
    def specials(self) -> Sequence[Special]:
        """All control tokens."""
        ...

    def encode(self, text: str, special: bool) -> list[int]:
        """Tokens of ``text``; the names of control tokens mean them only if ``special``."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes of a token; empty for control tokens that are marked so."""
        ...

    def ends(self, token: int) -> bool:
        """Whether the model ends its text with this token."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """One written token; log-probabilities (natural, of the raw logits) where they were asked."""

    id: int
    logprob: float | None = None
    top: tuple[tuple[int, float], ...] = ()


class Slot(Protocol):
    """One call in an engine: its prompt, then what is written behind it.

    Attributes
    ----------
    cached : int
        Tokens of the prompt that need not be read: an earlier call, or a neighbour, has read them.
    draft : list of int
        What may follow the token that was picked last: read in the same step.
    """

    cached: int
    draft: list[int]


class Engine(Protocol):
    """One loaded model that works on several sequences at once. All calls come from one thread.

    Between two calls sequences may begin and end. What a sequence writes does not depend on its
    neighbours.

    Attributes
    ----------
    context : int
        Tokens of prompt and answer of one sequence together.
    threads : int
        Processor threads to use from the next step on (set by another thread).
    drafts : bool
        Whether it can read a draft, and forget it again.
    on_gpu : bool
        Whether its steps run on a GPU, and have ended there when they return.
    """

    vocabulary: Vocabulary
    context: int
    threads: int
    drafts: bool
    on_gpu: bool

    @property
    def full(self) -> bool:
        """Whether a call must end before another can begin."""
        ...

    def begin(self, tokens: Sequence[int], params: SamplingParams, most: int) -> Slot | None:
        """Make room for a prompt and ``most`` tokens behind it; None if others must end before.

        Raises
        ------
        ModelError
            For a schema that no answer can be held to.
        """
        ...

    def read(self, slot: Slot) -> bool:
        """Read a piece of its prompt; whether all of it is read.

        Raises
        ------
        Cancelled
            Soon after the cancel flag was set. It can be read on.
        """
        ...

    def pick(self, slot: Slot) -> Token | None:
        """What the model writes next in a sequence just read or stepped; None: its text ends.

        Raises
        ------
        ModelError
            If the weights give no numbers.
        """
        ...

    def known(self, tokens: Sequence[int]) -> int:
        """How many of a prompt's ``tokens`` need not be read, as things stand."""
        ...

    def follow(self, slot: Slot) -> bool:
        """Whether the token picked last was drafted: then it is read, and the next can be picked.

        Else what is left of the draft is forgotten.
        """
        ...

    def step(self, sequences: Sequence[Slot]) -> None:
        """Read the token that was picked last in each of ``sequences``, all in one step.

        Of a sequence that is alone its draft is read, too.

        Raises
        ------
        Cancelled
            Soon after the cancel flag was set. The step can be made again.
        """
        ...

    def end(self, slot: Slot, ahead: bool = False) -> None:
        """Give its room back; what it has read may serve the next. Read ``ahead``, it shall."""
        ...
