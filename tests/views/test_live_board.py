"""What a page is told of a running pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fusion_magics.types import Delta, Finish, Usage
from fusion_magics.views.live.board import BoardStream, Message
from fusion_magics.views.progress import Progress

DONE = Delta(state="done", finish=Finish("stop", Usage()))


class Reader:
    """A page: what it would show after the messages it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.states: list[str] = []
        self.said: dict[str, Any] = {}
        self.number = 0

    def take(self, message: Message) -> None:
        if message["k"] == "board":
            count = len(message["columns"])
            self.texts, self.states = [""] * count, [""] * count
            columns: Any = enumerate(message["columns"])
        else:
            assert message["n"] == self.number + 1
            columns = message["columns"].items()
        self.number = message["n"]
        self.said |= {key: message[key] for key in ("title", "judge", "now") if key in message}
        for i, column in columns:
            if "text" in column:
                self.texts[i] = ""
            self.texts[i] += column.get("add", "")
            self.states[i] = column.get("state", self.states[i])


def progress(*told: tuple[str, str, Delta], labels: Sequence[str] = ("a", "b")) -> Progress:
    watch = Progress(labels, "tiny:judge")
    for label, purpose, delta in told:
        watch(label, purpose, delta)  # type: ignore[arg-type]
    return watch


def member(label: str, text: str) -> tuple[str, str, Delta]:
    return label, "member", Delta(text=text)


def test_a_page_that_hears_all_shows_all() -> None:
    watch, stream, page = progress(), BoardStream(), Reader()
    page.take(stream.whole(watch._board))
    for word in ("one ", "two ", "three"):
        watch("a", "member", Delta(text=word))
        page.take(stream.changes(watch._board))
    watch("b", "member", Delta(text="b's"))
    watch("a", "member", DONE)
    page.take(stream.changes(watch._board))
    assert page.texts == ["one two three", "b's"]
    assert page.states == ["done", "writing"]
    assert page.said["title"] == "Asking 2 members: 1 done, 1 writing"


def test_only_what_is_new_is_sent() -> None:
    watch, stream = progress(member("a", "x" * 1000)), BoardStream()
    stream.whole(watch._board)
    watch("a", "member", Delta(text="y"))
    message = stream.changes(watch._board)
    assert message["columns"] == {0: {"cut": False, "add": "y"}}
    assert "title" not in message
    assert "judge" not in message
    assert stream.changes(watch._board)["columns"] == {}


def test_a_page_that_comes_later_is_told_everything() -> None:
    watch, stream, late = progress(member("a", "one ")), BoardStream(), Reader()
    stream.whole(watch._board)
    watch("a", "member", Delta(text="two "))
    stream.changes(watch._board)
    late.take(stream.whole(watch._board))
    watch("a", "member", Delta(text="three"))
    late.take(stream.changes(watch._board))
    assert late.texts[0] == "one two three"
    assert late.said["judge"]["label"] == "tiny:judge"


def test_from_the_first_message_on_each_column_says_what_its_member_does() -> None:
    watch = progress()
    watch._board.now = 0.25
    for column in BoardStream().whole(watch._board)["columns"]:
        assert column.items() >= {"doing": "queued", "state": "queued", "phases": []}.items()


def test_a_round_of_a_debate_begins_anew() -> None:
    watch, stream, page = progress(member("a", "first")), BoardStream(), Reader()
    page.take(stream.whole(watch._board))
    watch("a", "member", DONE)
    watch("a", "member", Delta(text="second"))
    page.take(stream.changes(watch._board))
    assert page.texts[0] == "second"


def test_a_column_is_sent_the_end_of_a_long_text() -> None:
    watch, stream = progress(member("a", "x" * 1_000_000)), BoardStream()
    column = stream.whole(watch._board)["columns"][0]
    assert len(column["add"]) == 8_000
    assert column["cut"]


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\ud800", "\x00", "\u200b"])
def test_what_a_page_shows_is_clean(hostile: str) -> None:
    watch = progress(member("a", f"safe{hostile}text"), labels=[f"a{hostile}", "a"])
    message = BoardStream("best-of").whole(watch._board)
    assert hostile not in str(message["columns"])
    assert message["columns"][1]["add"].startswith("safe")


def test_the_judges_progress_is_counted() -> None:
    ended = (("tiny:judge on a", "judge", Delta(text="{")), ("tiny:judge on a", "judge", DONE))
    watch = progress(*ended, ("tiny:judge on b", "judge", Delta(state="reading")))
    judge = BoardStream().whole(watch._board)["judge"]
    assert (judge["done"], judge["of"]) == (1, 2)
    assert judge["doing"].startswith("reading")
