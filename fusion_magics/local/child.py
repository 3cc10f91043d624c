"""The kernel's side of one child process: start it, talk to it, notice its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import msgspec

from .. import errors
from ..text import sendable
from ..types import Delta, Message, Prompt, SamplingParams
from . import turns
from .death import Cause, diagnose, given_up, oom_kills, stuck, unloaded, unreadable
from .wire import (
    Cancel,
    Failed,
    Generate,
    Lines,
    Progress,
    Ready,
    Report,
    Spec,
    Stopped,
    Taken,
    Threads,
    encode,
    report,
    write,
)
from .wire import order as read_order

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
# Seconds (at least, at most) until a child that does not stop a cancelled call is ended. Between
# the two it is the time that its load took: to wait longer costs more than to load it again, to
# wait less throws a large model away for one slow step. It also follows the pace of the machine.
PATIENCE = (0.5, 5.0)


class Call:
    """One call that waits for deltas on the event loop that made it; ``name`` is its model's."""

    def __init__(self, name: str) -> None:
        self.name = name
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

    None of them waits for the process: one thread writes to it, one listens to it.

    Parameters
    ----------
    spec : Spec
        The model to load.
    name : str
        What the list of loaded models calls it: the name of the first who asked.
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
        self._at_work: set[int] = set()  # the calls that the engine has begun and not ended
        self._threads = 0
        self._end: Cause | None = None  # set: the child is of no use
        self._patience = PATIENCE[0]
        self._oom_before = oom_kills()
        self._orders: SimpleQueue[bytes | None] = SimpleQueue()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._began = time.monotonic()
        self._process = _start(spec, self._stderr.fileno())
        self._writer = threading.Thread(target=self._write, daemon=True)
        listener = threading.Thread(target=self._listen, name=f"fusion_magics {name}", daemon=True)
        try:
            self._writer.start()
            listener.start()
        except RuntimeError:  # the system has no thread left
            self._orders.put(None)
            self._process.kill()
            self._process.wait()
            raise

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    async def stream(
        self, name: str, prompt: Prompt, params: SamplingParams, ahead: bool = False
    ) -> AsyncGenerator[Delta, None]:
        """The deltas of one call of the model that the caller knows as ``name``.

        ``ahead``: the prompt is only read. Closing the iterator stops the engine.
        """
        call = Call(name)
        number = self._submit(call, prompt, params, ahead)
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

    def _submit(self, call: Call, prompt: Prompt, params: SamplingParams, ahead: bool) -> int:
        messages = tuple(Message(m.role, sendable(m.content)) for m in prompt.messages)
        number = next(self._ids)
        line = _line(call.name, Generate(number, messages, params, ahead))
        with self._lock:
            if self._end:
                raise self._end(call.name)
            self._calls[number] = call
            self._orders.put(line)
        self._changed()
        return number

    def _leave(self, number: int) -> None:
        """Forget a call; stop it if it still runs."""
        with self._lock:
            running = self._calls.pop(number, None)
            if running and not self._end:
                if self.ready or self._calls:
                    self._stop(number)
                else:
                    self.kill(given_up)  # nobody waits for this load any more
        self._changed()

    def _stop(self, number: int) -> None:
        self._orders.put(encode(Cancel(number)))
        if number in self._at_work:
            self._lose_patience_with(number)

    def _lose_patience_with(self, number: int) -> None:
        """End the child if the engine is not rid of a cancelled call in time.

        It looks for a cancel between its steps, but other people's code (a template, a tokenizer,
        a schema's compiler) cannot be asked to stop.
        """

        def check() -> None:
            with self._lock:
                if number in self._at_work:
                    self.kill(stuck)

        timer = threading.Timer(self._patience, check)
        timer.daemon = True
        timer.start()

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
                self._orders.put(encode(Threads(threads)))

    def kill(self, why: Cause | None = None) -> None:
        """End the process, without waiting for its end. Calls that run fail, because of ``why``."""
        with self._lock:
            self._end = self._end or why or unloaded
        self._process.kill()

    def wait(self) -> None:
        """Wait until the process has ended: its memory is free."""
        self._process.wait()

    def abandon(self) -> None:
        """In a fork of the kernel: let go of the pipes, for the child is not ours."""
        self._end = unloaded
        self._lock = threading.RLock()  # another thread may have held it at the time of the fork
        nothing = os.open(os.devnull, os.O_RDWR)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                os.dup2(nothing, pipe.fileno())
        os.close(nothing)

    # ── on threads of their own ──────────────────────────────────────────────────────────────

    def _write(self) -> None:
        """Send orders; a child that does not read them, since it loads, holds up nobody."""
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError), pipe:  # a child that has died: the listener tells why
            while line := self._orders.get():
                write(pipe.fileno(), line)

    def _listen(self) -> None:
        pipe, lines = self._process.stdout, Lines()
        assert pipe is not None
        try:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                for line in lines.of(chunk):
                    self._hear(report(line))
        except msgspec.MsgspecError:
            self.kill(unreadable)  # nothing it says can be trusted any more, and somebody waits
        self._process.wait()
        self._close()

    def _hear(self, heard: Report) -> None:
        match heard:
            case Ready():
                least, most = PATIENCE
                self._patience = min(max(least, time.monotonic() - self._began), most)
                self.ready = True
            case Taken(call):
                self._begin(call)
            case Progress(call, delta):
                self._pass_on(call, delta)
            case Stopped(call):
                self._finish(call)
            case Failed(call=None):
                with self._lock:
                    self._end = self._end or (lambda name: _error(heard))
            case Failed(call=int(number)):
                self._pass_on(number, _error(heard))

    def _begin(self, number: int) -> None:
        with self._lock:
            self._at_work.add(number)
            if number not in self._calls:  # cancelled before we heard of its beginning
                self._lose_patience_with(number)

    def _finish(self, number: int) -> Call | None:
        with self._lock:
            self._at_work.discard(number)
            return self._calls.pop(number, None)

    def _pass_on(self, number: int, item: Delta | errors.ModelError) -> None:
        over = isinstance(item, errors.ModelError) or item.finish
        with self._lock:
            call = self._finish(number) if over else self._calls.get(number)
        if call:
            call.put(item)

    def _close(self) -> None:
        """The process has ended: say why to all who wait."""
        words, code = self._last_words(), self._process.returncode
        with self._lock:
            self._end = self._end or (lambda name: diagnose(name, code, self._oom_before, words))
            calls = list(self._calls.values())
            self._calls.clear()
        self._orders.put(None)
        self._writer.join()
        for pipe in (self._process.stdout, self._stderr):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        for call in calls:
            call.put(self._end(call.name))
        self._changed()

    def _last_words(self) -> str:
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - LAST_WORDS))
        return self._stderr.read().decode("utf-8", "replace")


def _line(name: str, order: Generate) -> bytes:
    """``order`` as the child will read it.

    Raises
    ------
    ModelError
        If it could not: an infinite temperature, a role that does not exist, half a character.
    """
    try:
        line = encode(order)
        read_order(line)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as exc:
        raise errors.ModelError(
            f"{name} cannot be asked this: {exc}",
            "Roles are system, user and assistant; parameters are finite numbers, and a schema is "
            "plain JSON.",
        ) from exc
    return line


def _start(spec: Spec, stderr: int) -> subprocess.Popen[bytes]:
    variables, descriptors = turns.given()
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
        env=os.environ | offline | variables,
        pass_fds=descriptors,
        start_new_session=True,  # Jupyter's Stop signals the kernel's whole process group
    )


def _error(failed: Failed) -> errors.ModelError:
    """The exception that a child reported."""
    kind = getattr(errors, failed.error, errors.ModelError)
    if not (isinstance(kind, type) and issubclass(kind, errors.ModelError)):
        kind = errors.ModelError
    return kind(failed.message, failed.hint, kind=failed.kind, retryable=failed.retryable)
