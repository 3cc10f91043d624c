"""A real ipykernel to talk to: run cells, press Stop, see what comes where."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
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
            yield delta
    return listened

ScriptedModel.stream = _listened(ScriptedModel.stream)
"""


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
    def value(self) -> str:
        """The cell's value as text."""
        (result,) = self.of("execute_result")
        return str(result["data"]["text/plain"])

    @property
    def error(self) -> str:
        """The error as shown."""
        (error,) = self.of("error")
        return "\n".join(error["traceback"])


class Kernel:
    """A running kernel with the extension loaded."""

    def __init__(self) -> None:
        started: tuple[KernelManager, BlockingKernelClient] = start_new_kernel()
        self.manager, self.client = started
        reply = self.run(SETUP)
        assert reply.status == "ok", reply

    def run(self, source: str, stop_after: float | None = None, timeout: float = 30) -> Reply:
        """Run a cell to its end; press Stop after so many seconds."""
        message = self.client.execute(source)
        began = time.monotonic()
        stopped: list[float] = []
        timer = threading.Timer(stop_after or 0, self._stop, [stopped])
        if stop_after is not None:
            timer.start()
        reply = self._collect(message, timeout)
        timer.cancel()  # a cell that ended before must not hand its Stop to the next one
        reply.seconds = time.monotonic() - began
        if stopped:
            reply.after_stop = time.monotonic() - stopped[0]
        return reply

    def _stop(self, stopped: list[float]) -> None:
        stopped.append(time.monotonic())
        self.manager.interrupt_kernel()

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
            got = self.client.get_shell_msg(timeout=10)
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
