"""The progress: cheap to tell, drawn seldom, gone at the end, and always awake."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import nbformat
import pytest
from fusions_by_hand import HOSTILE
from nbclient import NotebookClient
from reading import read

from fusion_magics.types import Delta, Finish, Fusion, Usage
from fusion_magics.views.progress import Board, Progress
from fusion_magics.views.screens import (
    Notebook,
    Terminal,
    board_html,
    board_line,
    doing,
    heading,
    screen_for,
)


@dataclass
class Recording:
    """A screen that keeps what was drawn."""

    drawn: list[str] = field(default_factory=list)
    closed: int = 0
    ticks: int = 3

    def draw(self, board: Board) -> None:
        self.drawn.append(heading(board))

    def close(self, result: Fusion | None) -> None:
        self.closed += 1


def told(*deltas: tuple[str, str, Delta]) -> Board:
    """The board after ``deltas``."""
    progress = Progress(["a", "b"], "tiny:judge", screen=Recording())
    for label, purpose, delta in deltas:
        progress(label, purpose, delta)  # type: ignore[arg-type]
    return progress._board


END = Delta(finish=Finish("stop", Usage(3, 7)))
DONE = Delta(state="done")


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what takes a moment: a machine may be busy."""
    async with asyncio.timeout(120):
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_it_draws_what_changed_and_closes_once() -> None:
    screen = Recording()
    async with Progress(["a", "b"], "tiny:judge", screen=screen) as watch:
        watch("a", "member", Delta(state="reading"))
        await until(lambda: bool(screen.drawn))
        for _ in range(100):
            watch("a", "member", Delta(text="x"))
        await until(lambda: "writing" in screen.drawn[-1])
    assert screen.drawn[0] == "Asking 2 members: 1 reading, 1 queued"
    assert screen.drawn[-1] == "Asking 2 members: 1 writing, 1 queued"
    assert len(screen.drawn) < 20  # of 100 words
    assert screen.closed == 1


async def test_a_quick_fusion_draws_nothing() -> None:
    screen = Recording()
    async with Progress(["a"], screen=screen) as watch:
        watch("a", "member", DONE)
        await asyncio.sleep(0)
    assert screen.drawn == []
    assert screen.closed == 1


async def test_without_changes_it_draws_once_a_second() -> None:
    screen = Recording()
    began = time.monotonic()
    async with Progress(["a"], screen=screen):
        await until(lambda: len(screen.drawn) == 3)
    assert time.monotonic() - began > 1.9


