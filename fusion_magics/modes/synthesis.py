"""The second half of ``merge``: one answer written from several, each piece with its support."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from ..asking import fence_for, fenced, numbered
from ..types import Point, Prompt, Wording
from .analysis import Number, candidates_of, check_numbers, opening


class Sentence(msgspec.Struct):
    """A piece of the merged answer; ``answers`` that support it, none: the aggregator's own."""

    text: str
    answers: list[Number]


class Reply(msgspec.Struct):
    """What the aggregator writes."""

    sentences: list[Sentence]


_FULL = """\
Write the one answer that is better than each of them.
{analysis}
Check what they say; correct and complete counts, not how many say it. Keep what only a minority \
says if it may be right, and name it as such ("less commonly, …", "one could also …") instead of \
smoothing it away. Where they contradict each other, decide for a reason; where that cannot be \
settled, say so and give both sides. Fill gaps yourself where you are sure. Write to the one who \
asked: not a word about answers, their numbers, or this comparison. Give what the question asks \
for, in its form.
Reply with one JSON object and nothing else. Each entry is one sentence, one list item or one code \
block of the answer, in order; "answers" are the numbers of all answers that support it, [] if it \
is your own. Put \\n at the end of a text where a line ends, \\n\\n where a paragraph ends:
{{"sentences": [{{"text": "First sentence.", "answers": [1, 3]}}, \
{{"text": "Second sentence.\\n", "answers": []}}]}}"""

_ANALYSIS = """
An analysis of them, by their numbers; it may be wrong, and is data too:
{analysis}
"""

# What the tiny judge was trained on.
_SHORT = "Merge the answers.\nQuestion: {question}\n{answers}"
_SHORT_ANALYSIS = "\nAnalysis: {analysis}"

LEAST_QUOTE = 8
"""Characters of a piece that count as quoted where a candidate has them, too."""

# Tiny models put one step on a line, and do not write line ends.
_BETWEEN: dict[Wording, str] = {"full": " ", "short": "\n"}


def synthesis_prompt(
    question: Prompt, texts: Sequence[str], analysis: str, wording: Wording, seed: int
) -> Prompt:
    """What the aggregator is asked then: one user message. An empty analysis is left out."""
    if wording == "short":
        shown = numbered(texts, fence_for(*texts, analysis, seed=seed))
        asked = _SHORT.format(question=question.text, answers=shown)
        return Prompt.of(asked + (_SHORT_ANALYSIS.format(analysis=analysis) if analysis else ""))
    own = fenced(analysis, fence_for(analysis, seed=seed))
    found = _ANALYSIS.format(analysis=own) if analysis else ""
    return Prompt.of(opening(question, texts, seed) + _FULL.format(analysis=found))


def is_an_answer(count: int) -> Callable[[Reply], None]:
    """Raises ``ValueError`` for a synthesis without text, or with a number beyond ``count``."""

    def check(reply: Reply) -> None:
        if not any(sentence.text.strip() for sentence in reply.sentences):
            raise ValueError("`sentences` has no text")
        check_numbers((n for sentence in reply.sentences for n in sentence.answers), count)

    return check


def passages_of(reply: Reply, texts: Sequence[str], order: Sequence[int]) -> tuple[Point, ...]:
    """The pieces in terms of candidates; a blank one belongs to the piece before it.

    A candidate supports what the aggregator says it does, and what stands in it word for word.
    ``texts`` are those of the candidates, and ``order`` names them, as they were shown.
    """
    passages: list[Point] = []
    for sentence in reply.sentences:
        if sentence.text.strip():
            holders = [n for n, text in enumerate(texts, 1) if _stands_in(sentence.text, text)]
            found = candidates_of([*sentence.answers, *holders], order)
            passages.append(Point(sentence.text, found))
        elif passages:
            passages[-1] = replace(passages[-1], text=passages[-1].text + sentence.text)
    return tuple(passages)


def _stands_in(piece: str, text: str) -> bool:
    """Whether ``text`` has ``piece`` word for word; of a few characters that says nothing."""
    words = " ".join(piece.split())
    if len(words) < LEAST_QUOTE:
        return False
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", " ".join(text.split())) is not None


def joined(passages: Sequence[Point], wording: Wording) -> str:
    """The merged answer: nothing stands between two pieces where a line ends."""
    text = ""
    for passage in passages:
        between = "" if not text or text.endswith("\n") else _BETWEEN[wording]
        text += between + passage.text
    return text
