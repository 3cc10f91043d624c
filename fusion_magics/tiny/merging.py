"""The judge's lessons on merging answers: an analysis of what they say, then one answer from it.

The analysis begins with the judge's working: for each part of the question it solves the part, puts
down what each answer says to it and compares; all else follows from that.
"""

from __future__ import annotations

from random import Random

from ..answers import normalise
from .comparing import Task, as_json, checked, new_fence, request, who_is_right
from .foreign import sometimes_swayed
from .lessons import (
    DONT_KNOW,
    Conversation,
    answer_text,
    garbled,
    looping,
    right_candidate,
    spoilt,
    wrong_candidate,
)
from .questions import Question, join_parts, near_miss, sample, two_parts

ANALYSE = "Analyse the answers."
MERGE = "Merge the answers."
COUNTS = ((2, 3, 4), (3, 6, 1))  # of answers, and how often there are so many
MOST_CHARACTERS = 900  # of all answers together: with the analysis it has to fit the context

Half = tuple[str, str]
"""Working and answer to one part."""


# Candidates ----------------------------------------------------------------------------------


def wrong_half(rng: Random, part: Question) -> Half:
    """A slip carried on, a working of another kind, or a right one that went wrong."""
    kind = rng.random()
    missed = near_miss(rng, part) if kind < 0.35 else None
    if missed:
        return missed
    if kind < 0.5:
        other = sample(rng, kind=part.kind if kind < 0.4 else None)
        if normalise(other.answer) != normalise(part.answer):
            return other.working, other.answer
    working = part.working if rng.random() < 0.4 else garbled(rng, part.working)
    return working, spoilt(rng, part.answer)


def right_half(rng: Random, part: Question) -> Half:
    """A right answer; now and then the working does not lead there."""
    return (garbled(rng, part.working) if rng.random() < 0.1 else part.working), part.answer


def joined(rng: Random, halves: list[Half]) -> str:
    """One text of both halves, in one of the ways models write it."""
    kind = rng.random()
    if kind < 0.06:  # one part is all that this one understood
        halves = [rng.choice(halves)]
    elif kind < 0.08:
        halves = halves[::-1]
    elif kind < 0.10:
        halves = [*halves, rng.choice(halves)]
    working = "\n".join(working for working, _ in halves)
    answer = "; ".join(answer for _, answer in halves)
    if kind > 0.98:
        return looping(rng, working)
    if kind > 0.97:
        return rng.choice((DONT_KNOW, "", "Answer:", "I do not know."))
    if kind > 0.94:
        return rng.choice((answer, f"Answer: {answer}"))
    return answer_text(working, answer)


def two_part_texts(rng: Random, parts: tuple[Question, ...], count: int) -> list[str]:
    """What ``count`` members answer to two parts: each part known to none, some or all."""
    columns: list[list[Half]] = []
    for part in parts:
        share = rng.choice((0.0, 0.35, 0.35, 0.35, 0.7, 1.0))
        same = wrong_half(rng, part) if rng.random() < 0.06 else None
        column = [
            right_half(rng, part) if rng.random() < share else wrong_half(rng, part)
            for _ in range(count)
        ]
        columns.append([same] * count if same else column)
    rows = zip(*columns, strict=True)
    return [sometimes_swayed(rng, joined(rng, list(halves))) for halves in rows]


def plain_texts(rng: Random, question: Question, count: int) -> list[str]:
    """What ``count`` members answer to a plain question."""
    share = rng.choice((0.0, 0.35, 0.35, 0.7, 1.0))
    makes = (right_candidate if rng.random() < share else wrong_candidate for _ in range(count))
    return [make(rng, question) for make in makes]


