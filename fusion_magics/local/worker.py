"""The child process that owns one loaded model; :mod:`.child` starts it.

The main thread runs the engine, for all calls at once (:mod:`.batching`). A second thread listens,
so that a cancel reaches a running engine, and watches over the parent: when the kernel ends,
however it ends, this process ends at once.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec

from ..errors import EngineMissing, LoadError, ModelError
from .batching import Batch
from .engines import ENGINES, CancelFlag, Engine
from .inbox import Inbox
from .reporting import failure, words
from .turns import taking_turns
from .wire import Lines, Ready, Report, Spec, encode, order, spec, write

WATCH_SECONDS = 0.5


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
        send(failure(exc))
        os._exit(0)
    inbox.on_threads(lambda count: setattr(engine, "threads", count))
    send(Ready())
    batch = Batch(taking_turns(engine, cancel), inbox, send)
    while True:
        batch.turn()


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
            f"{model.path} cannot be loaded: {words(exc)}",
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
