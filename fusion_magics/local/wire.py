"""What the kernel and a child process say to each other: one JSON object a line.

Down the child's standard input: :class:`Generate`, :class:`Cancel`, :class:`Threads`.
Up its standard output: :class:`Ready` once, then :class:`Taken`, :class:`Progress`,
:class:`Failed` and :class:`Stopped`.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import msgspec

from ..types import Delta, Message, SamplingParams


class Spec(msgspec.Struct, frozen=True):
    """Which model, loaded how. Two equal specs share one child process.

    Attributes
    ----------
    engine : str
        A key of :data:`fusion_magics.local.engines.ENGINES`.
    path : str
        The weights: a file or a folder, absolute.
    context : int, optional
        Tokens of prompt and answer together; None is the model's own, at most ``most``.
    most : int
        Ceiling of the default context: a model's own may ask for gigabytes of KV cache.
    gpu_layers : int, optional
        Layers on the GPU; None is all of them where the build has one.
    derive : str, optional
        ``module:function`` of the path to what is loaded in its stead, called in the child.
    parallel : int
        Most calls at work at once.
    stamp : str
        Of the files as they were when the model was opened, from :func:`stamp`: files that have
        changed are another model.
    """

    engine: str
    path: str
    context: int | None = None
    most: int = 4096
    gpu_layers: int | None = None
    derive: str | None = None
    stamp: str = ""
    parallel: int = 16


def stamp(path: Path) -> str:
    """Which state of the file (or of the files in the folder) ``path`` this is."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    facts = [file.stat() for file in files if file.exists()]
    text = repr([(f.st_ino, f.st_size, f.st_mtime_ns) for f in facts])
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Generate(msgspec.Struct, tag="generate"):
    """Answer this conversation; ``ahead``: only read it."""

    call: int
    messages: tuple[Message, ...]
    params: SamplingParams
    ahead: bool = False


class Cancel(msgspec.Struct, tag="cancel"):
    """Stop this call, or forget it if it still waits."""

    call: int


class Threads(msgspec.Struct, tag="threads"):
    """The child's share of the processor cores from now on."""

    count: int


class Ready(msgspec.Struct, tag="ready"):
    """The weights are loaded."""


class Taken(msgspec.Struct, tag="taken"):
    """A call is at work: from now on a cancel is answered."""

    call: int


class Progress(msgspec.Struct, tag="progress"):
    """A piece of one call's stream."""

    call: int
    delta: Delta


class Stopped(msgspec.Struct, tag="stopped"):
    """A cancelled call that had begun has ended: the engine is rid of it."""

    call: int


class Failed(msgspec.Struct, tag="failed"):
    """One call failed, or the load if ``call`` is None. ``error`` names the exception class."""

    error: str
    message: str
    hint: str
    kind: str
    retryable: bool
    call: int | None = None


Order = Generate | Cancel | Threads
Report = Ready | Taken | Progress | Stopped | Failed


def encode(value: msgspec.Struct) -> bytes:
    """One line."""
    return msgspec.json.encode(value) + b"\n"


_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def order(line: bytes) -> Order:
    """What the kernel said in one line."""
    return _orders.decode(line)


def report(line: bytes) -> Report:
    """What the child said in one line."""
    return _reports.decode(line)


def write(pipe: int, line: bytes) -> None:
    """The whole of ``line`` into the file descriptor ``pipe``: a signal may cut one write short."""
    left = memoryview(line)
    while left:
        left = left[os.write(pipe, left) :]


class Lines:
    """Cuts the chunks that come out of a pipe into lines."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def of(self, chunk: bytes) -> list[bytes]:
        """The lines that ``chunk`` completes."""
        first, *others = chunk.split(b"\n")
        self._begun.append(first)
        if not others:
            return []
        *complete, rest = [b"".join(self._begun), *others]
        self._begun = [rest]
        return complete


def spec(text: str) -> Spec:
    """The spec that :func:`encode` wrote."""
    return msgspec.json.decode(text, type=Spec)
