"""How well the judge compares and merges several answers: greedy, by the real steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from ..answers import comparable, normalise
from . import LONGEST_CONTEXT
from .comparing import COMPARE, Task, new_fence, ranking, request, some_answers
from .evaluate import Share, marks, share
from .generate import greedy
from .merging import ANALYSE, analysis, merge_request, merge_task, supports
from .model import TinyLlama
from .questions import KINDS, sample
from .replies import Analysed, Merged, Ranked, read
from .tokens import decode, prompt

# Most tokens of a reply: an analysis, and anything else.
LONG, SHORT = 1024, 512
PAIRS = 300

Ranking = list[list[int]]


def replies(model: TinyLlama, requests: list[str], limit: int = SHORT) -> list[str]:
    """The judge's greedy replies; empty where a request leaves no room for one."""
    prompts = [prompt([("user", text)]) for text in requests]
    fitting = [i for i, ids in enumerate(prompts) if len(ids) < LONGEST_CONTEXT]
    found = dict(zip(fitting, greedy(model, [prompts[i] for i in fitting], limit), strict=True))
    return [decode(found.get(i, [])) for i in range(len(prompts))]


def rankings(model: TinyLlama, tasks: list[Task]) -> list[Ranking | None]:
    """The judge's ranking of each task's answers; None where the reply cannot be read."""
    rng = Random(37)
    asked = [request(COMPARE, t.question.text, t.texts, new_fence(rng)) for t in tasks]
    found = [read(reply, Ranked) for reply in replies(model, asked)]
    return [reply.ranking if reply else None for reply in found]


def exact(tasks: list[Task], found: list[Ranking | None]) -> Share:
    """How many rankings are the true ones."""
    return share([got == ranking(task.right(0)) for task, got in zip(tasks, found, strict=True)])


def verdicts_both_ways(
    model: TinyLlama, pairs: list[Task]
) -> list[tuple[Ranking | None, Ranking | None]]:
    """The judge's rankings of two answers as they stand and, numbered the same, exchanged."""
    exchanged = rankings(model, [replace(pair, texts=pair.texts[::-1]) for pair in pairs])
    back = [
        found and [sorted({1: 2, 2: 1}.get(i, 0) for i in group) for group in found]
        for found in exchanged
    ]
    return list(zip(rankings(model, pairs), back, strict=True))


def analyses(model: TinyLlama, tasks: list[Task]) -> list[str | None]:
    """The judge's analysis of each task's answers; None where it cannot be read."""
    rng = Random(41)
    asked = [request(ANALYSE, t.question.text, t.texts, new_fence(rng)) for t in tasks]
    return [reply if read(reply, Analysed) else None for reply in replies(model, asked, LONG)]


def merged(
    model: TinyLlama, tasks: list[Task], analysed: Sequence[str | None]
) -> list[tuple[str, list[list[int]]]]:
    """The merged answer of each task and who supports its sentences; empty if unreadable."""
    rng = Random(43)
    asked = [
        merge_request(task, new_fence(rng), text)
        for task, text in zip(tasks, analysed, strict=True)
    ]
    found = []
    for reply in replies(model, asked):
        sentences = (read(reply, Merged) or Merged([])).sentences
        texts, supported = [s.text for s in sentences], [s.answers for s in sentences]
        found.append(("\n".join(texts), supported))
    return found


def is_merged(task: Task, text: str) -> bool:
    """Whether a merged text's final answer is right on every part."""
    return comparable(text) == normalise(task.question.answer)


def on_comparing(model: TinyLlama, tasks: list[Task]) -> dict[str, Share]:
    """The judge on answers to plain questions: all of each, and two of the first ``PAIRS``."""
    pairs = [
        replace(task, texts=tuple(task.texts[(i + k) % len(task.texts)] for k in (0, 1)))
        for i, task in enumerate(tasks[:PAIRS])
    ]
    verdicts = verdicts_both_ways(model, pairs)
    changed = [one is None or one != two for one, two in verdicts]
    unequal = [len(ranking(pair.right(0))) == 2 for pair in pairs]
    return {
        "compare: all answers ranked rightly": exact(tasks, rankings(model, tasks)),
        "compare: two answers ranked rightly": exact(pairs, [one for one, _ in verdicts]),
        "compare: two answers, verdict changed with their order": share(changed),
        "compare: the same where one of the two is right": share(
            [change for change, u in zip(changed, unequal, strict=True) if u]
        ),
    }


def on_merging(model: TinyLlama, tasks: list[Task]) -> dict[str, Share]:
    """The judge on answers to two-part questions, beside the members and itself alone."""
    questions = [task.question for task in tasks]
    members = [share(marks(questions, list(texts))) for texts in _by_member(tasks)]
    alone = replies(model, [question.text for question in questions])
    analysed = analyses(model, tasks)
    found = merged(model, tasks, analysed)
    whole = [is_merged(task, text) for task, (text, _) in zip(tasks, found, strict=True)]
    known = [all(any(task.right(part)) for part in range(len(task.parts))) for task in tasks]
    credited = [supports(task) == claimed for task, (_, claimed) in zip(tasks, found, strict=True)]
    return {
        "merge: merged answers right on both parts": share(whole),
        "merge: the same where some answer knew each part": share(
            [right for right, k in zip(whole, known, strict=True) if k]
        ),
        "merge: the best single answer's member": max(members, key=lambda m: m.right),
        "merge: the judge asked alone": share(marks(questions, alone)),
        "merge: analyses true to the letter": share(
            [a == analysis(t) for t, a in zip(tasks, analysed, strict=True)]
        ),
        "merge: analyses that could be read": share([a is not None for a in analysed]),
        "merge: support of every sentence true": share(credited),
    }


def _by_member(tasks: list[Task]) -> list[tuple[str, ...]]:
    return list(zip(*(task.texts for task in tasks), strict=True))


def percent_of_several(model: TinyLlama, each: int) -> dict[str, int]:
    """Percent right on made-up validation tasks, for the progress line.

    ``each`` comparisons per kind of question; merging takes long, and waits for twenty.
    """
    rng = Random(19)
    questions = [sample(rng, "validation", kind=kind) for kind in KINDS for _ in range(each)]
    comparisons = [some_answers(rng, question) for question in questions]
    found = {"comparing": exact(comparisons, rankings(model, comparisons))}
    if each >= 20:
        tasks = [merge_task(rng, "validation", plain=0.0) for _ in range(4 * each)]
        analysed = analyses(model, tasks)
        texts = [text for text, _ in merged(model, tasks, analysed)]
        true = [a == analysis(task) for task, a in zip(tasks, analysed, strict=True)]
        right = [is_merged(task, text) for task, text in zip(tasks, texts, strict=True)]
        found |= {"analysing": share(true), "merging": share(right)}
    return {form: round(100 * s.right / s.asked) for form, s in found.items()}
