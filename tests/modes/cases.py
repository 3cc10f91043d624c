"""Cases for modes: pools that have answered already, and pools of scripted members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fusion_magics.asking import Asking
from fusion_magics.backends import open_model
from fusion_magics.backends.scripted import Reply, Script, ScriptedModel
from fusion_magics.judges import Pointwise, rubric_of
from fusion_magics.modes import Case
from fusion_magics.pool import Member, Pool, Recorder
from fusion_magics.seams import Judge
from fusion_magics.types import (
    Answers,
    Candidate,
    FinishReason,
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

    async def answers(self, prompt: Prompt, *_: Any, **__: Any) -> Answers:
        return Answers(self._candidates)

    async def each(self, prompts: Mapping[str, Prompt], *_: Any, **__: Any) -> Answers:
        return Answers(tuple(c for c in self._candidates if c.member in prompts))


def case(candidates: Sequence[Candidate], judge: Judge | Any = None, **more: Any) -> Case:
    """A case over ``candidates``; the model behind the judge is ``scripted:echo``."""
    asking = Asking(ECHO, Recorder().ask, more.get("seed", 0))
    return Case(Prompt.of("q"), Answered(candidates), judge, asking, **more)


def member(label: str, reply: Reply | Script, **more: Any) -> Member:
    """A scripted member; its label is its seed, too, wherever it stands in its pool."""
    script = reply if isinstance(reply, Script) else Script(reply)
    seed = int.from_bytes(label.encode()) % 2**32
    return Member(label, ScriptedModel("scripted:m", script), SamplingParams(seed=seed), **more)


def scripted(
    members: Sequence[Member], judge: Reply | Script = "no JSON", **more: Any
) -> tuple[Case, Recorder]:
    """A case whose members and pointwise judge are scripted, and what records its calls."""
    recorder = Recorder()
    script = judge if isinstance(judge, Script) else Script(judge)
    model = ScriptedModel("scripted:judge", script)
    asking = Asking(model, recorder.ask, more.get("seed", 0))
    prompt = more.pop("prompt", Prompt.of("q"))
    return Case(prompt, Pool(members, recorder.ask), Pointwise(asking), asking, **more), recorder


def scored(score: int) -> dict[str, Any]:
    """A pointwise judge's reply, in the full wording: ``score`` from 1 to 5 by every criterion."""
    given = {"reason": "", "score": score}
    criteria = {one.name: given for one in rubric_of("general").criteria}
    return {"check": "", "rationale": "", "scores": criteria}
