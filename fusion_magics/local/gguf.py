"""The header of a GGUF file: what the model is, and how large its tensors are. Nothing is loaded.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Files come from anybody, so
no number in one is believed: what it names must lie inside the file, and a header has an end.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from ..errors import LoadError

Value = int | float | bool | str | tuple[int | float | bool, ...]

LONGEST_HEADER = 256 << 20  # bytes; the largest vocabularies come to about 20 MiB
LONGEST_TEXT = 1 << 20
LONGEST_LIST = 4096  # of numbers that are kept: one for each layer
SPLIT = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf")

_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q"}
_SCALARS = {kind: struct.Struct("<" + form) for kind, form in (_FORMATS | {12: "d"}).items()}
_TEXT, _LIST = 8, 9


@dataclass(frozen=True, slots=True)
class Tensor:
    """``shape`` with the length of a row first, ``kind`` ggml's number of its type."""

    name: str
    shape: tuple[int, ...]
    kind: int
    size: int


@dataclass(frozen=True)
class Header:
    """What a GGUF says of itself.

    Attributes
    ----------
    values : dict
        By key. Of lists of texts, and of long ones, only their length is kept, in ``lengths``.
    lengths : dict
        The lengths of all lists.
    tensors : tuple of Tensor
        Of all files of a model that is split.
    size : int
        Bytes of the header.
    """

    values: dict[str, Value]
    lengths: dict[str, int]
    tensors: tuple[Tensor, ...]
    size: int

    def number(self, key: str, default: int = 0) -> int:
        """The whole number at ``key``; behind the architecture's name if it begins with a dot."""
        value = self.values.get(self._full(key), default)
        return value if isinstance(value, int) and value >= 0 else default

    def per_layer(self, key: str, layers: int, default: int = 0) -> tuple[int, ...]:
        """As :meth:`number`, one for each layer: some models have a list there."""
        value = self.values.get(self._full(key))
        if isinstance(value, tuple) and len(value) >= layers:
            return tuple(v if isinstance(v, int) and v > 0 else 0 for v in value[:layers])
        return (self.number(key, default),) * layers

    def _full(self, key: str) -> str:
        return f"{self.values.get('general.architecture')}{key}" if key[0] == "." else key


@lru_cache(maxsize=64)
def header(path: Path, stamp: str) -> Header:
    """The header of the GGUF at ``path``; ``stamp`` tells versions of the file apart.

    Raises
    ------
    LoadError
        If it is no GGUF of version 2 or 3, damaged, or not fully downloaded.
    """
    first, *others = [_read(part) for part in _parts(path)]
    tensors = tuple(t for each in (first, *others) for t in each.tensors)
    return Header(first.values, first.lengths, tensors, first.size)


def _parts(path: Path) -> list[Path]:
    """The files of a model that is split (``…-00001-of-00003.gguf``), or ``path`` alone."""
    found = SPLIT.fullmatch(path.name)
    if not found or not 1 <= int(found[2]) <= 999:
        return [path]
    count = int(found[2])
    return [path.with_name(f"{found[1]}-{n:05}-of-{found[2]}.gguf") for n in range(1, count + 1)]


def _read(path: Path) -> Header:
    try:
        with path.open("rb") as file:
            return _Reader(file, path.stat().st_size).header()
    except OSError as exc:
        raise LoadError(f"{path} cannot be read: {exc.strerror}.", "Check its rights.") from exc
    except _Damaged as exc:
        raise LoadError(
            f"{path} is no GGUF that can be loaded: {exc}.",
            "It may be damaged or not fully downloaded: compare its size with the source.",
        ) from None


class _Damaged(Exception):
    """Why the header cannot be believed."""


class _Reader:
    """Reads forward through the header, and never past the end of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size, self._at = file, size, 0
        self._end = min(size, LONGEST_HEADER)

    def header(self) -> Header:
        if self._take(4) != b"GGUF":
            raise _Damaged("it does not begin with GGUF")
        if (version := self._number(4)) not in (2, 3):
            raise _Damaged(f"its version is {version}")
        tensors, values = self._number(10), self._number(10)
        found: dict[str, Value] = {}
        lengths: dict[str, int] = {}
        for _ in self._counted(values):
            self._pair(found, lengths)
        infos = [self._info() for _ in self._counted(tensors)]
        return Header(found, lengths, tuple(self._sized(infos, found)), self._at)

    def _pair(self, values: dict[str, Value], lengths: dict[str, int]) -> None:
        key, kind = self._text(), self._number(4)
        if kind != _LIST:
            values[key] = self._value(kind)
            return
        kind, count = self._number(4), self._number(10)
        lengths[key] = count
        if kind == _TEXT:
            for _ in self._counted(count):
                self._skip(self._number(10))
        elif count <= LONGEST_LIST:
            values[key] = tuple(self._scalar(kind) for _ in range(count))
        else:
            self._skip(count * self._format(kind).size)

    def _info(self) -> tuple[str, tuple[int, ...], int, int]:
        name, dimensions = self._text(), self._number(4)
        if dimensions > 4:
            raise _Damaged("a tensor has more than 4 dimensions")
        shape = tuple(self._number(10) for _ in range(dimensions))
        return name, shape, self._number(4), self._number(10)

    def _sized(
        self, infos: list[tuple[str, tuple[int, ...], int, int]], values: dict[str, Value]
    ) -> Iterator[Tensor]:
        """A tensor reaches to the next one: so no table of ggml's types is needed."""
        alignment = values.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
            raise _Damaged("its alignment is no number")
        start = -(-self._at // alignment) * alignment
        infos = sorted(infos, key=lambda info: info[3])
        ends = [info[3] for info in infos[1:]] + [self._size - start]
        for (name, shape, kind, offset), end in zip(infos, ends, strict=True):
            if not offset < end:
                raise _Damaged("its tensors reach past the end of the file")
            yield Tensor(name, shape, kind, end - offset)

    def _value(self, kind: int) -> Value:
        return self._text() if kind == _TEXT else self._scalar(kind)

    def _scalar(self, kind: int) -> int | float | bool:
        form = self._format(kind)
        (value,) = form.unpack(self._take(form.size))
        return value  # type: ignore[no-any-return]

    def _format(self, kind: int) -> struct.Struct:
        if kind not in _SCALARS:
            raise _Damaged(f"a value has the unknown type {kind}")
        return _SCALARS[kind]

    def _number(self, kind: int) -> int:
        return int(self._scalar(kind))

    def _text(self) -> str:
        size = self._number(10)
        if size > LONGEST_TEXT:
            raise _Damaged("a text in its header is too long")
        return self._take(size).decode("utf-8", "replace")

    def _counted(self, count: int) -> range:
        if count > self._end - self._at:  # each takes a byte at the least
            raise _Damaged("its header ends too soon")
        return range(count)

    def _take(self, size: int) -> bytes:
        self._forward(size)
        taken = self._file.read(size)
        if len(taken) < size:
            raise _Damaged("its header ends too soon")
        return taken

    def _skip(self, size: int) -> None:
        self._forward(size)
        self._file.seek(size, 1)

    def _forward(self, size: int) -> None:
        self._at += size
        if self._at > self._end:
            raise _Damaged("its header ends too soon")
