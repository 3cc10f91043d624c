"""A download in a notebook: a bar without a widget, Stop, and on from there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import hub_imitation
import pytest
from hub_imitation import STORIES, TOKEN, Hub
from kernels import Kernel

PULL = "%fuse_models pull org/tiny-GGUF:Q8_0"


@pytest.fixture
def hub(kernel: Kernel, tmp_path: Path) -> Iterator[Hub]:
    """The hub that the kernel asks, with a cache of its own."""
    with hub_imitation.running() as imitation:
        imitation.add("org/tiny-GGUF", {"stories-Q8_0.gguf": STORIES.read_bytes()})
        changes = {"HF_ENDPOINT": imitation.url, "HF_HOME": str(tmp_path), "HF_TOKEN": TOKEN}
        kernel.run(f"import os; before = dict(os.environ); os.environ.update({changes!r})")
        yield imitation
        kernel.run("os.environ.clear(); os.environ.update(before)")


def test_stopped_and_gone_on_in_the_next_cell(kernel: Kernel, hub: Hub) -> None:
    half, stopped = len(STORIES.read_bytes()) // 2, threading.Event()

    def stop(sent: int) -> None:
        if sent > half:
            hub.on_piece = None
            kernel.manager.interrupt_kernel()
            stopped.wait(60)  # the rest does not come

    hub.on_piece = stop
    reply = kernel.run(PULL)
    stopped.set()
    assert reply.status == "error"
    assert reply.error.startswith("Interrupted: Stopped: ")
    assert reply.seconds < kernel.limit(5)
    reply = kernel.run(PULL)
    assert reply.status == "ok"
    assert "llamacpp:org/tiny-GGUF:Q8_0 is here: " in reply.printed
    assert TOKEN not in str(reply.outputs)


def test_the_bar_is_text(kernel: Kernel, hub: Hub) -> None:
    reply = kernel.run(PULL)
    assert {kind for kind, _ in reply.outputs} == {"stream"}
    assert {content["name"] for content in reply.of("stream")} == {"stdout"}
    assert "B/s]" in reply.printed
    assert "B/s]" not in reply.printed.rpartition("\r")[2]  # it is gone at the end