def merge_task(rng: Random, split: str = "train", plain: float = 0.25) -> Task:
    """Two to four made-up answers, mostly to a question in two parts; ``plain``: share of others.

    Answers that are too long to be read together are drawn again.
    """
    while True:
        count = rng.choices(*COUNTS)[0]
        if rng.random() < plain:
            question = sample(rng, split)
            parts: tuple[Question, ...] = (question,)
            texts = plain_texts(rng, question, count)
        else:
            parts = two_parts(rng, split)
            question = join_parts(rng, *parts)
            texts = two_part_texts(rng, parts, count)
        if rng.random() < 0.06:
            texts[rng.randrange(count)] = rng.choice(texts)
        if sum(map(len, texts)) <= MOST_CHARACTERS:
            return Task(question, parts, tuple(texts))


# Replies -------------------------------------------------------------------------------------


class Covered:
    """One part of a task, as the analysis tells it."""

    def __init__(self, task: Task, part: int) -> None:
        rights = task.right(part)
        self.name = f"Part {part + 1}" if len(task.parts) > 1 else "The answer"
        self.short = f"{self.name}: {task.parts[part].answer}"
        self.check = f"{self.name}: {checked(task, part)}; {who_is_right(rights)}"
        self.right = [i for i, right in enumerate(rights, 1) if right]
        self.stances = _grouped(task.plain(part))


def _grouped(given: list[str]) -> list[tuple[str, list[int]]]:
    """What is said, and the numbers of the answers that say it; the first to say it words it."""
    stances: dict[str, tuple[str, list[int]]] = {}
    for i, said in enumerate(given, 1):
        stances.setdefault(normalise(said), (said or "nothing", []))[1].append(i)
    return list(stances.values())


def analysis(task: Task) -> str:
    """The judge's reply on what the answers say: it works out each part before it says anything."""
    numbers = list(range(1, len(task.texts) + 1))
    parts = [Covered(task, part) for part in range(len(task.parts))]
    reply: dict[str, object] = {
        "check": " ".join(part.check for part in parts),
        "consensus": [
            {"point": f"{part.name}: {part.stances[0][0]}", "answers": numbers}
            for part in parts
            if len(part.stances) == 1
        ],
        "contradictions": [
            {
                "topic": part.name,
                "stances": [{"stance": said, "answers": who} for said, who in part.stances],
            }
            for part in parts
            if len(part.stances) > 1
        ],
        "partial_coverage": [
            {"topic": part.short, "answers": part.right}
            for part in parts
            if 0 < len(part.right) < len(numbers)
        ],
        "unique_insights": [
            {"insight": part.short, "answer": part.right[0]}
            for part in parts
            if len(part.right) == 1
        ],
        "blind_spots": [part.short for part in parts if not part.right],
    }
    return as_json(reply)


def supports(task: Task) -> list[list[int]]:
    """Who is right on each part, and at last who supports the final answer.

    Those are the ones right on all of it; if nobody is, the ones right on some of it.
    """
    parts = [Covered(task, part).right for part in range(len(task.parts))]
    some = sorted({i for right in parts for i in right})
    whole = [i for i in some if all(i in right for right in parts)]
    return [*parts, whole or some]


def synthesis(task: Task) -> str:
    """The merged answer: a sentence per part and the final one, each with who supports it."""
    texts = [*(part.working for part in task.parts), f"Answer: {task.question.answer}"]
    pairs = zip(texts, supports(task), strict=True)
    return as_json({"sentences": [{"text": text, "answers": who} for text, who in pairs]})


def merge_request(task: Task, fence: str, analysed: str | None) -> str:
    """What the judge is asked for the merged answer; without the analysis if none could be read."""
    asked = request(MERGE, task.question.text, task.texts, fence)
    return asked if analysed is None else f"{asked}\nAnalysis: {analysed}"


def analysing(rng: Random, task: Task) -> Conversation:
    """A request to analyse the answers of a task, and the analysis."""
    asked = request(ANALYSE, task.question.text, task.texts, new_fence(rng))
    return [("user", asked), ("assistant", analysis(task))]


def merging(rng: Random, task: Task) -> Conversation:
    """A request to merge the answers of a task, mostly with their analysis, and the merged one."""
    analysed = analysis(task) if rng.random() < 0.85 else None
    asked = merge_request(task, new_fence(rng), analysed)
    return [("user", asked), ("assistant", synthesis(task))]
