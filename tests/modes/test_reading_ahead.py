"""What the judge's model reads while members still write: prefixes of what it is asked then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest
from cases import member, scored

from fusion_magics.asking import Asking
from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.judges import JUDGES, Jury, seat
from fusion_magics.modes import MODES, Case
from fusion_magics.modes.ahead import ReadingAhead
from fusion_magics.pool import Pool, Recorder
from fusion_magics.types import Delta, Prompt, SamplingParams

QUESTION = Prompt.of("What is red?\nSay why.")
LABELS = ("one", "two", "three", "four")


class Reading:
    """A scripted model that can read ahead: it keeps what it read, and was asked."""

    def __init__(self, script: Script, seconds: float) -> None:
        self._model = ScriptedModel("scripted:judge", script)
        self._seconds = seconds
        self.read: list[Prompt] = []
        self.asked: list[Prompt] = []
        self.running = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    async def read_ahead(self, prompt: Prompt, params: SamplingParams) -> None:
        self.read.append(prompt)
        self.running += 1
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self.running -= 1

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        assert not self.running, "it is asked while it still reads ahead"
        self.asked.append(prompt)
        async for delta in self._model.stream(prompt, params):
            yield delta


def case_of(
    judge: str = "pointwise",
    labels: Sequence[str] = LABELS,
    seconds: float = 0.0,
    **more: Any,
) -> tuple[Case, Reading]:
    """Members that answer one after the other, and a judge that reads ahead."""
    recorder = Recorder()
    script = Script(json.dumps(scored(3)))
    model = Reading(script, seconds)
    asking = Asking(model, recorder.ask)
    judging = (
        Jury(seat([asking], {"builder": "You build.", "skeptic": "You doubt."}))
        if judge == "jury"
        else JUDGES[judge](asking, None)
    )
    members = [
        member(label, Script(f"Answer of {label}, red.", delay=0.02 * n))
        for n, label in enumerate(labels, 1)
    ]
    return Case(QUESTION, Pool(members, recorder.ask), judging, asking, **more), model


def content(prompts: Sequence[Prompt]) -> list[str]:
    return [prompt.messages[0].content for prompt in prompts]


@pytest.mark.parametrize("judge", ["pointwise", "pairwise", "listwise", "jury"])
async def test_what_is_read_begins_what_is_asked(judge: str) -> None:
    case, model = case_of(judge)
    await MODES["best-of"](case)
    read, asked = content(model.read), content(model.asked)
    assert all(any(one.startswith(begun) for one in asked) for begun in read)
    assert all("What is red?" in begun for begun in read)
    assert not any("Answer of" in begun for begun in read[:1])  # nobody had answered
    first, *_, last = LABELS
    assert any(f"Answer of {first}" in begun for begun in read)
    whole = judge in ("pointwise", "jury")
    assert any(f"Answer of {last}" in begun for begun in read) or not whole


async def test_merge_reads_the_answers_once_for_both_its_halves() -> None:
    case, model = case_of()
    await MODES["merge"](case)
    read, asked = content(model.read), content(model.asked)
    assert all(asked[0].startswith(begun) for begun in read)
    assert max(map(len, read)) > max(map(len, read[:1]))
    analysis, *_, synthesis = asked
    answers = analysis[: analysis.index("Lay them side by side")]
    assert answers.count("Answer of") == 4
    assert synthesis.startswith(answers)


async def test_the_order_shown_is_the_order_read() -> None:
    case, model = case_of("listwise")
    await MODES["best-of"](case)
    longest = max(content(model.read), key=len)
    assert longest.count("Answer of") == 4  # the last one to answer ends some order's prefix


@pytest.mark.parametrize("mode", ["debate", "vote"])
async def test_modes_that_do_not_judge_these_answers_read_nothing(mode: str) -> None:
    case, model = case_of(rounds=1)
    await MODES[mode](case)
    assert model.read == []


async def test_nothing_is_read_where_that_is_not_wanted() -> None:
    case, model = case_of(reads_ahead=False)
    await MODES["best-of"](case)
    assert model.read == []
    assert len(model.asked) >= 4


async def test_reading_ends_before_the_judge_is_asked_and_when_all_is_stopped() -> None:
    case, model = case_of(seconds=60)
    await MODES["best-of"](case)  # the judge's calls look whether something still reads
    assert model.read
    assert model.running == 0
    case, model = case_of(seconds=60)
    run = asyncio.create_task(MODES["best-of"](case))
    await asyncio.sleep(0.05)
    assert model.running
    run.cancel()
    with suppress(asyncio.CancelledError):
        await run
    assert model.running == 0


async def test_of_many_samples_a_few_are_read() -> None:
    """Every pair of forty, in both orders, would be 1,560 prompts, made anew forty times."""
    case, model = case_of("pairwise", labels=[f"m{n}" for n in range(40)])
    told = islice(case.judge.ahead(QUESTION, case.labels, {}), 3)
    assert len(list(told)) == 3
    reading = ReadingAhead(lambda known: case.judge.ahead(QUESTION, case.labels, known))
    async with reading:
        await asyncio.sleep(0.01)
    assert len(model.read) == 1  # all begin alike as long as nobody has answered


async def test_a_juror_does_not_read_its_own_answer() -> None:
    case, model = case_of("jury", labels=["scripted:judge", "two"])
    await MODES["best-of"](case)
    assert any("Answer of two" in begun for begun in content(model.read))
    assert not any("Answer of scripted:judge" in begun for begun in content(model.read))
