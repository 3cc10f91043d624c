"""``fuse()``: choose by name, wire, return a :class:`~fusion_magics.types.Fusion`."""

from __future__ import annotations

import asyncio
import reprlib
from collections.abc import Mapping, Sequence
from typing import TypeVar, get_args

from .asking import Asking
from .errors import UsageError, did_you_mean, keep
from .judges import JUDGES
from .members import open_judge, open_pool, with_sampling
from .modes import MODES, Case
from .pool import Pool, Recorder, awake, with_system
from .text import sendable
from .types import Answers, Fusion, Message, Outcome, Prompt, Role, SamplingParams, Watch

T = TypeVar("T")


async def fuse(
    prompt: str | Prompt,
    *,
    pool: str | Sequence[str] | None = None,
    judge: str | None = None,
    mode: str = "best-of",
    protocol: str = "pointwise",
    system: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    watch: Watch | None = None,
) -> Fusion:
    """Ask every member of ``pool`` at once and fuse their answers into one.

    Parameters
    ----------
    prompt : str or Prompt
        The question, or a whole conversation.
    pool : str or sequence of str, optional
        Member names (``"tiny:sums,tiny:words"``); default: the tiny specialists.
    judge : str, optional
        The judge's member name; default: ``tiny:judge``. It must name one in every mode, also
        where no judge is asked.
    mode : str
        ``best-of`` (the judge's choice) or ``vote`` (the majority, no judge).
    protocol : str
        How the judge compares: ``pointwise``.
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
    watch : callable, optional
        Is told of every delta while it arrives: ``watch(label, purpose, delta)``.

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
    asked = _prompt(prompt, system)
    given = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens, "seed": seed}
    params = with_sampling(
        SamplingParams(),
        {key: value for key, value in given.items() if value is not None},
        "The sampling options",
    )
    fuse_answers = choose("mode", mode, MODES)
    make_judge = choose("protocol", protocol, JUDGES)
    members = open_pool(pool, params, temperature)
    judge_model = open_judge(judge)

    recorder = Recorder(watch)
    asking = Asking(judge_model, recorder.ask, params.seed)
    judging = make_judge(asking)
    case = Case(asked, Pool(members, recorder.ask), judging, asking, params.seed)

    def fusion(outcome: Outcome) -> Fusion:
        return Fusion(
            text=outcome.text,
            prompt=asked,
            mode=mode,
            pool=tuple(m.label for m in members),
            candidates=outcome.answers.candidates,
            failures=outcome.answers.failures,
            judgment=outcome.judgment,
            params=params,
            calls=recorder.calls,
            notes=(*_cut(outcome.answers), *asking.notes, *outcome.notes),
            passages=outcome.passages,
            rounds=outcome.rounds,
            changes=outcome.changes,
            saved_calls=outcome.saved_calls,
        )

    try:
        async with awake():
            return fusion(await fuse_answers(case))
    except asyncio.CancelledError as stop:
        note = "Stopped before it was decided; what had arrived is kept."
        keep(stop, fusion(Outcome("", recorder.arrived(), judging.arrived(), (note,))))
        raise


def choose(what: str, word: str, table: Mapping[str, T]) -> T:
    """``table[word]``, or a ``UsageError`` that lists the words there are."""
    if word in table:
        return table[word]
    hint = f"{did_you_mean(word, table)}There is: {', '.join(table)}"
    raise UsageError(f"There is no {what} {word!r}.", hint)


def _prompt(prompt: str | Prompt, system: str | None) -> Prompt:
    if not isinstance(prompt, str | Prompt):
        raise UsageError(
            f"{reprlib.repr(prompt)} is no prompt: it is of type {type(prompt).__name__}.",
            "Give the question as a str, or a conversation as a Prompt.",
        )
    asked = Prompt.of(prompt) if isinstance(prompt, str) else prompt
    if not asked.text.strip():
        raise UsageError("The prompt is empty.", "Write the question below the %%fuse line.")
    for message in asked.messages:
        if message.role not in get_args(Role):
            words = ", ".join(get_args(Role))
            raise UsageError(f"There is no role {message.role!r}.", f"Roles: {words}.")
    if system is not None:
        asked = with_system(asked, system)
    return Prompt(tuple(Message(m.role, sendable(m.content)) for m in asked.messages))


def _cut(answers: Answers) -> tuple[str, ...]:
    cut = [c.member for c in answers.candidates if c.finish_reason == "length"]
    return (f"Cut at the token limit: {', '.join(cut)}.",) if cut else ()
