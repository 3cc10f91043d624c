"""The cap holds, whatever the models write."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.errors import ModelError, UsageError
from fusion_magics.pool import Budget, Member, Pool, Recorder, together
from fusion_magics.pool.budget import most_prompt_tokens
from fusion_magics.types import Answers, Message, Price, Prompt, SamplingParams, Usage

Q = Prompt.of("one two three")
READ = most_prompt_tokens(Q)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("20000tok", Budget(20000, "tok")),
        ("0.05usd", Budget(0.05, "usd")),
        (" .5 USD ", Budget(0.5, "usd")),
    ],
)
def test_reading(text: str, budget: Budget) -> None:
    assert Budget.of(text) == budget
    assert Budget.of(str(budget)) == budget


@pytest.mark.parametrize("text", ["", "5", "usd", "0tok", "-1usd", "1eur", "9" * 999 + "usd", 5])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(UsageError, match=r"The budget cannot be .*\nWrite US dollars or tokens"):
        Budget.of(text)


def model(words: int, price: Price | None = None, gap: float = 0.0, **more: int) -> ScriptedModel:
    script = Script(" ".join(["word"] * words), gap=gap, price=price, **more)  # type: ignore[arg-type]
    return ScriptedModel(f"scripted:{words}", script)


async def ask(recorder: Recorder, *models: ScriptedModel, max_tokens: int = 512) -> Answers:
    params = SamplingParams(max_tokens=max_tokens)
    members = [Member(f"m{i}", each, params) for i, each in enumerate(models)]
    return await Pool(members, recorder.ask).each({member.label: Q for member in members})


def used(recorder: Recorder) -> Usage:
    return sum((call.usage for call in recorder.calls), Usage(cost=0.0))


sizes = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 90)), min_size=1, max_size=5)


@given(sizes, st.integers(1, 900), st.booleans())
def test_usage_never_exceeds_a_cap_of_tokens(
    calls: list[tuple[int, int]], cap: int, breaks: bool
) -> None:
    recorder = Recorder(budget=Budget(cap, "tok"))
    models = [
        model(words, fail_after=7 if breaks and i % 2 else None)
        for i, (words, _) in enumerate(calls)
    ]  # type: ignore[arg-type]

    async def every() -> None:
        for round_ in range(2):
            members = [
                Member(f"{round_}.{i}", models[i], SamplingParams(max_tokens=most))
                for i, (_, most) in enumerate(calls)
            ]
            await Pool(members, recorder.ask).each({member.label: Q for member in members})

    asyncio.run(every())
    total = used(recorder)
    assert total.prompt_tokens + total.completion_tokens <= cap


@given(sizes, st.floats(0.0001, 1), st.floats(0, 0.001), st.floats(0, 0.01))
def test_cost_never_exceeds_a_cap_of_dollars(
    calls: list[tuple[int, int]], cap: float, read: float, written: float
) -> None:
    recorder = Recorder(budget=Budget(cap, "usd"))
    price = Price(read, written)
    asyncio.run(ask(recorder, *(model(words, price) for words, _ in calls), max_tokens=calls[0][1]))
    cost = used(recorder).cost
    assert cost is not None
    assert cost <= cap * (1 + 1e-9)


async def test_a_call_is_granted_what_is_left_for_it() -> None:
    recorder = Recorder(budget=Budget(READ + 20, "tok"))
    (candidate,) = (await ask(recorder, model(100))).candidates
    assert (candidate.usage.completion_tokens, candidate.finish_reason) == (20, "length")
    assert recorder.spending.notes == (
        f"The budget of {READ + 20}tok was reached (calls not made: 0, cut short: 1).",
    )


async def test_a_call_without_room_for_a_small_answer_is_not_made() -> None:
    recorder = Recorder(budget=Budget(READ + 15, "tok"))
    (failure,) = (await ask(recorder, model(100))).failures
    assert failure.kind == "budget"
    assert f"The budget of {READ + 15}tok has no room" in failure.message
    assert "larger budget" in failure.hint
    assert used(recorder).prompt_tokens == 0
    assert "calls not made: 1" in recorder.spending.notes[0]


async def test_who_wants_little_is_given_little() -> None:
    recorder = Recorder(budget=Budget(READ + 5, "tok"))
    assert (await ask(recorder, model(100), max_tokens=5)).candidates


async def test_what_a_call_does_not_use_comes_back() -> None:
    """Three calls that reserve all of the budget each, and use a tenth of it."""
    recorder = Recorder(budget=Budget(READ + 100, "tok"))
    answers = await ask(recorder, *[model(20, gap=0.001)] * 3, max_tokens=100)
    assert [c.usage.completion_tokens for c in answers.candidates] == [20, 20, 20]
    assert recorder.spending.notes == ()


async def test_of_a_call_that_broke_off_all_counts() -> None:
    recorder = Recorder(budget=Budget(READ + 100, "tok"))
    answers = await ask(recorder, model(20, fail_after=3), model(20), max_tokens=100)
    assert [f.kind for f in answers.failures] == ["failed", "budget"]


async def test_one_that_waits_for_others_can_be_cancelled() -> None:
    recorder = Recorder(budget=Budget(READ + 100, "tok"))
    task = asyncio.create_task(ask(recorder, model(1000, gap=0.01), model(5), max_tokens=100))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [call.state for call in recorder.calls] == ["cancelled"] * 2


async def test_without_a_budget_nothing_is_bounded() -> None:
    recorder = Recorder()
    (candidate,) = (await ask(recorder, model(600), max_tokens=600)).candidates
    assert candidate.usage.completion_tokens == 600


def test_a_prompt_is_counted_in_bytes_and_its_template_too() -> None:
    text = "Ünïcödé, 漢字 and 😀"
    prompt = Prompt((Message("system", text), Message("user", text)))
    assert most_prompt_tokens(prompt) > 2 * len(text.encode()) > 2 * len(text)


async def test_free_models_need_no_dollars() -> None:
    recorder = Recorder(budget=Budget(0.01, "usd"))

    async def call(each: ScriptedModel) -> bool:
        try:
            await recorder.ask(each, each.name, "member", Q, SamplingParams())
        except ModelError:
            return False
        return True

    assert await together([call(model(100, Price(0, 0))), call(model(100, Price(1, 1)))]) == [
        True,
        False,
    ]


async def test_an_answer_at_its_models_own_limit_is_not_cut_by_the_budget() -> None:
    recorder = Recorder(budget=Budget(READ + 100, "tok"))
    answers = await ask(recorder, model(50, most_tokens=20))
    assert answers.candidates[0].finish_reason == "length"
    assert recorder.spending.notes == ()
