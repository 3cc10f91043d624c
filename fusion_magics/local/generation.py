"""One call inside the child: a conversation in, deltas out. The same for every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from .. import thinking
from ..errors import ContextOverflow
from ..types import Delta, Finish, FinishReason, Message, SamplingParams, TokenLogprob, Usage
from .assembly import Assembly
from .chat import prompt_tokens
from .drafting import Lookup
from .engines import Engine, Token, Vocabulary

Emit = Callable[[Delta], None]

LONGEST_MARK = 24
"""Tokens in which a mark of thinking, and the white space behind it, is found in any vocabulary."""


class Generation:
    """One call: a conversation in, deltas out, a token at a time.

    Attributes
    ----------
    tokens : list of int
        The prompt.
    most : int
        The most tokens that may be written.
    over : bool
        Its last delta was emitted.

    Raises
    ------
    ContextOverflow
        If the prompt leaves no room for an answer.
    """

    def __init__(
        self, engine: Engine, messages: Sequence[Message], params: SamplingParams, emit: Emit
    ) -> None:
        _refuse_the_hopeless(engine, messages)
        self.params = params
        self.tokens = prompt_tokens(engine.vocabulary, messages)
        room = engine.context - len(self.tokens)
        if room < 1:
            raise _overflow(f"{len(self.tokens)} tokens", engine)
        self.most = min(room, params.max_tokens)
        self.over = False
        self._emit = emit
        self._vocabulary = engine.vocabulary
        self._assembly = Assembly(params.stop)
        self._cached = self._written = 0
        self._lookup = Lookup(self.tokens) if _copies(params) and engine.drafts else None

    def read(self) -> None:
        """It has room, and its prompt is read from now on."""
        self._emit(Delta(state="reading"))

    def begin(self, cached: int) -> None:
        """Its prompt is read; so many tokens of it were known before."""
        self._cached = cached
        text = _begun(self._vocabulary, self.tokens, self.params)
        self._emit(Delta(state="writing", text=text))
        if self.most == 0:
            self._finish("length")

    def leave(self) -> None:
        """It was to be read only."""
        self._finish("length")

    def add(self, token: Token | None) -> None:
        """The next token; None: the model ended its text."""
        if token is None:
            return self._finish("stop")
        self._written += 1
        if self._lookup:
            self._lookup.add(token.id)
        self._assembly.add(*_piece(self._vocabulary, token))
        self._pass_on(self._assembly.take())
        if self._assembly.stopped:
            self._finish("stop")
        elif self._written == self.most:
            self._finish("length")

    def draft(self) -> list[int]:
        """What may come behind the token that was added last; it leaves room for one more."""
        return self._lookup.draft(self.most - self._written - 1) if self._lookup else []

    def _pass_on(self, new: tuple[str, tuple[TokenLogprob, ...]]) -> None:
        text, logprobs = new
        if text or logprobs:
            self._emit(Delta(text=text, logprobs=logprobs))

    def _finish(self, reason: FinishReason) -> None:
        self._pass_on(self._assembly.rest())
        usage = Usage(len(self.tokens), self._written, self._cached, cost=0.0)
        self._emit(Delta(finish=Finish(reason, usage)))
        self.over = True


def _copies(params: SamplingParams) -> bool:
    """Whether drafts are worth it, and cannot be told from the outcome."""
    return params.lookup and params.greedy and not params.logprobs


def _refuse_the_hopeless(engine: Engine, messages: Sequence[Message]) -> None:
    """Raise for a prompt of more bytes than tokens can hold, before it is cut into tokens.

    Megabytes take a tokenizer seconds, in which it cannot be stopped.
    """
    size = sum(len(m.content.encode()) for m in messages)
    if size <= engine.context:
        return
    longest = _longest_piece(engine.vocabulary)  # type: ignore[arg-type]  # by identity
    if size > engine.context * longest:
        raise _overflow(f"{size:,} bytes", engine)


@lru_cache(maxsize=1)
def _longest_piece(vocabulary: Vocabulary) -> int:
    """Bytes of the longest token."""
    return max(len(vocabulary.piece(token)) for token in range(vocabulary.size))


def _overflow(size: str, engine: Engine) -> ContextOverflow:
    return ContextOverflow(
        f"The prompt has {size}; the model's context holds {engine.context} tokens, with the "
        "answer.",
        "Shorten the prompt, or give the member more: @context=N.",
    )


def _begun(vocabulary: Vocabulary, prompt: Sequence[int], params: SamplingParams) -> str:
    """The mark of thinking that the template put at the end of the prompt.

    What is held to a schema is all answer, and without a template only the user can have put it.
    """
    if params.schema is not None or not vocabulary.template:
        return ""
    end = "".join(_shown(vocabulary, token) for token in prompt[-LONGEST_MARK:])
    return thinking.opened_by(end)


def _piece(vocabulary: Vocabulary, token: Token) -> tuple[bytes, TokenLogprob | None]:
    piece = _visible(vocabulary, token.id)
    if token.logprob is None:
        return piece, None
    top = tuple((_shown(vocabulary, i), p) for i, p in token.top)
    return piece, TokenLogprob(_shown(vocabulary, token.id), token.logprob, top)


def _visible(vocabulary: Vocabulary, token: int) -> bytes:
    """The token's text; control tokens have none, but those around thinking are kept."""
    return vocabulary.piece(token) or _marks(vocabulary).get(token, b"")  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _marks(vocabulary: Vocabulary) -> dict[int, bytes]:
    return {s.token: s.text.encode() for s in vocabulary.specials if s.text in thinking.MARKS}


def _shown(vocabulary: Vocabulary, token: int) -> str:
    """The token as text; part of a character as U+FFFD, control tokens by name."""
    piece = vocabulary.piece(token)
    if piece:
        return piece.decode("utf-8", "replace")
    return next((s.text for s in vocabulary.specials if s.token == token), "")
