"""Models share an imaginary machine with little memory: who loads, who waits, who must go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from asking import ask, child_pid, gone, llama
from random_models import Shape

from fusion_magics.errors import LoadError, ModelError
from fusion_magics.local import LocalModel, Spec, capacity, loaded, registry, unload
from fusion_magics.local import room as module
from fusion_magics.local.room import needs, waves
from fusion_magics.types import Prompt, SamplingParams

Build = Callable[[Shape, str], Path]
Machine = Callable[[float], None]
LONG = SamplingParams(max_tokens=400)


@pytest.fixture
def models(built: Build) -> list[LocalModel]:
    """Four models that take as much as each other."""
    return [llama(built(Shape(ends=False, seed=n), "gguf"), parallel=1) for n in range(4)]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, models: list[LocalModel]) -> Machine:
    """Sets how many of ``models`` fit at once."""
    need = needs(models[0].spec).total

    def of(count: float) -> None:
        def free(place: str) -> int:
            return int(count * need / 0.9) + 1 - sum(map(taken, registry._seats.values()))

        monkeypatch.setattr(module, "free_memory", free)
        monkeypatch.setattr(module, "private_memory", taken_by)

    def taken_by(pid: int) -> int:
        return next(taken(s) for s in registry._seats.values() if s.child.pid == pid)

    def taken(seat: module.Seat) -> int:
        return seat.need if seat.child.ready else 0

    return of


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Spec, int]]]:
    """Each load: of which model, and how many others had not ended by then."""
    seen: list[tuple[Spec, int]] = []
    start = registry._start

    def watched(spec: Spec, name: str) -> object:
        seen.append((spec, len(registry._seats)))
        return start(spec, name)

    monkeypatch.setattr(registry, "_start", watched)
    yield seen
    unload()
    assert not registry._tickets
    assert not registry._seats


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def waits(model: LocalModel) -> asyncio.Task[object]:
    """A call that has taken its place in the queue."""
    before = len(registry._tickets)
    task: asyncio.Task[object] = asyncio.create_task(ask(model, "hello"))
    await until(lambda: len(registry._tickets) > before or task.done())
    assert not task.done()
    return task


async def test_two_loads_at_once_do_not_both_believe_that_they_fit(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(1.5)
    answers = await asyncio.gather(*(ask(model, "hello") for model in models[:2]))
    assert all(answer.text for answer in answers)
    assert started == [(models[0].spec, 0), (models[1].spec, 0)]


async def test_a_pool_that_does_not_fit_runs_in_waves(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(2.5)
    pool = [model for model in models[:3] for _ in range(3)]
    answers = await asyncio.gather(*(ask(model, "hello") for model in pool))
    assert len({answer.text for answer in answers}) == 3
    assert [spec for spec, _ in started] == [model.spec for model in models[:3]], "each once"
    assert max(others for _, others in started) == 1


async def test_what_fits_loads_at_once(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(3)
    await asyncio.gather(*(ask(model, "hello") for model in models[:3]))
    assert [others for _, others in started] == [0, 1, 2]
    assert len(loaded()) == 3


async def test_the_least_recently_used_goes_first(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(2)
    a, b, c, _ = models
    for model in (a, b, a, c):
        await ask(model, "hello")
    assert {model.spec for model in loaded()} == {a.spec, c.spec}


async def test_a_waiting_call_says_nothing_until_there_is_room(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(1)
    a, b, _, _ = models
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        async with aclosing(b.stream(Prompt.of("hello"), LONG)) as waiting:
            first = asyncio.ensure_future(anext(waiting))
            done, _ = await asyncio.wait({first}, timeout=0.3)
            assert not done
            await running.aclose()
            assert (await first).state == "loading"
    assert [spec for spec, _ in started] == [a.spec, b.spec]


async def test_a_cancel_while_waiting_leaves_nothing_behind(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(1)
    a, b, c, _ = models
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        first, second = await waits(b), await waits(c)
        first.cancel()
        await asyncio.wait({first})
        assert len(registry._tickets) == 1
        assert len(registry._seats) == 1
    await second
    assert [spec for spec, _ in started] == [a.spec, c.spec]


async def test_loads_take_turns_and_loaded_models_do_not_wait(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(1)
    a, b, c, d = models
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        tasks = [await waits(model) for model in (c, b, d)]
        assert (await ask(a, "hello", max_tokens=4)).text
        assert len(registry._tickets) == 3
    await asyncio.gather(*tasks)
    assert [spec for spec, _ in started] == [a.spec, c.spec, b.spec, d.spec]


async def test_busy_models_are_not_ended_for_another(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(2)
    a, b, c, _ = models
    await ask(b, "hello")
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        await ask(c, "hello")
        assert {model.spec for model in loaded()} == {a.spec, c.spec}
        assert [d async for d in running][-1].finish, "and it wrote to its end"


async def test_too_big_is_an_error_before_loading_with_the_cure(
    built: Build, machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    deep = Shape(width=512, layers=24, heads=8, inner=512, context=16384)
    model = llama(built(deep, "gguf"), context=16384, parallel=1)
    machine(9)
    with pytest.raises(LoadError, match="does not fit: it takes") as caught:
        await ask(model, "hello")
    assert caught.value.failure_kind == "out-of-memory"
    context = int(caught.value.hint.split("@context=")[1].split(",")[0])
    assert "close other programs" in caught.value.hint
    assert not started
    fits = llama(Path(model.spec.path), context=context, parallel=1)
    assert (await ask(fits, "hello", max_tokens=2)).text, "the cure is one"


async def test_nothing_fits_on_a_machine_without_memory(
    models: list[LocalModel], machine: Machine
) -> None:
    machine(0)
    with pytest.raises(LoadError, match="does not fit") as caught:
        await ask(models[0], "hello")
    assert caught.value.hint == "Take a smaller model, or close other programs."


async def test_an_idle_model_is_let_go(
    models: list[LocalModel],
    monkeypatch: pytest.MonkeyPatch,
    started: list[tuple[Spec, int]],
) -> None:
    monkeypatch.setattr(registry, "IDLE_SECONDS", 0.4)
    monkeypatch.setattr(registry, "_idle_timer", None)  # another test's waits for ten minutes
    a, b, _, _ = models
    await ask(a, "hello")
    pid = child_pid(a)
    async with aclosing(b.stream(Prompt.of("hello"), SamplingParams(max_tokens=4))) as running:
        await anext(running)
        await until(lambda: [model.spec for model in loaded()] == [b.spec])
        assert gone(pid)
    await until(lambda: not loaded())


async def test_a_crash_gives_its_room_back(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    import psutil

    machine(1)
    a, b, _, _ = models
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        task = await waits(b)
        psutil.Process(child_pid(a)).kill()
        with pytest.raises(ModelError):
            _ = [delta async for delta in running]
    await task
    assert [spec for spec, _ in started][-1] == b.spec


def test_threads_with_loops_of_their_own_share_the_room(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(2)
    texts: list[str] = []

    def run(model: LocalModel) -> None:
        for _ in range(3):
            texts.append(asyncio.run(ask(model, "hello", max_tokens=4)).text)

    threads = [threading.Thread(target=run, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(texts) == 12
    assert max(others for _, others in started) == 1


async def test_unloading_makes_room_for_who_waits(
    models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    machine(1)
    a, b, _, _ = models
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        task = await waits(b)
        unload(a.spec)
        with pytest.raises(ModelError, match="unloaded"):
            _ = [delta async for delta in running]
    await task


def test_waves_are_filled_in_order() -> None:
    asked = [("memory", 4), ("memory", 5), ("gpu", 5), ("memory", 2), ("memory", 20), ("memory", 1)]
    assert waves(asked, {"memory": 10, "gpu": 10}) == [1, 1, 1, 2, 3, 4]  # type: ignore[arg-type]


def test_room_is_what_is_free_without_ours(machine: Machine, models: list[LocalModel]) -> None:
    machine(2)
    assert capacity() == pytest.approx(2 * needs(models[0].spec).total, abs=2)


async def test_with_little_room_fewer_calls_run_at_once(
    built: Build, machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    wide = Shape(width=512, layers=24, heads=8, inner=512, context=2048)
    model = llama(built(wide, "gguf"))
    assert model.spec.parallel == 16
    machine(6)
    assert needs(model.spec).total > capacity()
    assert (await ask(model, "hello", max_tokens=2)).text
    assert [spec.parallel for spec, _ in started] == [1]
    assert [each.spec for each in loaded()] == [model.spec]


async def test_a_small_model_does_not_overtake_a_large_one(
    built: Build, models: list[LocalModel], machine: Machine, started: list[tuple[Spec, int]]
) -> None:
    wide = Shape(width=512, layers=6, heads=8, inner=512, context=4096, ends=False)
    large = llama(built(wide, "gguf"), context=4096, parallel=1)
    a, b, _, _ = models
    machine(needs(large.spec).total / needs(a.spec).total + 0.01)
    assert 2 * needs(a.spec).total < capacity()
    async with aclosing(a.stream(Prompt.of("hello"), LONG)) as running:
        await anext(running)
        tasks = [await waits(model) for model in (large, b)]
    await asyncio.gather(*tasks)
    assert [spec for spec, _ in started] == [a.spec, large.spec, b.spec]
