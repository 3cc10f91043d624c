"""A real model in a real kernel: Stop while it writes, a killed child, memory given back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kernels import Kernel

GGUF = Path(__file__).parents[1] / "data" / "stories260K.gguf"
STORY = f"%%fuse -p llamacpp:{GGUF} --max-tokens 40 -o story\nOnce upon a time"
# Forty stories: far more than can be written before Stop.
LONG = f"-p llamacpp:{GGUF}*40 --max-tokens 2000"
MESSAGE = "Interrupted: Stopped. Every call was cancelled. What had arrived: sys.last_value.fusion"


@pytest.fixture(scope="module")
def warm(isolated: Path) -> Iterator[Kernel]:
    """A kernel that holds the model."""
    kernel = Kernel()
    assert kernel.run(STORY, timeout=300).status == "ok"
    yield kernel
    kernel.close()


def _children(kernel: Kernel) -> list[psutil.Process]:
    return psutil.Process(int(kernel.run("import os; os.getpid()").value)).children(recursive=True)


def _falls_idle(child: psutil.Process) -> bool:
    """Whether it uses the processor no more, long before forty stories can be told."""
    used = -1.0
    for _ in range(20):
        before, used = used, sum(child.cpu_times()[:2])
        if used == before:
            return True
        time.sleep(0.5)
    return False


def test_it_tells_its_story(warm: Kernel) -> None:
    warm.run(STORY)
    assert "a little girl named Lily" in warm.run("story.text").value


@pytest.mark.parametrize(
    "source",
    [
        f"%%fuse {LONG}\nOnce upon a time",
        f"%%time\n%fuse {LONG} Once upon a time",
        f"fuse_sync('Once', pool='llamacpp:{GGUF}*40', max_tokens=2000, **JUDGE)",
        f"await fuse('Once', pool='llamacpp:{GGUF}*40', max_tokens=2000, **JUDGE)",
    ],
    ids=["cell", "nested", "fuse_sync", "await fuse"],
)
def test_stop_in_the_middle_of_writing(warm: Kernel, source: str) -> None:
    warm.run("JUDGE = dict(judge='scripted:yes', mode='vote')")
    (child,) = _children(warm)
    reply = warm.run(source, stop_after=0.5)
    assert reply.after_stop < warm.limit(0.5)
    assert reply.status == "error"
    assert len(reply.error.splitlines()) == 1
    assert _falls_idle(child), "the engine itself has stopped"
    assert _children(warm) == [child], "the model stays loaded"
    assert (
        "a little girl named Lily" in warm.run(STORY + "\n;").printed + warm.run("story.text").value
    )


def test_a_killed_child_fails_the_calls_at_work_and_the_next_cell_works(warm: Kernel) -> None:
    (child,) = _children(warm)
    warm.when_writing("LocalModel", child.kill)
    pool = f"llamacpp:{GGUF}*2,scripted:yes"
    reply = warm.run(f"%%fuse -p {pool} --max-tokens 1500 -o x\nOnce upon a time")
    assert reply.status == "ok"
    assert warm.run("[f.kind for f in x.failures]").value == "['killed', 'killed']"
    assert "scripted:yes" in warm.run("[c.member for c in x.candidates]").value
    assert warm.run(STORY).status == "ok"


def test_models_are_listed_and_unloaded(warm: Kernel) -> None:
    warm.run(STORY)
    (child,) = _children(warm)
    assert f"{child.pid}" in warm.run("%fuse_models").printed
    assert "given back" in warm.run(f"%fuse_models unload llamacpp:{GGUF}").printed
    assert not child.is_running()
    assert warm.run(STORY).status == "ok"


def test_no_child_outlives_the_kernel(isolated: Path) -> None:
    kernel = Kernel()
    kernel.run(STORY)
    (child,) = _children(kernel)
    kernel.close()
    _, alive = psutil.wait_procs([child], timeout=60)
    assert not alive
