"""A GGUF's header is read without loading the model, and no number in it is believed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gguf as reference
import pytest
from asking import STORIES
from hypothesis import given
from hypothesis import strategies as st
from random_models import Shape, write_gguf

from fusion_magics.errors import LoadError
from fusion_magics.local.gguf import header


def read(path: Path) -> object:
    header.cache_clear()
    return header(path, "")


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def head(tensors: int, values: int, rest: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, values) + rest


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    path = tmp_path / "model.gguf"

    def write(content: bytes) -> Path:
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("path", [STORIES, None], ids=["stories", "made here"])
def test_it_reads_what_the_reference_reads(path: Path | None, tmp_path: Path) -> None:
    path = path or write_gguf(tmp_path / "x.gguf", Shape())
    told, found = reference.GGUFReader(path), header(path, "")
    shapes = {t.name: tuple(t.shape) for t in told.tensors}
    assert shapes == {t.name: t.shape for t in found.tensors}
    for tensor in found.tensors:
        exact = next(t.n_bytes for t in told.tensors if t.name == tensor.name)
        assert exact <= tensor.size < exact + 32
    assert found.size <= told.data_offset < found.size + 32
    for key, value in found.values.items():
        if not isinstance(value, tuple):
            assert told.fields[key].contents() == value
    assert found.lengths["tokenizer.ggml.tokens"] == len(
        told.fields["tokenizer.ggml.tokens"].contents()
    )


def test_a_split_model_is_read_whole(tmp_path: Path) -> None:
    names = [tmp_path / f"m-{n:05}-of-00002.gguf" for n in (1, 2)]
    for seed, name in enumerate(names):
        write_gguf(name, Shape(seed=seed))
    one = header(write_gguf(tmp_path / "one.gguf", Shape()), "")
    assert len(header(names[0], "").tensors) == 2 * len(one.tensors)
    names[1].unlink()
    with pytest.raises(LoadError, match=r"00002-of-00002.*cannot be read"):
        read(names[0])


HOSTILE = {
    "empty": (b"", "begin with GGUF|ends too soon"),
    "no GGUF": (b"PK\3\4" * 10, "begin with GGUF"),
    "a version of another byte order": (head(0, 0, version=3 << 24), "its version is"),
    "more values than the file has bytes": (head(0, 2**60), "ends too soon"),
    "more tensors than the file has bytes": (head(2**63, 0), "ends too soon"),
    "a key of exabytes": (head(0, 1, struct.pack("<Q", 2**62)), "too long"),
    "a text of gigabytes": (head(0, 1, text("a") + struct.pack("<IQ", 8, 2**31)), "too long"),
    "a list of 2**60 texts": (
        head(0, 1, text("a") + struct.pack("<IIQ", 9, 8, 2**60)),
        "ends too soon",
    ),
    "a list of 2**60 numbers": (
        head(0, 1, text("a") + struct.pack("<IIQ", 9, 10, 2**60)),
        "ends too soon",
    ),
    "lists in lists": (head(0, 1, text("a") + struct.pack("<IIQ", 9, 9, 1)), "unknown type 9"),
    "an unknown type": (head(0, 1, text("a") + struct.pack("<I", 99) + b"x" * 99), "unknown type"),
    "dimensions without end": (
        head(1, 0, text("t") + struct.pack("<I", 2**31) + b"x" * 99),
        "more than 4 dimensions",
    ),
    "a tensor far outside": (
        head(1, 0, text("t") + struct.pack("<IQIQ", 1, 8, 0, 2**60)),
        "past the end",
    ),
    "an alignment of 0": (
        head(0, 1, text("general.alignment") + struct.pack("<II", 4, 0)),
        "alignment",
    ),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_header_is_one_clear_error(
    file: Callable[[bytes], Path], content: bytes, reason: str
) -> None:
    path = file(content)
    with pytest.raises(LoadError, match=reason) as caught:
        read(path)
    assert str(path) in caught.value.message
    assert "compare its size" in caught.value.hint


def test_a_header_cut_anywhere_is_an_error(file: Callable[[bytes], Path]) -> None:
    whole = STORIES.read_bytes()
    size = header(STORIES, "").size
    for end in (*range(0, 400), *range(400, size, 97)):
        with pytest.raises(LoadError):
            read(file(whole[:end]))


@given(st.data())
def test_a_damaged_header_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(STORIES.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, 2000))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "model.gguf"
    path.write_bytes(whole)
    with suppress(LoadError):
        read(path)
