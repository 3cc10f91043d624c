"""``merge``: one answer written from all, each piece of it with the candidates that support it.

An aggregator first analyses the candidates in a fixed schema, then writes from its analysis
(LLM-Blender's fuser, Jiang et al. 2023, arXiv:2306.02561, and Mixture-of-Agents, Wang et al. 2024,
arXiv:2406.04692, write in one step and keep no provenance).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ..answers import draw
from ..asking import PromptOf, Unreadable
from ..errors import ModelError
from ..seams import Ahead, Judge, Known, Load, Outcome
from ..types import Answers, Candidate, Judgment, Point, Prompt, Timing, Usage, Verdict, Wording
from . import analysis, synthesis
from .ahead import answers_of_pool
from .case import Case, Loads
from .vote import majority

T = TypeVar("T")

MERGED = "the merged answer"
"""The author of what is merged, before a jury: nobody of it wrote that alone."""

TIE_RULE = "equal support: one is drawn by the seed, whatever the order of the pool"

# A merged answer is as long as the answers, and its analysis may be, too.
MOST_TOKENS: dict[Wording, int] = {"full": 4096, "short": 1024}


async def merge(case: Case) -> Outcome:
    """The aggregator's answer; its judgment says how much of it each candidate supports.

    Where the analysis cannot be had it is written from the candidates alone; where no answer can
    be had, the majority decides. A note says so.
    """
    answers = await answers_of_pool(case, lambda *known: _ahead(case, *known))
    candidates = answers.candidates
    if len(candidates) == 1:
        alone = Judgment((Verdict(0, 1),), 0, "merge")
        note = "There was one answer only, so there was nothing to merge."
        return Outcome(candidates[0].text, answers, alone, (note,))
    order = case.asking.order(case.prompt, [c.member for c in candidates])
    return await _merged(case, answers, tuple(order))


def merge_load(case: Case) -> Loads:
    """One call per member, the aggregator's two, and the jury's on what it wrote."""
    count, most = len(case.labels), MOST_TOKENS[case.asking.wording]
    if count == 1:
        return {"member": Load(1), "judge": Load()}
    review = case.reviewer.load((MERGED,)) if case.reviewer else Load()
    judging = Load(2 + review.calls, 2 * count + review.shown, most)
    return {"member": Load(count), "judge": judging}


async def _merged(case: Case, answers: Answers, order: tuple[int, ...]) -> Outcome:
    candidates = answers.candidates
    texts = [candidates[i].text for i in order]
    found, missing = await _analysed(case, texts)
    written, why = await _written(case, texts, analysis.as_shown(found) if found else "")
    kept = analysis.analysis_of(found, order) if found else None

    def by_aggregator(judgment: Judgment) -> Judgment:
        judge = case.asking.model.name
        return replace(judgment, protocol="merge", judge=judge, order=order, analysis=kept)

    if written is None:
        note = f"The answers could not be merged, so the majority decided. {why}"
        judgment = by_aggregator(majority(case, candidates))
        return Outcome(candidates[judgment.best].text, answers, judgment, (note,))
    passages = synthesis.passages_of(written, texts, order)
    text = synthesis.joined(passages, case.asking.wording)
    judgment = by_aggregator(support(passages, candidates, case.seed))
    note = f"The answer was merged without an analysis: it could not be had. {missing}"
    notes = () if found else (note,)
    outcome = Outcome(text, answers, judgment, notes, passages)
    return outcome if case.reviewer is None else await _reviewed(case, outcome, case.reviewer)


async def _reviewed(case: Case, outcome: Outcome, jury: Judge) -> Outcome:
    """``outcome`` with what the jury says of the merged answer."""

    def with_panel(review: Judgment | None) -> Outcome:
        assert outcome.judgment is not None
        panel = review.panel if review else None
        return replace(outcome, judgment=replace(outcome.judgment, panel=panel))

    merged = Candidate(MERGED, outcome.text, Usage(), "stop", Timing(0.0))
    try:
        return with_panel(await jury(case.prompt, [merged]))
    except asyncio.CancelledError:
        case.so_far.append(with_panel(jury.arrived()))
        raise


def _ahead(case: Case, prompt: Prompt, members: Sequence[str], known: Known) -> list[Ahead]:
    """The analysis, up to who has not answered."""
    order = case.asking.order(prompt, members)
    texts = [known[members[i]].text if members[i] in known else None for i in order]
    asked, most = _to_analyse(case), MOST_TOKENS[case.asking.wording]
    return [case.asking.ahead(texts, asked, analysis.Reply, most, lookup=True)]


def _to_analyse(case: Case) -> PromptOf:
    wording, seed = case.asking.wording, case.seed
    return lambda shown: analysis.analysis_prompt(case.prompt, shown, wording, seed)


async def _analysed(case: Case, texts: Sequence[str]) -> tuple[analysis.Reply | None, str]:
    asked = _to_analyse(case)
    check = analysis.names_only(len(texts))
    return await _reply(case, "analysis", texts, asked, analysis.Reply, check)


async def _written(
    case: Case, texts: Sequence[str], found: str
) -> tuple[synthesis.Reply | None, str]:
    def asked(shown: Sequence[str]) -> Prompt:
        return synthesis.synthesis_prompt(case.prompt, shown, found, case.asking.wording, case.seed)

    check = synthesis.is_an_answer(len(texts))
    return await _reply(case, "synthesis", texts, asked, synthesis.Reply, check)


async def _reply(
    case: Case,
    what: str,
    texts: Sequence[str],
    asked: Callable[[Sequence[str]], Prompt],
    form: type[T],
    check: Callable[[T], None],
) -> tuple[T | None, str]:
    """The reply, or None and why there is none."""
    label, most = f"{case.asking.model.name}: {what}", MOST_TOKENS[case.asking.wording]
    try:
        reply = await case.asking.reply(label, texts, asked, form, check, most, lookup=True)
        return reply.value, ""
    except Unreadable as exc:
        return None, str(exc)
    except ModelError as exc:
        return None, f"The model failed: {exc.message}"


def support(passages: Sequence[Point], candidates: Sequence[Candidate], seed: int) -> Judgment:
    """Rank ``candidates`` by how many ``passages`` they support.

    ``agreement`` is the share of passages that two or more candidates support.
    """
    supports = [sum(i in p.candidates for p in passages) for i in range(len(candidates))]
    alone = [sum(p.candidates == (i,) for p in passages) for i in range(len(candidates))]
    tops = tuple(i for i, n in enumerate(supports) if n == max(supports))
    shared = sum(len(p.candidates) > 1 for p in passages)
    return Judgment(
        verdicts=tuple(
            Verdict(
                i,
                1 + sum(other > n for other in supports),
                rationale=f"supports {n} of {len(passages)} sentences, {alone[i]} of them alone",
            )
            for i, n in enumerate(supports)
        ),
        best=min(tops, key=lambda i: draw(seed, candidates[i].text)),
        protocol="merge",
        agreement=shared / len(passages) if passages else None,
        ties=tops if len(tops) > 1 else (),
        rule=TIE_RULE if len(tops) > 1 else "",
    )
