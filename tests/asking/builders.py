"""Every prompt that shows candidates to a model, in one form, for checks of their structure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from injections import QUESTION

from fusion_magics.asking import Asking, Unreadable
from fusion_magics.asking.reply import PromptOf
from fusion_magics.backends import open_model
from fusion_magics.judges.compare import compare_prompt
from fusion_magics.judges.jury import juror_prompt
from fusion_magics.judges.pointwise import pointwise_prompt
from fusion_magics.judges.rubrics import RUBRICS, rubric_of
from fusion_magics.modes import Case
from fusion_magics.modes.analysis import analysis_prompt
from fusion_magics.modes.debate_turn import turn
from fusion_magics.modes.grouping import group
from fusion_magics.modes.synthesis import synthesis_prompt
from fusion_magics.pool import Pool, Recorder
from fusion_magics.types import Candidate, Message, Prompt, Timing, Usage

ASKED = Prompt.of(QUESTION)
# The question as the full wordings show it: a conversation, with a fence of its own.
TALK = Prompt((Message("system", "Be brief."), Message("user", QUESTION)))
ANALYSIS = '{"consensus": [{"point": "it is 4", "answers": [1, 2]}]}'


@dataclass(frozen=True)
class Builder:
    """A prompt about ``count`` candidates, in ``fences`` fences from the ``first`` on.

    Where ``shuffled``, what the candidates say decides their order.
    """

    build: Callable[[Sequence[str]], Prompt]
    count: int
    fences: int
    first: int = 0
    shuffled: bool = False


def _grouping() -> PromptOf:
    """How the judge is asked for groups, caught on its way."""
    caught: list[PromptOf] = []

    class Catching(Asking):
        async def reply(
            self, label: str, texts: Sequence[str], prompt_of: PromptOf, *_: Any
        ) -> Any:
            caught.append(prompt_of)
            raise Unreadable("It was caught.")

    ask = Recorder().ask
    asking = Catching(open_model("scripted", "yes"), ask)
    case = Case(TALK, Pool((), ask), None, asking)  # type: ignore[arg-type]
    candidates = [Candidate("m", text, Usage(), "stop", Timing(0.0)) for text in ("a", "b")]
    asyncio.run(group(case, candidates))
    return caught[0]


BUILDERS: dict[str, Builder] = {
    "pointwise, full": Builder(lambda a: pointwise_prompt(ASKED, a[0], "full"), 1, 2, 1),
    "pointwise, full, of a conversation": Builder(
        lambda a: pointwise_prompt(TALK, a[0], "full", 7), 1, 2, 1
    ),
    **{
        f"pointwise, {name}": Builder(
            lambda a, name=name: pointwise_prompt(ASKED, a[0], "full", 0, rubric_of(name)), 1, 2, 1
        )
        for name in RUBRICS[1:]
    },
    "pointwise, short": Builder(lambda a: pointwise_prompt(ASKED, a[0], "short"), 1, 1),
    "pairwise, full": Builder(lambda a: compare_prompt(ASKED, a, "full"), 2, 3, 1),
    "pairwise, short": Builder(lambda a: compare_prompt(ASKED, a, "short"), 2, 2),
    "listwise, full": Builder(lambda a: compare_prompt(TALK, a, "full", 7), 5, 6, 1),
    "listwise, short": Builder(lambda a: compare_prompt(ASKED, a, "short"), 5, 5),
    "jury, full": Builder(lambda a: juror_prompt(TALK, a[0], "You build things."), 1, 2, 1),
    "analysis, full": Builder(lambda a: analysis_prompt(TALK, a, "full", 0), 3, 4, 1),
    "analysis, short": Builder(lambda a: analysis_prompt(ASKED, a, "short", 0), 3, 3),
    "synthesis, full": Builder(lambda a: synthesis_prompt(TALK, a, ANALYSIS, "full", 0), 3, 5, 1),
    "synthesis, full, of raw answers": Builder(
        lambda a: synthesis_prompt(TALK, a, "", "full", 0), 3, 4, 1
    ),
    "synthesis, short": Builder(lambda a: synthesis_prompt(ASKED, a, ANALYSIS, "short", 0), 3, 3),
    "debate, full": Builder(lambda a: turn(TALK, "It is 5.", a, "full", 0, 1), 3, 3, shuffled=True),
    "grouping, full": Builder(_grouping(), 4, 5, 1),
}
"""Name → builder. A new prompt about candidates has a line here."""


@dataclass(frozen=True)
class Anatomy:
    """A prompt taken apart: its own text, each fence's content as ``…``, and those contents."""

    own: str
    contents: tuple[str, ...]


def anatomy(prompt: Prompt) -> Anatomy:
    """Take a prompt apart at its fences, each from the first line with a mark to the next with it.

    The mark is another for every candidate, so one outside its place makes the own texts differ.
    """
    text = "\n\f\n".join(f"{m.role}:\n{m.content}" for m in prompt.messages)
    pieces = re.split(r"^<([0-9a-f]{8})>\n([\s\S]*?)\n</\1>$", text, flags=re.MULTILINE)
    assert len(pieces) > 1, "no fence"
    return Anatomy("<mark>…</mark>".join(pieces[::3]), tuple(pieces[2::3]))
