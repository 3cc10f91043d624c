"""From a conversation to prompt tokens, by the model's own chat template.

What a person (or another model) wrote is data. Text such as ``<|im_end|>`` in a message must not
become the control token of that name, or a message could end its own turn and speak as somebody
else. So the template is rendered twice: with the messages, and with unguessable placeholders in
their stead. If both give the same control tokens, the first rendering is what the template's
author meant, token by token. If not, a message names a control token: then the second rendering is
taken apart, and control tokens are looked for in the template's own parts only. The same where the
template refuses a message for what it says (Ministral 3 an empty answer, gpt-oss one that names its
channels): who may speak in which order is the template's to say, what a model wrote is data.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from ..errors import ModelError
from ..types import Message
from .engines import Special, Vocabulary


def prompt_tokens(vocabulary: Vocabulary, messages: Sequence[Message]) -> list[int]:
    """The tokens of a conversation that waits for the assistant's turn.

    A model without a chat template continues the last user message, the system text in front.

    Raises
    ------
    ModelError
        If the template refuses the conversation, or nothing at all is asked.
    """
    if vocabulary.template:
        tokens = chat_tokens(vocabulary, vocabulary.template, messages)
    else:
        tokens = vocabulary.encode(_continuation(messages), special=False)
    if vocabulary.bos is not None and tokens[:1] != [vocabulary.bos]:
        tokens = [vocabulary.bos, *tokens]
    if not tokens:
        raise ModelError(
            "The prompt is empty: there is nothing to continue.", "Write a few words to go on from."
        )
    return tokens


def chat_tokens(vocabulary: Vocabulary, template: str, messages: Sequence[Message]) -> list[int]:
    """As :func:`prompt_tokens`, for a model with a chat template, without the begin token."""
    render = Renderer(template, vocabulary.bos_text, vocabulary.eos_text)
    marks = Marks(secrets.token_hex(16))
    messages, skeleton = _accepted(render, marks, messages)
    try:
        tokens = vocabulary.encode(render(messages), special=True)
    except ModelError:
        return guarded_tokens(vocabulary, marks.split(skeleton), messages)
    control = {s.token for s in vocabulary.specials}
    intended = [t for t in vocabulary.encode(skeleton, special=True) if t in control]
    if [t for t in tokens if t in control] == intended:
        return tokens
    return guarded_tokens(vocabulary, marks.split(skeleton), messages)


def _continuation(messages: Sequence[Message]) -> str:
    system = [m.content for m in messages if m.role == "system"]
    user = [m.content for m in messages if m.role == "user"]
    return "\n\n".join([*system, *user[-1:]])


# ── rendering ────────────────────────────────────────────────────────────────────────────────


class Renderer:
    """A chat template with the environment that Hugging Face gives it."""

    def __init__(self, template: str, bos_text: str, eos_text: str) -> None:
        self._template = _compiled(template)
        self._fixed = {"bos_token": bos_text, "eos_token": eos_text, "add_generation_prompt": True}

    def __call__(self, messages: Sequence[Message]) -> str:
        """The conversation as one text, the assistant's turn begun."""
        from jinja2 import TemplateError

        turns = [{"role": m.role, "content": m.content} for m in messages]
        try:
            return self._template.render(messages=turns, **self._fixed)  # type: ignore[no-any-return]
        except TemplateError as exc:
            raise ModelError(
                f"The model's chat template refuses this conversation: {exc}",
                "Ask with a single user message, or use another model.",
            ) from exc
        except Exception as exc:  # it is a program, by anybody
            raise _faulty(exc) from exc


@lru_cache(maxsize=8)
def _compiled(template: str) -> Any:
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Hugging Face's mark around what the assistant said, for training: here it means nothing.
    template = re.sub(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}", r"{%\1 set _ = 0 \2%}", template)

    def raise_exception(message: str) -> NoReturn:
        raise TemplateError(message)

    def tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    try:
        return environment.from_string(template)
    except Exception as exc:
        raise _faulty(exc) from exc


def _faulty(exc: Exception) -> ModelError:
    return ModelError(
        f"The model's chat template is faulty: {type(exc).__name__}: {exc}",
        "Use another copy of this model, or another model.",
    )


