"""Cases for modes whose pool has answered already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusion_magics.asking import Asking
from fusion_magics.backends import open_model
from fusion_magics.modes import Case
from fusion_magics.pool import Enough, Member, Pool, Recorder
from fusion_magics.types import (
    Answers,
    Candidate,
    FinishReason,
    Judge,
    Prompt,
    SamplingParams,
    Timing,
    Usage,
)

ECHO = open_model("scripted", "echo")


def candidate(text: str, reason: FinishReason = "stop", member: str = "m") -> Candidate:
    """An answer of ``member``."""
    return Candidate(member, text, Usage(), reason, Timing(0.0))


class Answered(Pool):
    """A pool that gives these candidates, whatever it is asked."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        members = [Member(c.member, ECHO, SamplingParams()) for c in candidates]
        super().__init__(members, Recorder().ask)
        self._candidates = tuple(candidates)

    async def answers(self, prompt: Prompt, enough: Enough | None = None, seed: int = 0) -> Answers:
        return Answers(self._candidates)

    async def each(self, prompts: Mapping[str, Prompt]) -> Answers:
        return Answers(tuple(c for c in self._candidates if c.member in prompts))


def case(candidates: Sequence[Candidate], judge: Judge | Any = None, **more: Any) -> Case:
    """A case over ``candidates``; the model behind the judge is ``scripted:echo``."""
    asking = Asking(ECHO, Recorder().ask, more.get("seed", 0))
    return Case(Prompt.of("q"), Answered(candidates), judge, asking, **more)
