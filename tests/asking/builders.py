"""Every prompt that shows candidates to a model, in one form, for checks of their structure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from injections import QUESTION

from fusion_magics.judges.pointwise import pointwise_prompt
from fusion_magics.types import Message, Prompt

ASKED = Prompt.of(QUESTION)
# The question as the full wordings show it: a conversation, with a fence of its own.
TALK = Prompt((Message("system", "Be brief."), Message("user", QUESTION)))


@dataclass(frozen=True)
class Builder:
    """A prompt about ``count`` candidates, in ``fences`` fences (the question may have one)."""

    build: Callable[[Sequence[str]], Prompt]
    count: int
    fences: int


BUILDERS: dict[str, Builder] = {
    "pointwise, full": Builder(lambda a: pointwise_prompt(ASKED, a[0], "full"), 1, 2),
    "pointwise, full, of a conversation": Builder(
        lambda a: pointwise_prompt(TALK, a[0], "full", 7), 1, 2
    ),
    "pointwise, short": Builder(lambda a: pointwise_prompt(ASKED, a[0], "short"), 1, 1),
}
"""Name → builder. A new prompt about candidates has a line here."""


@dataclass(frozen=True)
class Anatomy:
    """A prompt taken apart: its own text, each fence's content as ``…``, and those contents."""

    own: str
    contents: tuple[str, ...]


def anatomy(prompt: Prompt) -> Anatomy:
    """Take a prompt apart at its fences, whose mark is the first that a line of it shows.

    The mark is another for every candidate, so one outside its place makes the own texts differ.
    """
    text = "\n\f\n".join(f"{m.role}:\n{m.content}" for m in prompt.messages)
    found = re.search(r"^<([0-9a-f]{8})>$", text, re.MULTILINE)
    assert found, "no fence"
    mark = found[1]
    pieces = re.split(rf"^<{mark}>\n([\s\S]*?)\n</{mark}>$", text, flags=re.MULTILINE)
    return Anatomy("<mark>…</mark>".join(pieces[::2]), tuple(pieces[1::2]))
