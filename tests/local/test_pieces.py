"""The small parts: text from pieces, prompts in pieces, the lines on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.local import wire
from fusion_magics.local.assembly import Assembly
from fusion_magics.local.prefix import piece_size, pieces, reusable
from fusion_magics.types import Delta, Finish, Message, SamplingParams, TokenLogprob, Usage


@given(st.text(), st.lists(st.integers(0, 20)))
def test_text_survives_any_cut_into_bytes(text: str, cuts: list[int]) -> None:
    raw, given_text = text.encode(), ""
    assembly = Assembly()
    for size in [*cuts, len(raw)]:
        assembly.add(raw[:size])
        raw = raw[size:]
        given_text += assembly.take()[0]
    assert given_text + assembly.rest()[0] == text


@given(st.text("abc"), st.lists(st.text("abc", min_size=1), max_size=3))
def test_stop_strings_are_found_wherever_they_begin(text: str, stop: list[str]) -> None:
    assembly, seen = Assembly(tuple(stop)), ""
    for letter in text:
        assembly.add(letter.encode())
        seen += assembly.take()[0]
        if assembly.stopped:
            break
    seen += assembly.rest()[0]
    ends = [text.find(s) + len(s) for s in stop if s in text]
    # The text is known up to the first stop string that is complete.
    known = text[: min(ends)] if ends else text
    assert seen == known[: min([known.find(s) for s in stop if s in known], default=len(known))]


def test_tokens_behind_a_stop_are_not_reported() -> None:
    assembly = Assembly(("STOP",))
    for token in ("a", "S", "T", "OP", "b"):
        assembly.add(token.encode(), TokenLogprob(token, -1.0))
        if assembly.stopped:
            break
    assert [t.token for t in (*assembly.take()[1], *assembly.rest()[1])] == ["a"]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assembly = Assembly()
    assembly.add(b"a\xffb\xe2\x82")
    assert assembly.take()[0] == "a\ufffdb"
    assert assembly.rest()[0] == ""


TOKENS = st.lists(st.integers(0, 1), max_size=200)


@given(TOKENS, TOKENS, st.sampled_from([32, 64, 128]))
def test_what_is_reused_was_read_and_leaves_a_group_to_read(
    read: list[int], tokens: list[int], piece: int
) -> None:
    keep = reusable(read, tokens, piece)
    assert tokens[:keep] == read[:keep]
    assert keep % 32 == 0
    assert keep < len(tokens) or keep == 0
    fresh = list(pieces(0, len(tokens), piece))
    again = list(pieces(keep, len(tokens), piece))
    for start, stop in again:
        (whole,) = [f for f in fresh if f[0] <= start < f[1]]
        assert stop == whole[1]
        assert stop - start >= 32 or whole == (start, stop)


def test_a_common_beginning_is_reused() -> None:
    assert reusable(list(range(100)), [*range(100), *range(40)], 512) == 96
    assert reusable(list(range(100)), list(range(100)), 512) == 64
    assert reusable(list(range(128)), list(range(129)), 128) == 128  # as a fresh model would
    assert reusable(list(range(128)), list(range(128)), 128) == 96
    assert reusable([], [1, 2], 512) == 0


@pytest.mark.parametrize(
    ("parameters", "flops", "size"),
    [(1_000_000, 2e12, 512), (8_000_000_000, 2e12, 32), (1_500_000_000, 2e12, 256)],
)
def test_piece_size(parameters: int, flops: float, size: int) -> None:
    assert piece_size(parameters, flops) == size


@given(st.lists(st.binary(max_size=9)), st.integers(1, 9))
def test_lines_survive_any_cut(chunks: list[bytes], size: int) -> None:
    raw = b"\n".join(chunks) + b"\n"
    lines = wire.Lines()
    cut = [line for at in range(0, len(raw), size) for line in lines.of(raw[at : at + size])]
    assert cut == raw.split(b"\n")[:-1]


def test_a_write_that_is_cut_short_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    def three_bytes(pipe: int, data: memoryview) -> int:
        written.append(bytes(data[:3]))
        return len(written[-1])

    monkeypatch.setattr(wire.os, "write", three_bytes)
    wire.write(1, b"a whole line\n")
    monkeypatch.undo()
    assert b"".join(written) == b"a whole line\n"


def test_lines() -> None:
    params = SamplingParams(schema={"type": "object"}, stop=("a\n",))
    ask = wire.Generate(3, (Message("user", "line\nbreak 😀"),), params)
    line = wire.encode(ask)
    assert line.count(b"\n") == 1
    assert wire.order(line) == ask
    logprobs = (TokenLogprob("x", -0.5, (("x", -0.5),)),)
    delta = Delta(text="\n", logprobs=logprobs, finish=Finish("stop", Usage(1, 2, 0, 0.0)))
    for report in (wire.Ready(), wire.Progress(1, delta), wire.Failed("E", "m", "h", "k", True)):
        assert wire.report(wire.encode(report)) == report
