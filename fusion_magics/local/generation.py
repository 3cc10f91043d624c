"""One call inside the child: a conversation in, deltas out. The same for every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import lru_cache

from .. import thinking
from ..errors import ContextOverflow
from ..types import Delta, Finish, FinishReason, Message, SamplingParams, TokenLogprob, Usage
from .assembly import Assembly
from .chat import prompt_tokens
from .engines import Engine, Token, Vocabulary

Emit = Callable[[Delta], None]

LONGEST_MARK = 24
"""Tokens in which a mark of thinking, and the white space behind it, is found in any vocabulary."""


def generate(
    engine: Engine, messages: Sequence[Message], params: SamplingParams, emit: Emit
) -> None:
    """Read the conversation, write the answer.

    Raises
    ------
    ContextOverflow
        If the prompt leaves no room for an answer.
    """
    emit(Delta(state="reading"))
    _refuse_the_hopeless(engine, messages)
    tokens = prompt_tokens(engine.vocabulary, messages)
    room = engine.context - len(tokens)
    if room < 1:
        raise _overflow(f"{len(tokens)} tokens", engine)
    cached = engine.read(tokens)
    emit(Delta(state="writing", text=_begun(engine.vocabulary, tokens, params)))
    written, reason = _write(engine, params, min(room, params.max_tokens), emit)
    usage = Usage(len(tokens), written, cached, cost=0.0)
    emit(Delta(finish=Finish(reason, usage)))


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


def _write(
    engine: Engine, params: SamplingParams, limit: int, emit: Emit
) -> tuple[int, FinishReason]:
    """Write at most ``limit`` tokens; how many, and why no more."""
    assembly = Assembly(params.stop)
    written, reason = 0, "length"
    with closing(engine.write(params)) as tokens:  # type: ignore[type-var]
        while written < limit:
            token = next(tokens, None)
            if token is None:
                reason = "stop"
                break
            written += 1
            assembly.add(*_piece(engine.vocabulary, token))
            _emit_text(assembly.take(), emit)
            if assembly.stopped:
                reason = "stop"
                break
    _emit_text(assembly.rest(), emit)
    return written, reason  # type: ignore[return-value]


def _emit_text(new: tuple[str, tuple[TokenLogprob, ...]], emit: Emit) -> None:
    text, logprobs = new
    if text or logprobs:
        emit(Delta(text=text, logprobs=logprobs))


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
