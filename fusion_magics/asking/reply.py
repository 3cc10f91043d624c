"""A model's reply of a fixed form: held to its JSON schema, validated, asked for once more.

What cannot be read after that is reported, never guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from ..errors import ContextOverflow, ModelError
from ..seams import Ahead, Ask, Model, most_written
from ..types import Candidate, Message, Prompt, SamplingParams, Wording
from .fence import harmless
from .order import shuffled
from .shortening import budgets, within

T = TypeVar("T")
PromptOf = Callable[[Sequence[str]], Prompt]
Once = Callable[[Prompt], Awaitable[Candidate]]

MOST_TOKENS: dict[Wording, int] = {"full": 1024, "short": 384}
"""Of one reply, unless the caller knows better."""


TO_COME = "⁂ to come ⁂"
"""Stands for a text that is not there yet; what is read ahead ends before it."""

_BEFORE = re.compile(rf"(?:<[0-9a-f]{{8}}>\n)?{TO_COME}")  # with the mark, which the text decides


class Unreadable(Exception):
    """The model replied twice, and nothing could be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What was read, and the text it was read from."""

    value: T
    answer: Candidate


class Asking:
    """Asks one model for replies of a fixed form.

    Parameters
    ----------
    model : Model
        Whom to ask.
    ask : Ask
        Makes the calls.
    seed : int
        Of the model's sampler, of fences and of shuffled orders.
    names : mapping of str to str, optional
        Label → what tells a member apart, wherever it stands in its pool: see
        :func:`fusion_magics.pool.names_of`. Default: the label.

    Attributes
    ----------
    notes : list of str
        What a reader must know of the calls so far, such as what was shortened to fit.
    """

    def __init__(
        self, model: Model, ask: Ask, seed: int = 0, names: Mapping[str, str] | None = None
    ) -> None:
        self.model = model
        self.seed = seed
        self._names = names or {}
        self.notes: list[str] = []
        self._ask = ask
        self._shortened: dict[str, int] = {}  # a text → the fewest characters shown of it
        self._note = ""  # what ``notes`` says of them

    @property
    def wording(self) -> Wording:
        """Which wording the model reads."""
        return self.model.wording

    def order(self, prompt: Prompt, members: Sequence[str]) -> list[int]:
        """Indices of ``members`` (labels) as the model meets their answers: :func:`shuffled`."""
        names = [self._names.get(member, member) for member in members]
        return shuffled(prompt, names, self.seed)

    async def reply(
        self,
        label: str,
        texts: Sequence[str],
        prompt_of: PromptOf,
        form: type[T],
        check: Callable[[T], None] | None = None,
        max_tokens: int | None = None,
        logprobs: int = 0,
        lookup: bool = False,
    ) -> Reply[T]:
        """The model's reply to ``prompt_of(texts)``, read as ``form``.

        Texts are made :func:`~fusion_magics.asking.fence.harmless`. Where they do not fit into the
        model's context the longest are shortened, as far as need be, and :attr:`notes` says so.

        Parameters
        ----------
        label : str
            Of the call in the timeline.
        texts : sequence of str
            The candidates that the prompt shows.
        prompt_of : callable
            Makes the prompt from the texts.
        form : type
            A ``msgspec.Struct``; the engine is held to its schema.
        check : callable, optional
            Raises ``ValueError`` for a reply of the right form that makes no sense.
        max_tokens : int, optional
            Most tokens of the reply; default by wording.
        logprobs : int
            How many top tokens to report with each token of ``Reply.answer``; 0 reports none.
        lookup : bool
            The reply is expected to copy from the texts, see :class:`SamplingParams`.

        Raises
        ------
        Unreadable
            If it could not be read twice, or not once and then there was none.
        ModelError
            If the model fails; ``ContextOverflow`` where no shortening helps.
        """
        params = self._params(form, max_tokens, logprobs, lookup)

        async def once(prompt: Prompt) -> Candidate:
            return await self._ask(self.model, label, "judge", prompt, params)

        clean = [harmless(text) for text in texts]
        most = most_written(self.model, params.max_tokens)
        asked, first = await self._fitting(clean, prompt_of, once, most)
        try:
            return Reply(read(first.text, form, check), first)
        except ValueError as exc:
            problem = str(exc)
        complaint = f"That could not be read: {problem}. Reply with the JSON object only."
        again = (*asked.messages, Message("assistant", first.text), Message("user", complaint))
        try:
            second = await once(Prompt(again))
            return Reply(read(second.text, form, check), second)
        except ValueError as exc:
            raise Unreadable(f"The judge's reply could not be read, twice: {exc}") from exc
        except ModelError as exc:
            raise Unreadable(
                f"The judge's reply could not be read ({problem}), and asked again it gave none: "
                f"{exc.message}"
            ) from exc

    def ahead(
        self,
        texts: Sequence[str | None],
        prompt_of: PromptOf,
        form: type[Any],
        max_tokens: int | None = None,
        logprobs: int = 0,
        lookup: bool = False,
    ) -> Ahead:
        """What can be read of a :meth:`reply` while the texts that are None are still to come."""
        clean = [TO_COME if text is None else harmless(text) for text in texts]
        *before, last = prompt_of(clean).messages
        known = Message(last.role, _BEFORE.split(last.content, maxsplit=1)[0])
        params = self._params(form, max_tokens, logprobs, lookup)
        return Ahead(self.model, Prompt((*before, known)), params)

    def _params(
        self, form: type[Any], max_tokens: int | None, logprobs: int, lookup: bool
    ) -> SamplingParams:
        return SamplingParams(
            seed=self.seed,
            max_tokens=max_tokens or MOST_TOKENS[self.wording],
            schema=schema_of(form),
            logprobs=logprobs,
            lookup=lookup,
        )

    async def _fitting(
        self, texts: Sequence[str], prompt_of: PromptOf, once: Once, most: int
    ) -> tuple[Prompt, Candidate]:
        """The first prompt that leaves room for a reply, and the reply."""
        tries = tuple(budgets(texts))
        for budget in tries:
            shown = within(texts, budget)
            try:
                answer = await once(prompt_of(shown))
                break
            except ContextOverflow:
                if budget == tries[-1]:
                    raise
        less = _less(answer, prompt_of(shown), most)
        if less and budget > tries[-1]:
            shown = within(texts, max(budget - less, tries[-1]))
            answer = await once(prompt_of(shown))
        self._say_shortened(texts, shown)
        return prompt_of(shown), answer

    def _say_shortened(self, texts: Sequence[str], shown: Sequence[str]) -> None:
        """One note for all calls: the same text may be shown at several lengths."""
        for text, short in zip(texts, shown, strict=True):
            if len(short) < len(text):
                self._shortened[text] = min(len(short), self._shortened.get(text, len(text)))
        if not self._shortened:
            return
        if self._note in self.notes:
            self.notes.remove(self._note)
        lengths = "; ".join(f"{len(text):,} → {n:,}" for text, n in self._shortened.items())
        self._note = (
            f"Answers too long for the context of {self.model.name} were shown to it without "
            f"their middle (characters: {lengths})."
        )
        self.notes.append(self._note)


def _less(answer: Candidate, asked: Prompt, most: int) -> int:
    """How many characters the prompt is too long by, where its reply was cut at the context's end.

    A prompt that just fits leaves no room for a reply of ``most`` tokens.
    """
    usage = answer.usage
    if answer.finish_reason != "length" or not 0 < usage.completion_tokens < most:
        return 0
    characters = sum(len(m.content) for m in asked.messages)
    return (most - usage.completion_tokens) * characters // max(usage.prompt_tokens, 1)


def read(text: str, form: type[T], check: Callable[[T], None] | None = None) -> T:
    """The reply in ``text``: strictly its one JSON object, in a code fence or not.

    Raises
    ------
    ValueError
        If it is not JSON, not of this form, or does not pass the ``check``. Nothing is guessed.
    """
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.strip("`").removeprefix("json").strip()
    try:
        value = msgspec.json.decode(bare, type=form)
        json.loads(bare, object_pairs_hook=_each_once)
    except RecursionError as exc:
        raise ValueError("it is nested too deep") from exc
    if check is not None:
        check(value)
    return value


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    """Which of two scores is meant would be a guess."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"Object has the field `{key}` more than once")


def schema_of(form: type) -> dict[str, Any]:
    """The JSON schema of ``form``: closed objects, and no references, which engines follow in
    different ways.
    """
    schema = msgspec.json.schema(form)
    definitions = schema.pop("$defs", {})

    def inlined(node: Any) -> Any:
        if isinstance(node, list):
            return [inlined(one) for one in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return inlined(definitions[node["$ref"].rsplit("/", 1)[1]])
        closed = {"additionalProperties": False} if "properties" in node else {}
        named = {k: v for k, v in node.items() if k != "title" or not isinstance(v, str)}
        return {key: inlined(value) for key, value in named.items()} | closed

    result: dict[str, Any] = inlined(schema)
    return result
