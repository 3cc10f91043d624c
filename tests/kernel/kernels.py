"""A real ipykernel to talk to: run cells, press Stop, see what comes where."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

SETUP = """
%load_ext fusion_magics
%config FuseMagics.pool = "scripted:yes,scripted:no"
%config FuseMagics.judge = "scripted:yes"
%config FuseMagics.mode = "vote"
import asyncio
from fusion_magics import Fusion, fuse, fuse_sync
from fusion_magics.backends.scripted import SCRIPTS, Script, ScriptedModel

SCRIPTS["long"] = Script("word " * 200, gap=0.05)
SCRIPTS["brief"] = Script("one two", gap=0.1)
ECHO = dict(pool="scripted:echo", judge="scripted:yes", mode="vote")
LONG = dict(pool="scripted:long,scripted:yes", judge="scripted:yes", mode="vote")
words = []  # every word that any model wrote: an orphan goes on adding to it

def _listened(stream):
    async def listened(self, prompt, params):
        async for delta in stream(self, prompt, params):
            words.append(delta.text)
            if delta.state == "writing":
                open(f"{folder}/{type(self).__name__}", "w").close()
            yield delta
    return listened

from fusion_magics.local import LocalModel
for kind in (ScriptedModel, LocalModel):
    kind.stream = _listened(kind.stream)
"""
PATIENCE = 300.0
"""Seconds for what takes a moment: a machine may be busy, and only a hang is a failure."""


@dataclass
class Reply:
    """What one cell gave."""

    status: str
    outputs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    seconds: float = 0.0
    after_stop: float = 0.0

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of the outputs of one kind."""
        return [content for k, content in self.outputs if k == kind]

    @property
    def printed(self) -> str:
        """All text on stdout and stderr."""
        return "".join(content["text"] for content in self.of("stream"))

    @property
    def shown(self) -> dict[str, str]:
        """The cell's value as it is shown at the end: MIME type → content."""
        kinds = ("execute_result", "display_data", "update_display_data")
        return dict([content["data"] for kind, content in self.outputs if kind in kinds][-1])

    @property
    def value(self) -> str:
        """The cell's value as text."""
        return self.shown["text/plain"]

    @property
    def error(self) -> str:
        """The error as shown."""
        (error,) = self.of("error")
        return "\n".join(error["traceback"])


class Kernel:
    """A running kernel with the extension loaded."""

    def __init__(self) -> None:
        started: tuple[KernelManager, BlockingKernelClient] = start_new_kernel(
            startup_timeout=PATIENCE
        )
        self.manager, self.client = started
        self._folder = TemporaryDirectory()
        reply = self.run(SETUP.replace("{folder}", self._folder.name))
        assert reply.status == "ok", reply

    def run(self, source: str, stop_after: float | None = None, timeout: float = PATIENCE) -> Reply:
        """Run a cell to its end; press Stop so many seconds after a model began to write."""
        for mark in self._marks():
            mark.unlink()
        message = self.client.execute(source)
        began = time.monotonic()
        stopped: list[float] = []
        over = threading.Event()
        stopping = threading.Thread(target=self._stop, args=[stop_after, over, stopped])
        if stop_after is not None:
            stopping.start()
        reply = self._collect(message, timeout)
        over.set()  # a cell that ended before must not hand its Stop to the next one
        reply.seconds = time.monotonic() - began
        if stopped:
            reply.after_stop = time.monotonic() - stopped[0]
        return reply

    def _stop(self, after: float, over: threading.Event, stopped: list[float]) -> None:
        while not self._marks():
            if over.wait(0.01):
                return
        if not over.wait(after):
            stopped.append(time.monotonic())
            self.manager.interrupt_kernel()

    def _marks(self, kind: str = "*") -> list[Path]:
        """One for each kind of model (``LocalModel``) that wrote in this cell."""
        return list(Path(self._folder.name).glob(kind))

    def when_writing(self, kind: str, then: Callable[[], None]) -> None:
        """Do ``then`` when a model of this kind writes in the next cell."""

        def wait() -> None:
            while not self._marks(kind):
                time.sleep(0.01)
            then()

        for mark in self._marks():
            mark.unlink()
        threading.Thread(target=wait, daemon=True).start()

    def limit(self, seconds: float) -> float:
        """So many seconds on a machine with nothing else to do; more on one that is busy."""
        moments = [self.run("0").seconds for _ in range(5)]
        return seconds + 20 * max(moments)

    def _collect(self, message: str, timeout: float) -> Reply:
        reply = Reply("")
        while True:
            got = self.client.get_iopub_msg(timeout=timeout)
            if got["parent_header"].get("msg_id") != message:
                continue
            kind, content = got["msg_type"], got["content"]
            if kind == "status":
                if content["execution_state"] == "idle":
                    break
            elif kind != "execute_input":
                reply.outputs.append((kind, content))
        while True:
            got = self.client.get_shell_msg(timeout=timeout)
            if got["parent_header"].get("msg_id") == message:
                reply.status = got["content"]["status"]
                return reply

    def complete(self, source: str) -> list[str]:
        """What Tab offers at the end of ``source``."""
        message = self.client.complete(source)
        while True:
            got = self.client.get_shell_msg(timeout=PATIENCE)
            if got["parent_header"].get("msg_id") == message:
                return list(got["content"]["matches"])

    def orphans(self) -> list[str]:
        """What is wrong if Stop left something running: tasks, or models that go on writing."""
        reply = self.run(
            "_n = len(words)\n"
            "await asyncio.sleep(0.3)\n"
            "[repr(t) for t in asyncio.all_tasks() if 'fusion_magics' in repr(t)]"
            " + words[_n:]"
        )
        return list(eval(reply.value))

    def close(self) -> None:
        """Shut the kernel down."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self._folder.cleanup()
