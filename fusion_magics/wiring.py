"""What a fusion is to do, checked and looked up: nothing is loaded or asked yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .answers import Read, by_meaning
from .asking import Asking
from .checks import USUAL_ROUNDS
from .errors import UsageError
from .judges import JUDGES, Jury, Rubric, also_members, seat
from .modes import LOADS, MODES, Case, Loads, cascade, check_can_group
from .pool import Budget, Member, Patience, Pool, Recorder, names_of, once
from .seams import Judge, Model, Outcome
from .types import Judgment, Prompt, SamplingParams


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
    blind: bool
    options: Mapping[str, Any]

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
        names = names_of(self.members)
        return [Asking(model, recorder.ask, self.params.seed, names) for model in self.judges]

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
            reads_ahead=self.budget is None,  # what is read may not be asked then
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


def with_confidence(members: Sequence[Member]) -> tuple[Member, ...]:
    """``members``, of whom the first says how probable each token was that it wrote."""
    first, *others = members
    return (replace(first, params=replace(first.params, logprobs=1)), *others)
