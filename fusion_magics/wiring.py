"""What a fusion is to do, checked and looked up: nothing is loaded or asked yet."""

from __future__ import annotations

import math
import operator
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from .answers import Read, by_meaning
from .asking import Asking
from .errors import UsageError, did_you_mean
from .judges import JUDGES, Jury, Rubric, also_members, personas, seat
from .modes import LOADS, MODES, Case, Loads, cascade, check_can_group
from .pool import Budget, Member, Patience, Pool, Recorder, once, with_system
from .text import sendable
from .types import Fusion, Judge, Judgment, Message, Model, Outcome, Prompt, Role, SamplingParams

MOST_ROUNDS = 10
USUAL_ROUNDS = 2
SAFE = 0.95
"""How sure the lead must be where ``early_stop`` does not say."""


@dataclass(frozen=True)
class Setup:
    """A fusion that could begin. See the parameters of :func:`fusion_magics.fuse`."""

    prompt: Prompt
    mode: str
    protocol: str
    rubric: Rubric | None
    params: SamplingParams
    members: tuple[Member, ...]
    judges: tuple[Model, ...]
    jury: Mapping[str, str]
    aggregate: str
    read: Read
    rounds: int
    early_stop: float | None
    patience: Patience
    budget: Budget | None
    escalate: bool

    def __post_init__(self) -> None:
        if self._by_jury and self.protocol != "pointwise":
            raise UsageError(
                f"A jury scores each answer by itself: {self.protocol} is not for it.",
                "Leave the protocol out, or name one judge.",
            )
        if self.mode == "vote" and self.read is by_meaning:
            check_can_group(self.judges[0], self.early_stop)
        budget = self.budget
        models = (*(member.model for member in self.members), *self.judges)
        unpriced = [model.name for model in models if model.price is None]
        if budget is not None and budget.unit == "usd" and unpriced:
            raise UsageError(
                f"A budget in dollars needs prices, and that of {unpriced[0]} is unknown.",
                "Give the budget in tokens: 20000tok.",
            )

    @property
    def _by_jury(self) -> bool:
        return len(self.judges) > 1 or bool(self.jury)

    @property
    def compared_by(self) -> str:
        """The protocol, or the jury that takes its place."""
        return "jury" if self._by_jury else self.protocol

    def askings(self, recorder: Recorder) -> list[Asking]:
        """The judges' models; ``recorder`` makes the calls."""
        return [Asking(model, recorder.ask, self.params.seed) for model in self.judges]

    def case(self, recorder: Recorder, askings: Sequence[Asking]) -> Case:
        """What the mode is given."""
        ask = once(recorder.ask) if self.escalate else recorder.ask
        judge = self._judge(askings)
        return Case(
            self.prompt,
            Pool(self.members, ask, self.patience),
            judge,
            askings[0],
            self.params.seed,
            self.read,
            self.rounds,
            self.early_stop,
            judge if self._by_jury and self.mode == "merge" else None,
        )

    def _judge(self, askings: Sequence[Asking]) -> Judge:
        if self._by_jury:
            seats = seat(askings, self.jury)
            return Jury(seats, self.aggregate, self.rubric, of_answer=self.mode == "merge")
        return JUDGES[self.protocol](askings[0], self.rubric)

    async def decide(self, case: Case) -> Outcome:
        """Make the answers one, by the mode."""
        mode = MODES[self.mode]
        if self.escalate:
            return await cascade(case, mode, sum(load.calls for load in self.loads(case).values()))
        return await mode(case)

    def conflicts(self, judgment: Judgment | None) -> tuple[str, ...]:
        """A note if the judge met its own answer; jurors only do where it is a merged one."""
        if judgment is None or judgment.judge is None:
            return ()
        if self._by_jury:
            author = self.judges[0].name
            panel = judgment.panel
            own = panel is not None and panel.of_answer and author in panel.models
            return (f"{author} wrote the merged answer, and sits in its jury.",) if own else ()
        return also_members([self.judges[0].name], [member.label for member in self.members])

    def unused(self) -> tuple[str, ...]:
        """A note on what the user chose and the mode does not look at."""
        asks_judge = self.mode in ("best-of", "debate")
        asks_jury = self._by_jury and self.mode != "vote"
        chosen = {
            "rounds": self.rounds != USUAL_ROUNDS and self.mode != "debate",
            "early_stop": self.early_stop is not None and self.mode != "vote",
            "protocol": self.protocol != "pointwise" and not asks_judge,
            "rubric": self.rubric is not None and not (asks_judge or asks_jury),
            "jury": bool(self.jury) and not asks_jury,
            "aggregate": self.aggregate != "mean" and not asks_jury,
        }
        names = ", ".join(name for name, idle in chosen.items() if idle)
        return (f"{self.mode} has no use for: {names}.",) if names else ()

    def loads(self, case: Case) -> Loads:
        """What the mode takes."""
        return LOADS[self.mode](case)