def _accepted(
    render: Renderer, marks: Marks, messages: Sequence[Message]
) -> tuple[Sequence[Message], str]:
    """The conversation in a form that the template takes, and its rendering with marks.

    Some templates know no system role: they raise, or leave its text out.
    """
    has_system = any(m.role == "system" for m in messages)
    try:
        skeleton = render(marks.instead_of(messages))
    except ModelError:
        if not has_system:
            raise
    else:
        slots = [part for part in marks.split(skeleton) if isinstance(part, Slot)]
        if not has_system or any(slot.index == 0 for slot in slots):
            return messages, skeleton
    folded = _system_in_user(messages)
    return folded, render(marks.instead_of(folded))


def _system_in_user(messages: Sequence[Message]) -> list[Message]:
    """The system text put in front of the first user message."""
    system = [m.content for m in messages if m.role == "system"]
    turns = [m for m in messages if m.role != "system"]
    first = next((i for i, m in enumerate(turns) if m.role == "user"), None)
    if first is None:
        return [Message("user", "\n\n".join(system)), *turns]
    turns[first] = Message("user", "\n\n".join([*system, turns[first].content]))
    return turns


# ── keeping messages apart from the template ─────────────────────────────────────────────────


@dataclass(frozen=True)
class Slot:
    """Where the content of message ``index`` stands, and what the template does to it.

    It may trim it, and write it as JSON (escaped; the quotes around it are the template's).
    """

    index: int
    trims_left: bool
    trims_right: bool
    as_json: bool

    def fill(self, messages: Sequence[Message]) -> str:
        """The content as the template would print it."""
        text = messages[self.index].content
        text = text.lstrip() if self.trims_left else text
        text = text.rstrip() if self.trims_right else text
        return json.dumps(text, ensure_ascii=False)[1:-1] if self.as_json else text


class Marks:
    """Placeholders for the contents of messages, inside white space that no template prints.

    The white space (unit separator) tells whether a template trims what it is given, the quotes
    in the placeholder whether it writes JSON.
    """

    SPACE = "\x1f"
    SPACE_IN_JSON = r"\\u001f"

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def of(self, index: int) -> str:
        """The placeholder of message ``index``."""
        return f'{self._secret}"{index}"'

    def instead_of(self, messages: Sequence[Message]) -> list[Message]:
        """The same conversation with placeholders as contents."""
        return [
            Message(m.role, f"{self.SPACE}{self.of(i)}{self.SPACE}") for i, m in enumerate(messages)
        ]

    def split(self, skeleton: str) -> list[str | Slot]:
        """The template's own texts, and the slots between them."""
        space = f"((?:{self.SPACE}|{self.SPACE_IN_JSON})?)"
        slot = rf'{space}{self._secret}(\\?)"(\d+)\\?"{space}'
        found = re.split(slot, skeleton)
        parts: list[str | Slot] = [found[0]]
        for left, escape, index, right, text in zip(
            *(found[n::5] for n in range(1, 6)), strict=True
        ):
            parts += [Slot(int(index), not left, not right, bool(escape)), text]
        return parts


def guarded_tokens(
    vocabulary: Vocabulary, parts: Sequence[str | Slot], messages: Sequence[Message]
) -> list[int]:
    """Tokens of a rendered template; control tokens come from its own texts only."""
    joined: list[str | Special] = []
    for part in parts:
        if isinstance(part, Slot):
            _append(joined, part.fill(messages))
            continue
        for piece in _split_specials(vocabulary, part):
            _append(joined, piece)
    _strip_beside(joined)
    return [
        token
        for piece in joined
        for token in (
            [piece.token] if isinstance(piece, Special) else vocabulary.encode(piece, special=False)
        )
    ]


def _append(joined: list[str | Special], piece: str | Special) -> None:
    # Text beside text is one text: tokens may reach across where the template meets a message.
    if isinstance(piece, str) and joined and isinstance(joined[-1], str):
        joined[-1] += piece
    elif piece:
        joined.append(piece)


def _split_specials(vocabulary: Vocabulary, text: str) -> list[str | Special]:
    names = {s.text: s for s in vocabulary.specials if s.text}
    longest_first = sorted(names, key=len, reverse=True)
    finder = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
    return [names[x] if n % 2 else x for n, x in enumerate(finder.split(text))]


def _strip_beside(joined: list[str | Special]) -> None:
    for n, piece in enumerate(joined):
        if not isinstance(piece, Special):
            continue
        if piece.strips_left and n and isinstance(before := joined[n - 1], str):
            joined[n - 1] = before.rstrip()
        if piece.strips_right and isinstance(after := joined[min(n + 1, len(joined) - 1)], str):
            joined[n + 1] = after.lstrip()
