"""Calls of one model at once: decoded together, and none the worse for its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path

import pytest
from asking import Answer, ask, child_pid, llama, tokens_of
from msgspec.structs import replace as with_spec
from random_models import Shape, write_gguf
from recurrent_model import write_mamba

from fusion_magics.errors import ContextOverflow, ModelError
from fusion_magics.local import LocalModel, unload
from fusion_magics.local.engines import CancelFlag, Cancelled, llamacpp
from fusion_magics.types import Prompt, SamplingParams

STORY = "Once upon a time there was a dog who liked to run and play in the big green park. "
OPENINGS = [
    "Once upon a time",
    STORY * 3 + "He",
    "Tom and Sam",
    STORY * 3 + "The dog",
    "One day a little girl went to the park with her mom and saw",
    "Lily",
    STORY * 5,
    "The big red ball",
]


async def alone(model: LocalModel, **params: object) -> list[Answer]:
    return [await ask(model, text, **params) for text in OPENINGS]


async def together(model: LocalModel, **params: object) -> list[Answer]:
    return await asyncio.gather(*(ask(model, text, **params) for text in OPENINGS))


def said(answers: Sequence[Answer]) -> list[object]:
    """Texts and likelihoods, to the last bit."""
    return [(answer.text, answer.logprobs) for answer in answers]


@pytest.mark.parametrize("temperature", [0.0, 0.9])
@pytest.mark.parametrize("kind", ["stories", "chatty", "mlx_chatty"])
async def test_an_answer_is_the_same_alone_and_in_a_batch(
    request: pytest.FixtureRequest, kind: str, temperature: float
) -> None:
    """Weights of 32 and of 16 bits: there the kernels for one row are others than for several."""
    model: LocalModel = request.getfixturevalue(kind)
    exact = {"logprobs": 3} if kind != "mlx_chatty" else {}  # MLX's sums may differ in a last bit
    params = {"temperature": temperature, "seed": 5, "max_tokens": 48} | exact
    one_by_one = await alone(model, **params)
    assert said(await together(model, **params)) == said(one_by_one)
    unload()  # and with nothing read before
    assert said(await together(model, **params)) == said(one_by_one)


@pytest.mark.parametrize("kind", ["Q4_0", "Q8_0"])
async def test_quantised_weights_too(tmp_path: Path, kind: str) -> None:
    model = llama(write_gguf(tmp_path / "m.gguf", Shape(width=256, inner=512, kind=kind)))
    params = {"logprobs": 2, "max_tokens": 24}
    one_by_one = await alone(model, **params)
    assert said(await together(model, **params)) == said(one_by_one)


async def test_a_model_that_cannot_forget_a_part(tmp_path: Path) -> None:
    """Recurrent ones: one call at a time, and each prompt is read from its beginning."""
    model = llama(write_mamba(tmp_path / "mamba.gguf"))
    one_by_one = await alone(model)
    assert said(await together(model)) == said(one_by_one)
    flag = CancelFlag()
    engine = llamacpp.load(model.spec, flag)
    tokens, params = list(b"a story " * 50), SamplingParams()
    fresh = [*tokens_of(engine, tokens, params)]
    cancelled = engine.begin(tokens + tokens, params, 1)
    assert not engine.read(cancelled)
    flag.set()
    with pytest.raises(Cancelled):
        engine.read(cancelled)
    flag.clear()
    engine.end(cancelled)
    assert [*tokens_of(engine, tokens, params)] == fresh


async def test_calls_join_and_leave_between_steps(stories: LocalModel) -> None:
    """Each ends after another number of tokens, and the next begins where there is room."""
    small = _of(stories, 3)
    texts = [(OPENINGS[n % 8], 5 + 7 * n % 40) for n in range(20)]
    fresh = [(await ask(small, text, max_tokens=most)).text for text, most in texts]
    at_once = await asyncio.gather(*(ask(small, text, max_tokens=most) for text, most in texts))
    assert [answer.text for answer in at_once] == fresh


def _of(model: LocalModel, parallel: int) -> LocalModel:
    return LocalModel(model.name, with_spec(model.spec, parallel=parallel))


@pytest.mark.parametrize("kind", ["stories", "mlx_chatty"])
async def test_samples_of_one_prompt_read_it_once(
    request: pytest.FixtureRequest, kind: str
) -> None:
    model: LocalModel = request.getfixturevalue(kind)
    samples = await asyncio.gather(
        *(ask(model, STORY * 3, temperature=1.0, seed=seed) for seed in range(6))
    )
    usages = [answer.finish.usage for answer in samples]
    assert len({answer.text for answer in samples}) == 6
    assert [u.cached_tokens for u in usages] == [0, *[u.prompt_tokens for u in usages[1:]]]
    (again,) = [await ask(model, STORY * 3, temperature=1.0, seed=4)]
    assert again.text == samples[4].text


async def test_what_a_neighbour_reads_is_not_read_again(stories: LocalModel) -> None:
    """While the one still writes, the other takes over the beginning of its prompt."""
    fresh = await ask(stories, STORY * 4 + "The end", logprobs=2)
    unload()
    params = SamplingParams(max_tokens=300)
    async with aclosing(stories.stream(Prompt.of(STORY * 4), params)) as deltas:
        async for delta in deltas:
            if delta.state == "writing":
                break
        beside = await ask(stories, STORY * 4 + "The end", logprobs=2)
        first = "".join([delta.text async for delta in deltas])
    assert beside.finish.usage.cached_tokens >= 32
    assert said([beside]) == said([fresh])
    assert first.startswith((await ask(stories, STORY * 4, max_tokens=250)).text[:200])


@pytest.mark.parametrize("kind", ["steady", "mlx_steady"])
async def test_one_is_cancelled_and_the_others_write_on(
    request: pytest.FixtureRequest, kind: str
) -> None:
    model: LocalModel = request.getfixturevalue(kind)
    fresh = [(await ask(model, text, max_tokens=60)).text for text in ("a", "b")]
    pid = child_pid(model)
    begun = asyncio.Event()

    async def goes_on() -> None:
        params = SamplingParams(max_tokens=4000)
        async for delta in model.stream(Prompt.of("c"), params):
            if delta.text:
                begun.set()

    third = asyncio.create_task(goes_on())
    others = [asyncio.create_task(ask(model, text, max_tokens=60)) for text in ("a", "b")]
    await begun.wait()
    third.cancel()
    with suppress(asyncio.CancelledError):
        await third
    assert [(await other).text for other in others] == fresh
    assert child_pid(model) == pid


async def test_one_fails_and_the_others_write_on(chatty: LocalModel) -> None:
    fresh = (await ask(chatty, "hello")).text
    asked = [
        ask(chatty, "hello"),
        ask(chatty, "x", schema={"type": "no such type"}),
        ask(chatty, "x" * 600),
        ask(chatty, "hello"),
    ]
    first, second, third, fourth = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(second, ModelError)
    assert isinstance(third, ContextOverflow)
    assert isinstance(first, Answer)
    assert isinstance(fourth, Answer)
    assert first.text == fourth.text == fresh


async def test_a_call_longer_than_its_share_waits_and_has_room(steady: LocalModel) -> None:
    """Streams are cut anew while nobody works in them; until then short calls go on."""
    model = _of(steady, 2)
    short = asyncio.create_task(ask(model, "hello", max_tokens=200))
    long = asyncio.create_task(ask(model, "x" * 2500, max_tokens=8))
    other = asyncio.create_task(ask(model, "hello", max_tokens=200))
    assert (await long).finish.usage.prompt_tokens > 2500
    assert (await short).text == (await other).text
    unload()
    assert (await ask(model, "x" * 2500, max_tokens=8)).text == (await long).text


async def test_a_longer_call_makes_the_streams_longer_and_disturbs_nobody(
    steady: LocalModel,
) -> None:
    fresh = (await ask(steady, "hello", max_tokens=150)).text
    unload()
    params = SamplingParams(max_tokens=150)
    async with aclosing(steady.stream(Prompt.of("hello"), params)) as deltas:
        async for delta in deltas:
            if delta.text:
                break
        begun = delta.text
        assert (await ask(steady, "y" * 700, max_tokens=3)).finish.usage.prompt_tokens > 700
        assert begun + "".join([delta.text async for delta in deltas]) == fresh


def test_prompts_of_calls_that_have_ended_are_kept(steady: LocalModel) -> None:
    """Several at once: whoever is asked next finds its own."""
    engine = llamacpp.load(steady.spec, CancelFlag())
    prompts = [list(f"persona {n} says ".encode()) * 20 for n in range(4)]
    slots = []
    for prompt in prompts:
        slot = engine.begin(prompt, SamplingParams(), 10)
        while not engine.read(slot):
            pass
        slots.append(slot)
    for _ in range(4):
        for slot in slots:
            engine.pick(slot)
        engine.step(slots)
        engine.end(slots.pop(0))
    for prompt in prompts:
        slot = engine.begin(prompt, SamplingParams(), 10)
        assert slot.cached == len(prompt)
        engine.end(slot)