# ── what the user wrote ──────────────────────────────────────────────────────────────────────


def choose(what: str, word: str, table: Mapping[str, object]) -> str:
    """``word``, which must be one of ``table``: else a ``UsageError`` that lists them."""
    if word in table:
        return word
    hint = f"{did_you_mean(word, table)}There is: {', '.join(table)}"
    raise UsageError(f"There is no {what} {word!r}.", hint)


def whole(name: str, value: Any, most: int) -> int:
    """``value``, a whole number from 1 to ``most``: else a ``UsageError``."""
    try:
        number = int(value if isinstance(value, str) else operator.index(value))
    except (TypeError, ValueError):
        number = 0
    if 1 <= number <= most:
        return number
    raise UsageError(f"{name} cannot be {value!r}.", f"Give a whole number from 1 to {most}.")


def seconds(name: str, value: Any) -> float:
    """``value``, a finite number above 0: else a ``UsageError``."""
    number = _number(value)
    if 0 < number < math.inf:
        return number
    raise UsageError(f"{name} cannot be {value!r}.", "Give seconds, more than 0.")


def safety(value: Any) -> float | None:
    """How sure a lead must be for ``early_stop=value``; None: no early stop."""
    if value is None or isinstance(value, bool):
        return SAFE if value else None
    number = _number(value)
    if 0.5 < number < 1:
        return number
    raise UsageError(
        f"early_stop cannot be {value!r}.", "Give True, or a probability between 0.5 and 1."
    )


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def jury_of(jury: str | Sequence[str] | None) -> Mapping[str, str]:
    """The personas that the user named: name → viewpoint; empty: none."""
    if jury is None:
        return {}
    return personas(jury if isinstance(jury, str) else ",".join(jury))


def with_confidence(members: Sequence[Member]) -> tuple[Member, ...]:
    """``members``, of whom the first says how probable each token was that it wrote."""
    first, *others = members
    return (replace(first, params=replace(first.params, logprobs=1)), *others)


def conversation(prompt: str | Prompt, system: str | None, before: Fusion | None) -> Prompt:
    """What is asked: ``prompt``, behind the conversation of the fusion ``before``."""
    asked = _prompt(prompt)
    if before is not None:
        asked = _continued(before, asked)
    if system is not None:
        asked = with_system(asked, system)
    return Prompt(tuple(Message(m.role, sendable(m.content)) for m in asked.messages))


def _prompt(prompt: str | Prompt) -> Prompt:
    if not isinstance(prompt, str | Prompt):
        raise UsageError(
            f"{reprlib.repr(prompt)} is no prompt: it is of type {type(prompt).__name__}.",
            "Give the question as a str, or a conversation as a Prompt.",
        )
    asked = Prompt.of(prompt) if isinstance(prompt, str) else prompt
    if not asked.text.strip():
        raise UsageError("The prompt is empty.", "Write the question below the %%fuse line.")
    for message in asked.messages:
        if message.role not in get_args(Role):
            words = ", ".join(get_args(Role))
            raise UsageError(f"There is no role {message.role!r}.", f"Roles: {words}.")
    return asked


def _continued(before: Fusion, asked: Prompt) -> Prompt:
    if not isinstance(before, Fusion):
        raise UsageError(
            f"{reprlib.repr(before)} cannot be continued: it is of type {type(before).__name__}.",
            "Give the Fusion of an earlier question.",
        )
    if not before.text.strip():
        raise UsageError(
            "A fusion without an answer cannot be continued.", "Ask its question again first."
        )
    answered = (*before.prompt.messages, Message("assistant", before.text))
    systems = [m.content for m in asked.messages if m.role == "system"]
    turns = tuple(m for m in asked.messages if m.role != "system")
    whole = Prompt((*answered, *turns))
    return with_system(whole, systems[0]) if systems else whole
