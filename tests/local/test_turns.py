"""Models that share a device take turns on it: real processes, and a file of real locks."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asking import Answer, ask
from msgspec.structs import replace as with_spec

from fusion_magics.local import LocalModel, turns, unload
from fusion_magics.local.engines import CancelFlag, Cancelled
from fusion_magics.local.turns import VARIABLE, Turns

# At each line on its standard input it takes a turn; it gives it back at the next line.
OTHER = """
import os, sys
from fusion_magics.local.engines import CancelFlag
from fusion_magics.local.turns import VARIABLE, Turns

turns = Turns(int(os.environ[VARIABLE]), CancelFlag())
for _ in sys.stdin:
    with turns.step():
        print("begun", flush=True)
        sys.stdin.readline()
    print("ended", flush=True)
"""
ROOT = Path(__file__).parents[2]
NOW, NEXT = 0, 1


class Other:
    """Another process that shares the device."""

    def __init__(self) -> None:
        variables, descriptors = turns.given()
        self.process = subprocess.Popen(
            [sys.executable, "-c", OTHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PATH": "", **variables},
            pass_fds=descriptors,
        )

    def tell(self) -> None:
        """To take a turn, or to give it back."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def heard(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def begins(self) -> None:
        self.tell()
        assert self.heard() == "begun"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def other() -> Iterator[Callable[[], Other]]:
    started: list[Other] = []

    def start() -> Other:
        started.append(Other())
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def cancel() -> CancelFlag:
    return CancelFlag()


@pytest.fixture
def ours(cancel: CancelFlag) -> Turns:
    return Turns(turns._file().fileno(), cancel)


def free(place: int) -> bool:
    """Whether no other process stands there."""
    import fcntl

    descriptor = turns._file().fileno()
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except OSError:
        return False
    fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)
    return True


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_waits_is_before_who_has_just_ended(other: Callable[[], Other], ours: Turns) -> None:
    it = other()
    for _ in range(20):
        with ours.step():
            it.tell()
            until(lambda: not free(NEXT))  # it waits for its turn
        until(lambda: not free(NOW))
        assert it.heard() == "begun"
        it.tell()
        with ours.step():
            assert it.heard() == "ended"


def test_the_line_keeps_its_order(other: Callable[[], Other], ours: Turns) -> None:
    others = [other() for _ in range(turns.PLACES - 1)]
    with ours.step():
        for place, each in enumerate(others, NEXT):
            each.tell()
            until(lambda place=place: not free(place))
    for each in others:
        assert each.heard() == "begun"
        assert not free(NOW)
        each.tell()
        assert each.heard() == "ended"


def test_more_than_there_are_places_for(other: Callable[[], Other], ours: Turns) -> None:
    others = [other() for _ in range(turns.PLACES + 2)]
    for each in others:
        each.tell()
        each.tell()
    assert [each.heard() for each in others] == ["begun"] * len(others)
    with ours.step():
        pass


def test_who_dies_in_its_step_frees_the_device(other: Callable[[], Other], ours: Turns) -> None:
    it = other()
    it.begins()
    threading.Timer(0.2, it.process.kill).start()
    with ours.step():
        assert it.process.wait(60) < 0


def test_who_dies_while_it_waits_is_no_longer_next(other: Callable[[], Other], ours: Turns) -> None:
    it = other()
    with ours.step():
        it.tell()
        until(lambda: not free(NEXT))
        it.close()
        assert free(NEXT)
    with ours.step():
        pass


def test_a_cancel_is_heard_while_waiting(
    other: Callable[[], Other], ours: Turns, cancel: CancelFlag
) -> None:
    it = other()
    it.begins()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(Cancelled), ours.step():
        pytest.fail("it was the other's turn")
    cancel.clear()
    third = other()
    third.tell()
    it.tell()
    assert (it.heard(), third.heard()) == ("ended", "begun")


def test_a_step_that_hangs_holds_nobody_up_for_ever(
    other: Callable[[], Other], ours: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.2)
    it = other()
    it.begins()
    with ours.step():
        assert not free(NOW)
    assert free(NEXT)


def test_alone_it_costs_next_to_nothing(ours: Turns) -> None:
    """Some microseconds; a busy machine may make it more."""
    times = []
    for _ in range(2000):
        began = time.perf_counter()
        with ours.step():
            pass
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.0005


def test_an_error_in_a_step_ends_the_turn(other: Callable[[], Other], ours: Turns) -> None:
    with pytest.raises(ZeroDivisionError), ours.step():
        1 / 0  # noqa: B018
    other().begins()


# ── models ───────────────────────────────────────────────────────────────────────────────────

TAKING = """
import os
from fusion_magics.local import turns, worker


def taking(path):
    worker.taking_turns = lambda engine, cancel: turns.in_turn(engine, Logged(cancel))
    return path


class Logged(turns.Turns):
    def __init__(self, cancel):
        super().__init__(int(os.environ[turns.VARIABLE]), cancel)
        self._log = os.open({log!r}, os.O_WRONLY | os.O_APPEND)

    def step(self):
        return Step(self, super().step())


class Step:
    def __init__(self, turns, step):
        self._turns, self._step = turns, step

    def __enter__(self):
        self._step.__enter__()
        os.write(self._turns._log, b"+%d\\n" % os.getpid())

    def __exit__(self, *error):
        os.write(self._turns._log, b"-%d\\n" % os.getpid())
        return self._step.__exit__(*error)
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where steps are told of: ``+`` its process as one begins, ``-`` as it ends."""
    file = tmp_path / "log"
    file.touch()
    (tmp_path / "on_a_gpu.py").write_text(TAKING.format(log=str(file)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return file


def on_a_gpu(model: LocalModel) -> LocalModel:
    """A model that believes it shares a device."""
    return replace(model, spec=with_spec(model.spec, derive="on_a_gpu:taking"))


@pytest.mark.parametrize("second", ["steady", "mlx_chatty"])
async def test_models_that_take_turns_say_the_same(
    request: pytest.FixtureRequest, chatty: LocalModel, second: str, log: Path
) -> None:
    pool: list[LocalModel] = [chatty, request.getfixturevalue(second)]

    async def answers(models: list[LocalModel]) -> list[Answer]:
        asked = [(model, f"{n} hello") for model in models for n in range(3)]
        return await asyncio.gather(
            *(ask(model, text, max_tokens=100, temperature=0.8, seed=1) for model, text in asked)
        )

    usual = [answer.text for answer in await answers(pool)]
    unload()
    assert [a.text for a in await answers([on_a_gpu(model) for model in pool])] == usual
    with log.open() as file:
        steps = file.read().splitlines()
    assert len({step[1:] for step in steps}) == 2
    began, ended = steps[::2], steps[1::2]
    assert [step.replace("+", "-") for step in began] == ended, "one at a time"


def test_on_a_processor_nobody_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine:
        on_gpu = False

        def read(self, slot: object) -> bool:
            return True

        def step(self, slots: object) -> None: ...

    variables, _ = turns.given()
    monkeypatch.setenv(VARIABLE, variables[VARIABLE])
    engine = Engine()
    assert turns.taking_turns(engine, CancelFlag()).read == engine.read  # type: ignore[arg-type]
    engine.on_gpu = True
    before = engine.read
    assert turns.taking_turns(engine, CancelFlag()).read != before  # type: ignore[arg-type]
    monkeypatch.delenv(VARIABLE)
    assert turns.taking_turns(Engine(), CancelFlag()).on_gpu is False  # type: ignore[arg-type]


def test_without_locks_nobody_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows."""
    monkeypatch.setattr(turns, "fcntl", None)
    assert turns.given() == ({}, [])