@pytest.mark.parametrize("screen", [Recording(), None], ids=["shown", "not-shown"])
async def test_the_loop_wakes_20_times_a_second(
    screen: Recording | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        naps.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr("fusion_magics.views.progress.asyncio.sleep", counted)
    async with Progress(["a"], screen=screen):
        await sleep(0.5)
    assert naps
    assert set(naps) == {0.05}


async def test_nothing_outlives_it_however_it_ends() -> None:
    for error in (None, ValueError("no"), asyncio.CancelledError()):
        screen = Recording()
        before = asyncio.all_tasks()
        try:
            async with Progress(["a"], screen=screen):
                if error:
                    raise error
        except (ValueError, asyncio.CancelledError) as exc:
            assert exc is error  # noqa: PT017
        assert asyncio.all_tasks() == before
        assert screen.closed == 1


async def test_a_front_end_that_is_gone_costs_only_the_progress() -> None:
    class Gone(Recording):
        def draw(self, board: Board) -> None:
            super().draw(board)
            raise OSError("no front end")

    screen = Gone()
    async with Progress(["a"], screen=screen) as watch:
        await until(lambda: bool(screen.drawn))
        for _ in range(2):
            watch("a", "member", Delta(text="x"))
            await asyncio.sleep(0.2)
    assert len(screen.drawn) == 1


def test_the_watch_is_cheap() -> None:
    progress = Progress(["a"], screen=Recording())
    began = time.perf_counter()
    for _ in range(10_000):
        progress("a", "member", Delta(text="token "))
    assert (
        time.perf_counter() - began
    ) / 10_000 < 200e-6  # a tenth of that where nothing else runs


def test_members_are_told_apart_from_the_judges_calls() -> None:
    ended = [("a", "member", END), ("a", "member", DONE), ("b", "member", DONE)]
    judging = [
        ("tiny:judge on a", "judge", Delta(state="writing", text="{")),
        ("tiny:judge on a", "judge", END),
        ("tiny:judge on a", "judge", DONE),
        ("tiny:judge on b", "judge", Delta(state="reading")),
    ]
    assert heading(told(*ended)) == "Asking 2 members: 2 done"
    assert heading(told(*ended, *judging)) == (
        "2 of 2 members answered · tiny:judge is judging: 1 of 2 answers"
    )


def test_pairs_and_ballots_are_counted_as_such() -> None:
    progress = Progress(["a", "b"], "the jury", "ballot", screen=Recording())
    progress("a", "member", DONE)
    for juror in ("builder", "skeptic"):
        progress(f"{juror} on a", "judge", Delta(state="reading"))
    assert heading(progress._board) == (
        "1 of 2 members answered · the jury is judging: 0 of 2 ballots"
    )


def test_the_steps_of_a_merge_are_named_and_the_aggregators_words_shown() -> None:
    analysis = ("tiny:judge: analysis", "judge", Delta(text='{"consensus"'))
    board = told(("a", "member", DONE), ("b", "member", DONE), analysis)
    assert heading(board) == "2 of 2 members answered · tiny:judge: analysis"
    last = read(board_html(board)).all("tr")[-1]
    assert [c.text for c in last.children] == ["tiny:judge: analysis", "writing", '{"consensus"']  # type: ignore[union-attr]
    ended = ("tiny:judge: analysis", "judge", DONE)
    synthesis = ("tiny:judge: synthesis", "judge", Delta(state="reading"))
    board = told(("a", "member", DONE), ("b", "member", DONE), analysis, ended, synthesis)
    assert heading(board) == "2 of 2 members answered · tiny:judge: synthesis"


def test_the_judge_has_its_row_from_the_start_so_that_nothing_jumps() -> None:
    before = read(board_html(told())).all("tr")
    judging = told(("tiny:judge on a", "judge", Delta(state="reading")))
    assert len(before) == len(read(board_html(judging)).all("tr")) == 3
    assert [c.text for c in before[-1].children][:2] == ["tiny:judge", "queued"]  # type: ignore[union-attr]


def test_the_round_of_a_debate_is_said() -> None:
    again = [(label, "member", Delta(state="reading")) for label in "ab"]
    ends = [(label, "member", DONE) for label in "ab"]
    assert heading(told(*again, *ends, *again)) == "Debate, round 1: 2 reading"
    assert heading(told(*again, *ends, *again, *ends, again[0])) == (
        "Debate, round 2: 1 reading, 1 done"
    )


def test_a_member_that_is_asked_again_begins_anew() -> None:
    board = told(
        ("a", "member", Delta(text="the first round")),
        ("a", "member", END),
        ("a", "member", DONE),
        ("a", "member", Delta(state="reading")),
    )
    line = board.members["a"]
    assert (line.state, line.tail, line.pieces, line.tokens) == ("reading", "", [], None)
    assert heading(board) == "Debate, round 1: 1 reading, 1 queued"


def test_what_a_member_does_is_said() -> None:
    board = told(
        ("a", "member", Delta(state="writing")),
        ("a", "member", Delta(text="one")),
        ("a", "member", Delta(text=" two")),
    )
    line = board.members["a"]
    line.writing = 1.0
    assert doing(line, 2.0) == "writing · 2 tokens/s"
    assert doing(board.members["b"], 2.0) == "queued"
    line.state, line.since = "reading", 1.0
    assert doing(line, 4.2) == "reading · 3 s"
    line.state, line.since = "failed", 4.8
    assert doing(line, 9.0) == "failed · 4.8 s"


def test_the_table_has_one_line_per_member_and_their_last_words() -> None:
    board = told(("a", "member", Delta(text="word " * 99 + "the\nend")))
    root = read(board_html(board))
    cells = [[c.text for c in row.children] for row in root.all("tr")]  # type: ignore[union-attr]
    assert [c[:2] for c in cells] == [["a", "writing"], ["b", "queued"], ["tiny:judge", "queued"]]
    assert cells[0][2].endswith("word the end")
    assert len(cells[0][2]) == 60


def test_many_members_are_counted_not_listed() -> None:
    progress = Progress([f"m{i}" for i in range(100)], screen=Recording())
    progress("m3", "member", DONE)
    root = read(board_html(progress._board))
    assert not root.all("tr")
    assert "Asking 100 members: 99 queued, 1 done" in root.text


def test_hostile_words_are_inert() -> None:
    attack = "\n".join(HOSTILE.values())
    board = told((attack, "member", Delta(text=attack[-60:])), (attack, "judge", DONE))
    board.judge = attack
    root = read(board_html(board))
    assert {e.tag for e in root.all()} <= {
        *("div", "style", "p", "b", "table", "tbody", "tr", "th", "bdi", "td")
    }
    line = board_line(board, 200)
    assert not any(c in line + root.text for c in "\x1b\x07\x9b\u202e\u200b\ud800\n")


async def test_a_terminal_has_one_line_and_ends_clean() -> None:
    stream = io.StringIO()
    async with Progress(["a", "b"], screen=Terminal(stream)) as watch:
        watch("a", "member", Delta(text="x"))
        await until(lambda: "writing" in stream.getvalue())
    drawn = stream.getvalue().split("\r\x1b[K")
    assert drawn[0] == ""
    assert "Asking 2 members: 1 writing, 1 queued · a writing" in drawn[1]
    assert drawn[-1] == ""
    assert "\n" not in stream.getvalue()


def test_nobody_looks_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert screen_for(True) is None
    assert screen_for(False) is None


class Handle:
    """Stands for an output in a front end."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def update(self, bundle: dict[str, str], raw: bool) -> None:
        assert raw
        self.shown.append(bundle)


def test_after_an_error_the_notebook_is_cleared_at_once() -> None:
    screen = Notebook()
    screen._handle = handle = Handle()
    screen.close(None)
    screen.close(None)
    assert handle.shown == [{"text/html": ""}]


def test_executed_without_a_reader_it_leaves_nothing_in_the_file() -> None:
    source = """
import asyncio
from fusion_magics.types import Delta
from fusion_magics.views.progress import Progress
from fusion_magics.views.screens import screen_for
async with Progress(["a"], screen=screen_for()) as watch:
    watch("a", "member", Delta(text="word"))
    await asyncio.sleep(0.8)
"the value"
"""
    cell = nbformat.v4.new_code_cell(source)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
