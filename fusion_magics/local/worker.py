"""The child process that owns one loaded model; :mod:`.child` starts it.

The main thread runs the engine, one call after the other. A second thread listens, so that a
cancel reaches a running engine, and watches over the parent: when the kernel ends, however it ends,
this process ends at once.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import EngineMissing, LoadError, ModelError
from ..types import Delta
from .engines import ENGINES, CancelFlag, Cancelled, Engine
from .generation import generate
from .inbox import Inbox
from .wire import (
    Failed,
    Generate,
    Lines,
    Progress,
    Ready,
    Report,
    Spec,
    Stopped,
    encode,
    order,
    spec,
    write,
)

WATCH_SECONDS = 0.5
FLUSH_SECONDS = 0.02


def main(spec_json: str, parent: int) -> None:
    """Serve the model of ``spec_json`` to process ``parent`` until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Jupyter's Stop is the kernel's business
    faulthandler.enable()
    orders, send = _take_input(), _take_output()
    cancel = CancelFlag()
    inbox = Inbox(cancel)
    threading.Thread(target=_listen, args=(orders, inbox, parent), daemon=True).start()
    try:
        engine = _load(spec(spec_json), cancel)
    except Exception as exc:
        send(_failure(exc))
        os._exit(0)
    inbox.on_threads(lambda count: setattr(engine, "threads", count))
    send(Ready())
    while True:
        _serve(engine, inbox.take(), inbox, send)


def _take_input() -> int:
    """Standard input for orders alone: code of a library that asks a question gets no answer."""
    orders = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return orders


def _take_output() -> Callable[[Report], None]:
    """Standard output for reports alone: whatever native code prints goes to standard error."""
    pipe = os.dup(1)
    os.dup2(2, 1)

    def send(report: Report) -> None:
        try:
            write(pipe, encode(report))
        except OSError:
            os._exit(0)  # nobody reads any more

    return send


def _listen(orders: int, inbox: Inbox, parent: int) -> None:
    """Put orders into the inbox; end the process with its parent.

    And with this thread, however it ends: nobody else hears a cancel or watches the parent.
    """
    lines = Lines()
    try:
        while os.getppid() == parent:
            if not select.select([orders], [], [], WATCH_SECONDS)[0]:
                continue
            chunk = os.read(orders, 1 << 16)
            if not chunk:
                break
            for line in lines.of(chunk):
                inbox.put(order(line))
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(1)


def _load(model: Spec, cancel: CancelFlag) -> Engine:
    # transformers (tokenizers of MLX models) imports PyTorch where it is installed: a second of
    # waiting for what it never uses.
    sys.modules.setdefault("torch", None)  # type: ignore[arg-type]
    try:
        module = importlib.import_module(f".engines.{model.engine}", __package__)
    except ImportError as exc:
        raise EngineMissing(
            f"{ENGINES[model.engine]} cannot be imported: {exc}",
            f'pip install "fusion-magics[{model.engine}]"',
        ) from exc
    try:
        engine: Engine = module.load(_derived(model), cancel)
    except ModelError:
        raise
    except MemoryError as exc:
        raise LoadError(
            f"{model.path} does not fit in memory.",
            "Use a smaller quantisation or unload other models.",
            kind="out-of-memory",
        ) from exc
    except Exception as exc:
        raise LoadError(
            f"{model.path} cannot be loaded: {_words(exc)}",
            "The files may be damaged, not fully downloaded, or of a model that this engine does "
            "not know.",
        ) from exc
    return engine


def _derived(model: Spec) -> Spec:
    """The spec of what is made from ``model.path``, for instance MLX's form of a GGUF."""
    if model.derive is None:
        return model
    home, _, function = model.derive.partition(":")
    made = getattr(importlib.import_module(home), function)(Path(model.path))
    return msgspec.structs.replace(model, path=str(made), derive=None)


def _serve(engine: Engine, asked: Generate, inbox: Inbox, send: Callable[[Report], None]) -> None:
    stream = Stream(asked.call, send)
    try:
        generate(engine, asked.messages, asked.params, stream.emit)
    except Cancelled:
        send(Stopped(asked.call))
    except Exception as exc:
        stream.flush()
        send(_failure(exc, asked.call))
    finally:
        inbox.done()


class Stream:
    """Sends the deltas of one call; text that comes faster than every 20 ms is put together.

    Each message costs the kernel's event loop a wake-up, and a tiny model writes thousands of
    tokens a second.
    """

    def __init__(self, call: int, send: Callable[[Report], None]) -> None:
        self._call = call
        self._send = send
        self._held = Delta()
        self._sent = 0.0

    def emit(self, delta: Delta) -> None:
        """Send ``delta``, or hold it for a moment if it is only text."""
        if delta.state or delta.finish:
            self.flush()
            self._send(Progress(self._call, delta))
            return
        self._held = Delta(
            text=self._held.text + delta.text, logprobs=self._held.logprobs + delta.logprobs
        )
        if time.monotonic() - self._sent >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held.text or self._held.logprobs:
            self._send(Progress(self._call, self._held))
            self._held = Delta()
            self._sent = time.monotonic()


def _failure(exc: Exception, call: int | None = None) -> Failed:
    if isinstance(exc, ModelError):
        name, kind = type(exc).__name__, exc.failure_kind
        return Failed(name, exc.message, exc.hint, kind, exc.retryable, call)
    hint = "Ask again; if it fails again, unload the model, or use another one."
    return Failed("ModelError", f"The engine failed: {_words(exc)}", hint, "failed", False, call)


def _words(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}"[:1000]
