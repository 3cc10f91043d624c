"""Judges by script that rank the texts they are shown, for tests of what grows from rankings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from fusion_magics.asking import Asking
from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.judges import JUDGES, Rubric
from fusion_magics.pool import Recorder
from fusion_magics.types import (
    Candidate,
    Judgment,
    Prompt,
    SamplingParams,
    Timing,
    Usage,
    Wording,
)

Ranking = list[list[int]]
Opinion = Callable[[list[str]], Ranking | str]
"""The texts as shown → groups of their numbers, the best first; or what it says instead."""


def candidate(text: str, member: str = "m") -> Candidate:
    return Candidate(member, text, Usage(), "stop", Timing(0.0))


def shown(prompt: Prompt) -> list[str]:
    """The answers that a prompt shows, in their order."""
    asked = prompt.messages[0].content  # those after it ask once more
    pattern = r"^\[\d+\]\n<([0-9a-f]{8})>\n([\s\S]*?)\n</\1>$"
    return [text for _, text in re.findall(pattern, asked, re.MULTILINE)]


def said(ranking: object, **more: object) -> str:
    return json.dumps({"check": "c", "rationale": "r", "ranking": ranking, **more})


def by_value(value: Callable[[str], float]) -> Opinion:
    """Ranks by a value of each text, equal ones together."""

    def opinion(texts: list[str]) -> Ranking:
        values = [value(text) for text in texts]
        return [
            [i for i, v in enumerate(values, 1) if v == level]
            for level in sorted(set(values), reverse=True)
        ]

    return opinion


def first_shown(texts: list[str]) -> Ranking:
    """The worst position bias there is."""
    return [[i] for i in range(1, len(texts) + 1)]


def script(opinion: Opinion, wording: Wording = "full") -> Script:
    def reply(prompt: Prompt, params: SamplingParams) -> str:
        found = opinion(shown(prompt))
        if isinstance(found, str):
            return found
        return said(found, check=" | ".join(shown(prompt)), rationale=f"{found[0]} is right.")

    return Script(reply, wording=wording)


async def judge(
    protocol: str,
    model: Script,
    texts: Sequence[str],
    seed: int = 0,
    rubric: Rubric | None = None,
    members: Sequence[str] | None = None,
) -> tuple[Judgment, Recorder]:
    """What ``model`` decides on ``texts``; the members are ``m0``, ``m1`` … unless named."""
    recorder = Recorder()
    asking = Asking(ScriptedModel("scripted:judge", model), recorder.ask, seed)
    names = members or [f"m{i}" for i in range(len(texts))]
    given = [candidate(text, name) for text, name in zip(texts, names, strict=True)]
    return await JUDGES[protocol](asking, rubric)(Prompt.of("question?"), given), recorder
