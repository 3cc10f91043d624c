"""``fuse()``: check and look up, ask, return a :class:`~fusion_magics.types.Fusion`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal, TypedDict, Unpack, overload

from .answers import reader_of
from .checks import MOST_ROUNDS, USUAL_ROUNDS, choose, jury_of, safety, seconds, whole
from .errors import Cancelled, NoAnswerError, keep
from .follow_up import in_conversation
from .given import given
from .judges import AGGREGATES, JUDGES, rubric_of
from .members import MOST_SAMPLES, open_judges, open_pool, with_sampling
from .modes import MODES, Case
from .plan import Plan, plan_of
from .pool import LATE, Budget, Control, Patience, Recorder, awake
from .seams import Outcome, Watch
from .types import Answers, Failure, Fusion, Prompt, SamplingParams
from .wiring import Setup, with_confidence


class Options(TypedDict, total=False):
    """The options of :func:`fuse`, for type checkers: ``dry_run`` decides what it returns."""

    pool: str | Sequence[str] | None
    judge: str | Sequence[str] | None
    mode: str
    protocol: str
    rubric: str | None
    jury: str | Sequence[str] | None
    aggregate: str
    rounds: int
    read: str | Callable[[str], str | None]
    early_stop: bool | float
    samples: int
    system: str | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    seed: int | None
    deadline: float | None
    quorum: int | None
    budget: str | None
    escalate: bool
    continue_: Fusion | None
    blind: bool
    watch: Watch | None
    control: Control | None


@overload
async def fuse(
    prompt: str | Prompt, *, dry_run: Literal[False] = False, **options: Unpack[Options]
) -> Fusion: ...
@overload
async def fuse(
    prompt: str | Prompt, *, dry_run: Literal[True], **options: Unpack[Options]
) -> Plan: ...
async def fuse(
    prompt: str | Prompt,
    *,
    pool: str | Sequence[str] | None = None,
    judge: str | Sequence[str] | None = None,
    mode: str = "best-of",
    protocol: str = "pointwise",
    rubric: str | None = None,
    jury: str | Sequence[str] | None = None,
    aggregate: str = "mean",
    rounds: int = USUAL_ROUNDS,
    read: str | Callable[[str], str | None] = "auto",
    early_stop: bool | float = False,
    samples: int = 1,
    system: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    deadline: float | None = None,
    quorum: int | None = None,
    budget: str | None = None,
    escalate: bool = False,
    continue_: Fusion | None = None,
    blind: bool = False,
    dry_run: bool = False,
    watch: Watch | None = None,
    control: Control | None = None,
) -> Fusion | Plan:
    """Ask every member of ``pool`` at once and fuse their answers into one.

    Parameters
    ----------
    prompt : str or Prompt
        The question, or a whole conversation.
    pool : str or sequence of str, optional
        Member names (``"tiny:sums,tiny:words"``), saved pools (``"mine"``, see
        :mod:`fusion_magics.pools`), or both; default: the tiny specialists.
    judge : str or sequence of str, optional
        The judge's member name; several are a jury. Default: the judge saved with the pool, else
        ``tiny:judge``. It must name one in every mode, also where no judge is asked.
    mode : str
        ``best-of`` (the judge's choice), ``merge`` (one answer written from all), ``debate``
        (members revise, then the judge decides) or ``vote`` (the majority).
    protocol : str
        How the judge compares: ``pointwise`` (each answer by itself), ``pairwise`` (every pair in
        both orders) or ``listwise`` (all at once, in several orders).
    rubric : str, optional
        By what it judges: ``general`` (the default), ``correctness``, ``code-review``,
        ``creative-brief``, ``safety``, a ``.txt`` or ``.md`` file with one criterion per line
        (``name (weight): description``), or such criteria as text.
    jury : str or sequence of str, optional
        Personas of the judge, or dealt to several: ``"builder,skeptic"``, or lines of
        ``name: viewpoint``. See :func:`fusion_magics.judges.personas`.
    aggregate : str
        How a jury's ballots become scores: ``mean``, ``majority`` or ``reliability``.
    rounds : int
        The most rounds of a debate, 1 to 10.
    read : str or callable
        How the final answer is read from a text: ``auto``, ``number``, ``letter``, ``boxed``,
        ``json:FIELD``, ``text``, ``judge``, or a function of yours. See
        :func:`fusion_magics.answers.reader_of`.
    early_stop : bool or float
        ``vote`` asks no more members once the lead is safe with this probability, above 0.5 and
        below 1; True is 0.95.
    samples : int
        Of every member that does not say ``*N`` itself, 1 to 1000.
    system : str, optional
        A system message for every member, in the place of the prompt's own; ``""`` is none.
    temperature : float, optional
        0 is greedy, the default; several samples of one member default to 0.8.
    top_p : float, optional
        Nucleus sampling, default 1 (off).
    max_tokens : int, optional
        The most tokens per answer, default 512.
    seed : int, optional
        Of the samplers, the judge's order and all draws, default 0.
    deadline : float, optional
        Seconds to wait for members, each time they are asked: once, in every round of a debate,
        and in every step of ``escalate``. Who is late may finish while the judge works
        (``fusion.late``), then is stopped; a model that judges, too, is stopped at once.
    quorum : int, optional
        Go on once so many members have answered, and a grace of 1 second, or of a fifth of the
        time so far, has passed.
    budget : str, optional
        A hard cap over all calls: ``"0.05usd"``, or ``"20000tok"`` read and written. A call is
        made if the most it may cost is left; who is late is stopped at once.
    escalate : bool
        Ask the first member; if it is sure, that is the answer. Else ask the second; if they
        agree, done. Else ask the others and go on as usual. See
        :func:`fusion_magics.modes.cascade`.
    continue_ : Fusion, optional
        A follow-up: the members see its prompt and its answer first. (``continue`` is a word of
        Python's own.)
    blind : bool
        The views hide who wrote what, and what the judge says, until you have voted; see
        :meth:`fusion_magics.Fusion.cast_vote`. What is asked is the same.
    dry_run : bool
        Ask nothing, and return a :class:`~fusion_magics.plan.Plan` of what would be asked.
    watch : callable, optional
        Is told of every delta while it arrives: ``watch(label, purpose, delta)``.
    control : Control, optional
        Stops a member, or everything, while it runs: ``control.cancel(label)``. Cancelled as a
        whole, this returns what has arrived, without a decision.

    Raises
    ------
    UsageError
        If the input cannot be run; nothing was asked.
    NoAnswerError
        If no member answered; it says why for each.
    asyncio.CancelledError
        If the task is cancelled: its attribute ``fusion`` keeps what had arrived, without a
        decision. (After ``asyncio.timeout()`` it is the ``TimeoutError``'s ``__cause__``.)
    """
    sampling = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens, "seed": seed}
    asked = in_conversation(prompt, system, continue_)
    params = with_sampling(
        SamplingParams(),
        {key: value for key, value in sampling.items() if value is not None},
        "The sampling options",
    )
    mode, protocol = choose("mode", mode, MODES), choose("protocol", protocol, JUDGES)
    several = whole("samples", samples, MOST_SAMPLES)
    members = open_pool(pool, params, temperature, several)
    judges = open_judges(judge, pool)
    cap = None if budget is None else Budget.of(budget)
    judging = {model.name for model in judges}
    setup = Setup(
        prompt=asked,
        mode=mode,
        protocol=protocol,
        rubric=None if rubric is None else rubric_of(rubric),
        params=params,
        members=with_confidence(members) if escalate else members,
        judges=judges,
        jury=jury_of(jury),
        aggregate=choose("aggregate", aggregate, AGGREGATES),
        read=reader_of(read),
        rounds=whole("rounds", rounds, MOST_ROUNDS),
        early_stop=safety(early_stop),
        patience=Patience(
            None if deadline is None else seconds("deadline", deadline),
            None if quorum is None else whole("quorum", quorum, len(members)),
            # What they spend is not there for the judge, be it budget or time of its own model.
            frozenset(m.label for m in members if cap is not None or m.model.name in judging),
        ),
        budget=cap,
        escalate=escalate,
        blind=bool(blind),
        options=given(fuse, locals()),
    )
    return plan_of(setup) if dry_run else await _fused(setup, watch, control or Control())


async def _fused(setup: Setup, watch: Watch | None, control: Control) -> Fusion:
    recorder = Recorder(watch, setup.budget, control)
    askings = setup.askings(recorder)
    case = setup.case(recorder, askings)

    def fusion(outcome: Outcome) -> Fusion:
        asked = (note for asking in askings for note in asking.notes)
        return _fusion(setup, case, recorder, outcome, asked)

    try:
        async with awake(), case.pool, control.fusion(case.labels):
            outcome = await setup.decide(case)
        return fusion(outcome)
    except Cancelled:
        return fusion(_arrived(case, recorder))
    except NoAnswerError as exc:
        exc.failures = _settled(exc.failures, case, recorder)
        raise
    except asyncio.CancelledError as stop:
        keep(stop, fusion(_arrived(case, recorder)))
        raise


def _fusion(
    setup: Setup, case: Case, recorder: Recorder, outcome: Outcome, asked: Iterable[str]
) -> Fusion:
    """All that came of it; ``asked``: notes on how the judges were asked."""
    answers = outcome.answers
    return Fusion(
        text=outcome.text,
        prompt=setup.prompt,
        mode=setup.mode,
        pool=tuple(member.label for member in setup.members),
        candidates=answers.candidates,
        failures=_settled(answers.failures, case, recorder),
        judgment=outcome.judgment,
        params=setup.params,
        calls=recorder.calls,
        notes=(
            *_cut(answers),
            *asked,
            *setup.conflicts(outcome.judgment),
            *outcome.notes,
            *setup.unused(),
            *recorder.spending.notes,
        ),
        passages=outcome.passages,
        rounds=outcome.rounds,
        changes=outcome.changes,
        late=case.pool.late.candidates,
        saved_calls=outcome.saved_calls,
        options=setup.options,
        blind=setup.blind,
    )


def _arrived(case: Case, recorder: Recorder) -> Outcome:
    """What there was when the fusion was stopped."""
    if case.so_far:
        outcome = case.so_far[-1]
    else:
        outcome = Outcome("", recorder.arrived(case.labels, case.pool.late.candidates), None)
    when = "all was judged" if outcome.text else "it was decided"
    note = f"Stopped before {when}; what had arrived is kept."
    return replace(
        outcome,
        judgment=outcome.judgment or case.judge.arrived(),
        notes=(note, *outcome.notes),
    )


def _settled(failures: Sequence[Failure], case: Case, recorder: Recorder) -> tuple[Failure, ...]:
    """``failures``, those of late members as they stand at the end: an answer is none."""
    late = case.pool.late
    came = {candidate.member for candidate in late.candidates}
    failed = {failure.member: failure for failure in late.failures}
    partial = {f.member: f.partial for f in recorder.arrived(case.labels, late.candidates).failures}
    return tuple(
        failed.get(f.member, replace(f, partial=partial.get(f.member, ""))) if f.kind == LATE else f
        for f in failures
        if f.kind != LATE or f.member not in came
    )


def _cut(answers: Answers) -> tuple[str, ...]:
    cut = [c.member for c in answers.candidates if c.finish_reason == "length"]
    return (f"Cut at the token limit: {', '.join(cut)}.",) if cut else ()
