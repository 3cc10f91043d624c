"""Prompts that are read before they are asked: what is known then, and whom it disturbs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from asking import ask, child_pid, llama
from msgspec.structs import replace as with_spec
from random_models import Shape

from fusion_magics.local import LocalModel, Spec, loaded, registry
from fusion_magics.local.batching import Batch
from fusion_magics.local.engines import CancelFlag, llamacpp
from fusion_magics.local.inbox import Inbox
from fusion_magics.local.wire import Generate, Progress, Report
from fusion_magics.seams import ReadsAhead
from fusion_magics.types import Prompt, SamplingParams

HEAD = "Judge the answer between the marks, as strictly as you can. " * 2
PARAMS = SamplingParams(max_tokens=40)

Build = Callable[[Shape, str], Path]


def answer(number: int) -> str:
    return f"{HEAD}Answer {number}: " + f"{number} is what I found. " * 6


@pytest.mark.parametrize("kind", ["steady", "mlx_steady"])
async def test_what_was_read_ahead_is_not_read_again(
    request: pytest.FixtureRequest, kind: str
) -> None:
    model: LocalModel = request.getfixturevalue(kind)
    assert isinstance(model, ReadsAhead)
    fresh = [(await ask(model, answer(n))).text for n in range(3)]
    registry.unload()
    for n in range(3):
        await model.read_ahead(Prompt.of(answer(n)), PARAMS)
    answers = await asyncio.gather(*(ask(model, answer(n)) for n in range(3)))
    assert [a.text for a in answers] == fresh
    usages = [a.finish.usage for a in answers]
    assert [u.cached_tokens for u in usages] == [u.prompt_tokens for u in usages]


async def test_a_beginning_is_known_whatever_follows(steady: LocalModel) -> None:
    await steady.read_ahead(Prompt.of(HEAD), PARAMS)
    usage = (await ask(steady, answer(1))).finish.usage
    assert usage.cached_tokens >= len(HEAD) // 32 * 32  # bytes are tokens here


async def test_what_waits_for_its_call_is_kept_while_others_come_and_go(
    steady: LocalModel,
) -> None:
    model = LocalModel(steady.name, with_spec(steady.spec, parallel=3))
    await model.read_ahead(Prompt.of(answer(1)), PARAMS)
    for n in range(5):
        await ask(model, f"{HEAD}Something else: {n}")
    usage = (await ask(model, answer(1))).finish.usage
    assert usage.cached_tokens == usage.prompt_tokens


async def test_reading_ahead_gives_way_to_who_is_to_write(slow: LocalModel) -> None:
    await ask(slow, "x", max_tokens=1)
    long = asyncio.create_task(slow.read_ahead(Prompt.of("word " * 300), PARAMS))
    await asyncio.sleep(0.3)
    assert not long.done()
    await ask(slow, "hello", max_tokens=1)
    assert long.done()  # what it had read stays
    usage = (await ask(slow, "word " * 300, max_tokens=1)).finish.usage
    assert 32 <= usage.cached_tokens < usage.prompt_tokens


async def test_it_can_be_cancelled_and_what_was_read_stays(slow: LocalModel) -> None:
    await ask(slow, "x", max_tokens=1)
    pid = child_pid(slow)
    long = asyncio.create_task(slow.read_ahead(Prompt.of("word " * 300), PARAMS))
    await asyncio.wait({long}, timeout=3)
    long.cancel()
    with suppress(asyncio.CancelledError):
        await long
    usage = (await ask(slow, "word " * 300, max_tokens=1)).finish.usage
    assert usage.cached_tokens >= 32
    assert child_pid(slow) == pid


async def test_the_model_is_loaded_where_there_is_room(steady: LocalModel) -> None:
    await steady.read_ahead(Prompt.of(HEAD), PARAMS)
    assert [child.spec for child in loaded()] == [steady.spec]


async def test_nobody_has_to_go_for_it(
    built: Build, steady: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(steady, "x", max_tokens=1)
    monkeypatch.setattr(registry, "to_end", lambda *_: list(registry._seats.values()))
    other = llama(built(Shape(ends=False), "gguf"))
    await other.read_ahead(Prompt.of("hello"), PARAMS)
    assert [child.spec for child in loaded()] == [steady.spec]


async def test_what_cannot_be_read_is_no_error(built: Build, tmp_path: Path) -> None:
    await LocalModel("none", Spec("llamacpp", str(tmp_path / "none.gguf"))).read_ahead(
        Prompt.of("hello"), PARAMS
    )
    short = llama(built(Shape(ends=False), "gguf"))
    await short.read_ahead(Prompt.of("x" * 5000), PARAMS)
    assert (await ask(short, "hello")).text


async def test_who_has_least_to_read_goes_first(slow: LocalModel) -> None:
    """All four have come while another was read; the one that is known begins at once."""
    await slow.read_ahead(Prompt.of(answer(3)), PARAMS)
    began: list[int] = []

    async def asked(n: int) -> None:
        async for delta in slow.stream(Prompt.of(answer(n)), PARAMS):
            if delta.state == "writing":
                began.append(n)

    first = asyncio.create_task(ask(slow, "word " * 40, max_tokens=1))
    await asyncio.gather(first, *(asked(n) for n in range(4)))
    assert began[0] == 3


def test_it_gives_way_where_it_has_the_last_room(slow: LocalModel) -> None:
    flag, reports = CancelFlag(), list[Report]()
    inbox = Inbox(flag)
    engine = llamacpp.load(with_spec(slow.spec, parallel=1), flag)
    batch = Batch(engine, inbox, reports.append)
    inbox.put(Generate(0, Prompt.of("word " * 300).messages, PARAMS, ahead=True))
    batch.turn()
    assert engine.full
    inbox.put(Generate(1, Prompt.of("hello").messages, SamplingParams(max_tokens=1)))
    batch.turn()
    ended = [r.call for r in reports if isinstance(r, Progress) and r.delta.finish]
    assert ended == [0, 1]  # a piece or two of the long one had been read by then
