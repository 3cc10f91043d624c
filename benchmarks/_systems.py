"""Every system of `does_fusing_help.py` on one question: what it answered, right or wrong."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from fusion_magics.answers import comparable, normalise
from fusion_magics.asking import Asking
from fusion_magics.judges import JUDGES
from fusion_magics.members import open_judge, open_pool
from fusion_magics.modes import MODES, Case
from fusion_magics.modes.vote import count
from fusion_magics.pool import Member, Pool, Recorder
from fusion_magics.seams import Outcome
from fusion_magics.tiny.questions import Question
from fusion_magics.types import Answers, Candidate, Judgment, Prompt, SamplingParams

SPECIALISTS = ("sums", "words", "logic")
GENERALISTS = ("a", "b", "c")
ROUNDS = 2
ORDER_EVERY = 5  # questions, of which one is also asked of the reversed pool
SAMPLES = 9  # of the best generalist, for votes at equal calls


@dataclass(frozen=True)
class Row:
    """One question: per system whether it is right, and how many calls it made."""

    question: str
    family: str
    right: dict[str, bool] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, list[tuple[bool, float | None]]] = field(default_factory=dict)
    """Per pool: each candidate, is it right, and what the pointwise judge gave it."""
    flips: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per pool and protocol: pairs that flipped with the order, and pairs."""
    turned: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per pool: right→wrong and wrong→right in the debate."""
    same: dict[str, bool] = field(default_factory=dict)
    """Per system: whether the reversed pool gives the same answer."""

    def to_json(self) -> str:
        return msgspec.json.encode(asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> Row:
        return msgspec.json.decode(text, type=cls)


class Answered(Pool):
    """A pool whose first answers are known: every system decides over the same ones."""

    def __init__(self, members: Sequence[Member], recorder: Recorder, answers: Answers) -> None:
        super().__init__(members, recorder.ask)
        self._known = answers

    async def answers(self, prompt: Prompt, *_: Any) -> Answers:
        return self._known


class Bench:
    """The models, opened once."""

    def __init__(self, engine: str) -> None:
        self.params = SamplingParams(max_tokens=384)

        def names(short: Sequence[str], samples: str = "") -> list[str]:
            return [f"tiny:{name}{samples}@engine={engine}" for name in short]

        self.pools = {
            "specialists": open_pool(names(SPECIALISTS), self.params),
            "generalists": open_pool(names(GENERALISTS), self.params),
        }
        self.again = open_pool(names(GENERALISTS, "*3"), self.params)
        self.samples = open_pool(names(["c"], f"*{SAMPLES}"), self.params)
        self.judge = open_judge(*names(["judge"]))

    # ── one question ─────────────────────────────────────────────────────────────────────────

    async def row(self, question: Question) -> Row:
        """Everything on a question of one part."""
        row = Row(question.text, question.family)
        await self._alone(question, row)
        for pool in self.pools:
            answers = await self._members(pool, question, row)
            await self._vote_and_best(pool, question, answers, row)
            await self._debate(pool, question, answers, row)
        await self._equal_calls(question, row)
        return row

    async def parts(self, question: Question) -> Row:
        """A question of two parts: its members, and what is made of their answers."""
        row = Row(question.text, question.family)
        await self._alone(question, row)
        for pool in self.pools:
            answers = await self._members(pool, question, row)
            for system, mode in (("vote", "vote"), ("merge", "merge")):
                outcome, calls = await self._decide(pool, question, answers, mode, "pointwise")
                _mark(row, f"{system} over {pool}", outcome.text, question, calls)
            best, calls = await self._decide(pool, question, answers, "best-of", "pointwise")
            _mark(row, f"best-of over {pool}", best.text, question, calls)
        return row

    async def _alone(self, question: Question, row: Row) -> None:
        recorder = Recorder()
        given = await recorder.ask(
            self.judge, "judge", "member", Prompt.of(question.text), self.params
        )
        _mark(row, "judge by itself", given.text, question, 1)

    async def _members(self, pool: str, question: Question, row: Row) -> Answers:
        members = Pool(self.pools[pool], Recorder().ask)
        answers = await members.answers(Prompt.of(question.text))
        for candidate in answers.candidates:
            _mark(row, candidate.member, candidate.text, question, 1)
        row.right[f"any of the {pool}"] = any(row.right[c.member] for c in answers.candidates)
        return answers

    async def _vote_and_best(
        self, pool: str, question: Question, answers: Answers, row: Row
    ) -> None:
        outcome, calls = await self._decide(pool, question, answers, "vote", "pointwise")
        _mark(row, f"vote over {pool}", outcome.text, question, calls)
        for protocol in ("pointwise", "pairwise", "listwise"):
            system = f"best-of over {pool}, {protocol}"
            outcome, calls = await self._decide(pool, question, answers, "best-of", protocol)
            _mark(row, system, outcome.text, question, calls)
            judgment = outcome.judgment
            assert judgment is not None
            if protocol == "pointwise":
                row.verdicts[pool] = _scored(judgment, answers.candidates, question)
            else:
                row.flips[f"{pool}, {protocol}"] = judgment.flips, judgment.pairs
            if zlib.crc32(question.key.encode()) % ORDER_EVERY == 0:
                backwards = Answers(tuple(reversed(answers.candidates)))
                other, _ = await self._decide(pool, question, backwards, "best-of", protocol)
                row.same[system] = other.text == outcome.text

    async def _debate(self, pool: str, question: Question, answers: Answers, row: Row) -> None:
        outcome, calls = await self._decide(pool, question, answers, "debate", "pointwise")
        rounds = list(outcome.rounds) + [outcome.rounds[-1]] * (ROUNDS + 1 - len(outcome.rounds))
        for number, given in enumerate(rounds):
            best = given.candidates[count(given.candidates, 0).best]
            asked = len(answers.candidates) * (1 + min(number, len(outcome.rounds) - 1))
            _mark(row, f"debate of {pool}, vote after round {number}", best.text, question, asked)
        _mark(row, f"debate of {pool}, judged", outcome.text, question, calls)
        row.turned[pool] = _turned(outcome.rounds, question)

    async def _equal_calls(self, question: Question, row: Row) -> None:
        """Votes over as many samples as the fusions make calls: self-consistency."""
        prompt = Prompt.of(question.text)
        one = await Pool(self.samples, Recorder().ask).answers(prompt)
        many = await Pool(self.again, Recorder().ask).answers(prompt)
        for calls in (3, 6, 9):
            best = _majority(one.candidates[:calls])
            _mark(row, f"vote over {calls} samples of tiny:c", best.text, question, calls)
        # Members stand in pool order, three samples of each.
        for each in (2, 3):
            chosen = [c for i, c in enumerate(many.candidates) if i % 3 < each]
            best = _majority(chosen)
            name = f"vote over {each} samples of each generalist"
            _mark(row, name, best.text, question, len(chosen))

    async def _decide(
        self, pool: str, question: Question, answers: Answers, mode: str, protocol: str
    ) -> tuple[Outcome, int]:
        """What a mode makes of these answers, and the calls in all."""
        recorder = Recorder()
        asking = Asking(self.judge, recorder.ask)
        case = Case(
            Prompt.of(question.text),
            Answered(self.pools[pool], recorder, answers),
            JUDGES[protocol](asking, None),
            asking,
            rounds=ROUNDS,
        )
        outcome = await MODES[mode](case)
        return outcome, len(answers.candidates) + len(recorder.calls)


def _right(text: str, question: Question) -> bool:
    return comparable(text) == normalise(question.answer)


def _mark(row: Row, system: str, text: str, question: Question, calls: int) -> None:
    row.right[system] = _right(text, question)
    row.calls[system] = calls


def _majority(candidates: Sequence[Candidate]) -> Candidate:
    return candidates[count(candidates, 0).best]


def _scored(
    judgment: Judgment, candidates: Sequence[Candidate], question: Question
) -> list[tuple[bool, float | None]]:
    return [(_right(candidates[v.candidate].text, question), v.score) for v in judgment.verdicts]


def _turned(rounds: Sequence[Answers], question: Question) -> tuple[int, int]:
    """How many answers went right→wrong and wrong→right from the first round to the last."""
    before, after = (
        {c.member: _right(c.text, question) for c in rounds[i].candidates} for i in (0, -1)
    )
    worse = sum(before[m] and not after.get(m, before[m]) for m in before)
    better = sum(not before[m] and after.get(m, before[m]) for m in before)
    return worse, better
