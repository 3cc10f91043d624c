"""The kernel's side of one child process: start it, talk to it, notice its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec

from .. import errors
from ..text import sendable
from ..types import Delta, Message, Prompt, SamplingParams
from .death import diagnose, oom_kills
from .wire import (
    Cancel,
    Failed,
    Generate,
    Order,
    Progress,
    Ready,
    Report,
    Spec,
    Threads,
    encode,
    report,
)

ROOT = Path(__file__).parents[2]
# The child runs this very package, wherever it was imported from; but nothing else in that folder
# comes before the standard library. "-P": nor does a json.py in the folder of the notebook.
BOOT = """
import sys
root = sys.argv.pop(1)
sys.path.insert(0, root)
import fusion_magics
sys.path.remove(root)
sys.path.append(root)
from fusion_magics.local.worker import main
main(sys.argv[1], int(sys.argv[2]))
"""
LAST_WORDS = 8192


class Call:
    """One call that waits for deltas on the event loop that made it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Delta | errors.ModelError] = asyncio.Queue()

    def put(self, item: Delta | errors.ModelError) -> None:
        """From any thread: a delta, or the error that ends the call."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    async def get(self) -> Delta:
        """The next delta; raises the error that ended the call."""
        item = await self._queue.get()
        if isinstance(item, errors.ModelError):
            raise item
        return item


class Child:
    """One child process with one model. Calls may come from any thread and event loop.

    Parameters
    ----------
    spec : Spec
        The model to load.
    name : str
        What messages call it.
    changed : callable
        Told when the child becomes busy or idle, and when it ends.
    """

    def __init__(self, spec: Spec, name: str, changed: Callable[[], None]) -> None:
        self.spec, self.name = spec, name
        self.ready = False
        self._changed = changed
        self._lock = threading.RLock()
        self._calls: dict[int, Call] = {}
        self._ids = count()
        self._threads = 0
        self._end: Callable[[], errors.ModelError] | None = None  # set: the child is of no use
        self._oom_before = oom_kills()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = _start(spec, self._stderr.fileno())
        threading.Thread(target=self._listen, name=f"fusion_magics {name}", daemon=True).start()

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncGenerator[Delta, None]:
        """The deltas of one call; closing the iterator stops the engine."""
        call = Call()
        number = self._submit(call, prompt, params)
        finished = False
        try:
            if not self.ready:
                yield Delta(state="loading")
            while not finished:
                delta = await call.get()
                finished = delta.finish is not None
                yield delta
        finally:
            self._leave(number)

    def _submit(self, call: Call, prompt: Prompt, params: SamplingParams) -> int:
        messages = tuple(Message(m.role, sendable(m.content)) for m in prompt.messages)
        with self._lock:
            number = next(self._ids)
            if self._end:
                raise self._end()
            self._calls[number] = call
            self._send(Generate(number, messages, params))
        self._changed()
        return number

    def _leave(self, number: int) -> None:
        """Forget a call; stop it if it still runs."""
        with self._lock:
            running = self._calls.pop(number, None)
            if running and not self._end:
                self._send(Cancel(number))
            unwanted = not self.ready and not self._calls
        if running and unwanted:
            self.end()  # nobody waits for this load any more
        self._changed()

    def _send(self, order: Order) -> None:
        assert self._process.stdin is not None
        with self._lock, suppress(OSError):  # a child that has died: the listener tells why
            left = memoryview(encode(order))
            while left:
                left = left[self._process.stdin.write(left) :]

    # ── its state ────────────────────────────────────────────────────────────────────────────

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take calls."""
        return self._end is None and self._process.poll() is None

    @property
    def busy(self) -> bool:
        """Whether a call runs or waits."""
        return bool(self._calls) and self._end is None

    def share_cores(self, threads: int) -> None:
        """Use so many processor threads from the next token on."""
        with self._lock:
            if threads != self._threads and not self._end:
                self._threads = threads
                self._send(Threads(threads))

    def end(self) -> None:
        """End the process and wait until its memory is free. Calls that run fail."""
        with self._lock:
            self._end = self._end or self._unloaded
        self._process.kill()
        self._process.wait()

    def abandon(self) -> None:
        """In a fork of the kernel: let go of the pipes, for the child is not ours."""
        self._end = self._unloaded
        nothing = os.open(os.devnull, os.O_RDWR)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                os.dup2(nothing, pipe.fileno())
        os.close(nothing)

    def _unloaded(self) -> errors.ModelError:
        return errors.ModelError(
            f"{self.name} was unloaded.", "Ask again to load it.", kind="unloaded", retryable=True
        )

    # ── listening (on a thread of its own) ───────────────────────────────────────────────────

    def _listen(self) -> None:
        try:
            for line in self._lines():
                self._hear(report(line))
        except msgspec.MsgspecError:
            self._process.kill()  # what it says cannot be trusted any more, and somebody waits
        self._process.wait()
        self._close()

    def _lines(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        rest = b""
        while chunk := os.read(self._process.stdout.fileno(), 1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines

    def _hear(self, heard: Report) -> None:
        match heard:
            case Ready():
                self.ready = True
            case Progress(call, delta):
                self._pass_on(call, delta)
            case Failed(call=None):
                with self._lock:
                    self._end = self._end or (lambda: _error(heard))
            case Failed():
                self._pass_on(heard.call, _error(heard))

    def _pass_on(self, number: int | None, item: Delta | errors.ModelError) -> None:
        with self._lock:
            call = self._calls.get(number) if number is not None else None
            if isinstance(item, errors.ModelError) or item.finish:
                self._calls.pop(number, None)  # type: ignore[arg-type]
        if call:
            call.put(item)

    def _close(self) -> None:
        """The process has ended: say why to all who wait."""
        words, code = self._last_words(), self._process.returncode
        with self._lock:
            self._end = self._end or (lambda: diagnose(self.name, code, self._oom_before, words))
            calls = list(self._calls.values())
            self._calls.clear()
            for pipe in (self._process.stdin, self._process.stdout, self._stderr):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
        for call in calls:
            call.put(self._end())
        self._changed()

    def _last_words(self) -> str:
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - LAST_WORDS))
        return self._stderr.read().decode("utf-8", "replace")


def _start(spec: Spec, stderr: int) -> subprocess.Popen[bytes]:
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "0"}
    return subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, "-P", "-c", BOOT, str(ROOT)),
            *(encode(spec).decode().strip(), str(os.getpid())),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=0,
        env=os.environ | offline,
        start_new_session=True,  # Jupyter's Stop signals the kernel's whole process group
    )


def _error(failed: Failed) -> errors.ModelError:
    """The exception that a child reported."""
    kind = getattr(errors, failed.error, errors.ModelError)
    if not (isinstance(kind, type) and issubclass(kind, errors.ModelError)):
        kind = errors.ModelError
    return kind(failed.message, failed.hint, kind=failed.kind, retryable=failed.retryable)
