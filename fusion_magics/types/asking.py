"""What is asked, what comes back from one call, and what a pool gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
State = Literal["queued", "loading", "reading", "writing", "done", "failed", "cancelled"]
FinishReason = Literal["stop", "length"]
Purpose = Literal["member", "judge"]
Wording = Literal["full", "short"]

# ── what is asked ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation whose last message waits for an answer."""

    messages: tuple[Message, ...]

    @classmethod
    def of(cls, text: str, system: str | None = None) -> Prompt:
        """The conversation of one user message, after an optional system message."""
        before = (Message("system", system),) if system else ()
        return cls((*before, Message("user", text)))

    @property
    def text(self) -> str:
        """The last user message."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How a model chooses its tokens.

    Attributes
    ----------
    temperature : float
        0 is greedy decoding (the default): the likeliest token, the same text every time.
    top_p : float
        Nucleus sampling (Holtzman et al. 2020); 1 is off.
    max_tokens : int
        The most tokens to write; an answer cut there has ``finish_reason="length"``.
    seed : int
        Of the sampler. The same seed, prompt and weights give the same text.
    stop : tuple of str
        Writing ends before any of these texts.
    schema : mapping, optional
        A JSON schema that the engine holds the text to, where it can.
    logprobs : int
        How many top tokens to report with each token written; 0 reports none.
    lookup : bool
        The text is expected to copy from its prompt. Engines that can, look up there what may come
        next and read several tokens in one step (prompt lookup decoding). Of greedy text alone; it
        stays the same but for ties within rounding.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    logprobs: int = 0
    lookup: bool = False

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken.

        Next to 0 a temperature would do the same, but logits divided by it overflow into noise.
        """
        return self.temperature < 1e-4


# ── what comes back from one call ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One written token with its natural-log probability and the likeliest alternatives.

    Attributes
    ----------
    token : str
        Its text.
    logprob : float
        At most 0; ``-inf`` is a probability of zero.
    top : tuple of (str, float)
        The likeliest tokens in its place with their ``logprob``, likeliest first.
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call or of many, and their cost in US dollars (None: unknown).

    ``prompt_tokens`` counts the whole prompt; ``cached_tokens`` of them were not read again.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: Usage) -> Usage:
        known = self.cost is not None and other.cost is not None
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached_tokens + other.cached_tokens,
            (self.cost or 0.0) + (other.cost or 0.0) if known else None,
        )


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: US dollars per token ``read`` and per token ``written``."""

    read: float
    written: float

    def of(self, usage: Usage) -> float:
        """The cost of ``usage``."""
        return self.read * usage.prompt_tokens + self.written * usage.completion_tokens


FREE = Price(0.0, 0.0)
"""The price of models of this machine."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a call ended: its last :class:`Delta` carries this."""

    reason: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a stream: a change of state, new text, or the end."""

    state: State | None = None
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """When a call entered each state, in seconds since the fusion began (None: it never did)."""

    queued: float
    loading: float | None = None
    reading: float | None = None
    writing: float | None = None
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """From the start of the call to its end."""
        return (self.ended or self.queued) - self.queued

    @property
    def first_token(self) -> float | None:
        """Seconds from the start of the call to its first text."""
        return None if self.writing is None else self.writing - self.queued


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one model, as the timeline keeps it. ``state`` is how it ended."""

    label: str
    purpose: Purpose
    state: State
    timing: Timing
    usage: Usage


# ── what a pool gives ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member's answer.

    ``thinking`` is what a reasoning model wrote before it, ``critique`` what a debater said of the
    others' answers; neither is part of ``text``.
    """

    member: str
    text: str
    usage: Usage
    finish_reason: FinishReason
    timing: Timing
    logprobs: tuple[TokenLogprob, ...] = ()
    thinking: str = ""
    critique: str = ""

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens written per second of writing."""
        if self.timing.writing is None or self.timing.ended is None:
            return None
        seconds = self.timing.ended - self.timing.writing
        return self.usage.completion_tokens / seconds if seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Failure:
    """One member that gave no answer: data, not an exception.

    ``partial`` is the text that had arrived before it failed.
    """

    member: str
    kind: str
    message: str
    retryable: bool = False
    hint: str = ""
    partial: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a pool gave for one prompt, each part in pool order."""

    candidates: tuple[Candidate, ...]
    failures: tuple[Failure, ...] = ()
