"""One place in a notebook: what the page is told, and what it can ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from modes_by_hand import SAMPLES

from fusion_magics.types import Delta, Fusion
from fusion_magics.views.live import live as module
from fusion_magics.views.live.live import Live
from fusion_magics.views.live.page import MODULE, Page
from fusion_magics.views.live.requests import REQUESTS, result
from fusion_magics.views.progress import Progress

KINDS: dict[str, dict[str, Any]] = {
    "rich": {"i": 0},
    "diff": {"a": 0, "b": 1},
    "agreement": {},
    "chart": {"kind": "scores"},
    "code": {"sort": "score", "down": True, "query": "a", "filter": "all"},
    "export": {"kind": "CSV"},
}


class Handle:
    """An output in a front end."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def update(self, bundle: dict[str, str], raw: bool) -> None:
        assert raw
        self.shown.append(bundle)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """All that pages were sent."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(Page, "send", lambda _, message: messages.append(message))
    return messages


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Where everything is displayed."""
    one = Handle()

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Handle:
        one.update(bundle, raw)
        return one

    monkeypatch.setattr("IPython.display.display", display)
    return one


def running(live: Live) -> Progress:
    watch = Progress(["a", "b"], "tiny:judge", "answer", live)
    watch("a", "member", Delta(text="one "))
    live.draw(watch._board)
    return watch


def shown(fusion: Fusion) -> Live:
    live = Live.of(fusion)
    live.show(fusion)
    return live


def test_a_run_is_announced_once_and_then_told_what_is_new(sent: Any, handle: Handle) -> None:
    live = Live(about="best-of")
    watch = running(live)
    watch("a", "member", Delta(text="two"))
    live.draw(watch._board)
    assert [m["k"] for m in sent] == ["board", "delta"]
    assert sent[1]["columns"][0]["add"] == "two"
    assert len(handle.shown) == 1
    assert f'data-fz="{live.key}"' in handle.shown[0]["text/html"]


def test_a_page_that_comes_later_is_told_all(sent: Any, handle: Handle) -> None:
    live = Live()
    running(live)
    live._receive({"k": "hello"})
    assert [m["k"] for m in sent] == ["board", "board"]
    live.show(SAMPLES["best_of"]())
    sent.clear()
    live._receive({"k": "hello"})
    assert [m["k"] for m in sent] == ["result"]


def test_cancel_reaches_one_or_all(sent: Any, handle: Handle) -> None:
    asked: list[str | None] = []
    live = Live(asked.append)
    running(live)
    live._receive({"k": "cancel", "i": 1})
    live._receive({"k": "cancel"})
    assert asked == ["b", None]


def test_a_page_that_falls_silent_is_called_ever_more_seldom(
    sent: Any, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[float] = []
    now = 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    monkeypatch.setattr(Page, "open_again", lambda _: called.append(now))
    live = Live()
    watch = running(live)
    live._receive({"k": "beat"})
    for _ in range(400):
        now += 0.05
        live.draw(watch._board)
    assert [round(at) for at in called] == [3, 8, 18]
    live._receive({"k": "beat"})
    now += 2.6
    live.draw(watch._board)
    assert len(called) == 4


def test_who_never_spoke_is_not_called(
    sent: Any, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Page, "open_again", lambda _: pytest.fail("nobody is there"))
    live = Live()
    watch = running(live)
    monkeypatch.setattr(module, "_SILENT", 0.0)
    live.draw(watch._board)


async def test_the_result_takes_the_boards_place(sent: Any, handle: Handle) -> None:
    fusion = SAMPLES["best_of"]()
    live = Live()
    async with Progress(["a"], "tiny:judge", "answer", live) as watch:
        live.draw(watch._board)
        watch.result = fusion
    assert Live.of(fusion) is live
    live.show(fusion)
    last = handle.shown[-1]
    assert live.key in last["text/html"]
    assert "strawberry" in last["text/plain"]
    assert sent[-1]["k"] == "result"


async def test_where_no_result_comes_nothing_stays(sent: Any, handle: Handle) -> None:
    live = Live()

    async def breaks() -> None:
        async with Progress(["a"], "tiny:judge", "answer", live) as watch:
            live.draw(watch._board)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await breaks()
    assert handle.shown[-1] == {"text/html": ""}
    assert live._page is None


VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize(
    ("surroundings", "seen"),
    [
        ({}, False),
        ({"VSCODE_PID": "1"}, True),
        ({"VSCODE_PID": "1", "JPY_SESSION_NAME": "a.ipynb"}, False),
        ({"google.colab": "a module"}, True),
    ],
    ids=["jupyter", "vscode", "jupyter-in-vscodes-terminal", "colab"],
)
def test_a_view_stands_beside_the_html_where_models_run_only_so(
    sent: Any,
    handle: Handle,
    monkeypatch: pytest.MonkeyPatch,
    surroundings: dict[str, str],
    seen: bool,
) -> None:
    for name in ("VSCODE_PID", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        if name.isupper():
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.setitem(module.sys.modules, name, module)
    live = Live()
    running(live)
    live.show(SAMPLES["best_of"]())
    assert [VIEW in bundle for bundle in handle.shown] == [seen, seen]
    assert all("text/html" in bundle for bundle in handle.shown)


# ── what a page may ask ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SAMPLES)
def test_a_result_is_plain_values(name: str) -> None:
    if name in ("megabyte", "hundred"):
        return
    message = json.loads(json.dumps(result(SAMPLES[name]())))
    assert message["k"] == "result"
    assert {str(member["i"]) for member in message["members"]} == set(message["rows"])
    kinds = {key for key, _ in message["filters"]}
    assert {row["kind"] for row in message["rows"].values()} <= kinds
    for key in set(message["columns"]) - {"rank"}:
        assert all(key in row for row in message["rows"].values())


def test_every_request_has_its_test() -> None:
    assert set(KINDS) == set(REQUESTS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_request_is_answered(sent: Any, handle: Handle, kind: str) -> None:
    live = shown(SAMPLES["merge"]())
    live._receive({"k": kind, "n": 7, **KINDS[kind]})
    reply = json.loads(json.dumps(sent[-1]))
    assert (reply["k"], reply["n"]) == ("reply", 7)
    assert "error" not in reply
    assert any(reply.get(key) for key in ("html", "text", "parts"))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"k": "chart", "kind": "scorse"}, "Did you mean scores?"),
        ({"k": "diff", "a": 0, "b": 99}, "There is no candidate 99"),
        ({"k": "nonsense"}, "nonsense"),
        ({"k": "rich", "i": "x"}, "ValueError"),
        ({"k": "vote", "i": 99}, "There is no candidate 99"),
    ],
)
def test_what_cannot_be_answered_says_why(
    sent: Any, handle: Handle, message: dict[str, Any], said: str
) -> None:
    live = shown(SAMPLES["best_of"]())
    live._receive(message | {"n": 1})
    assert said in sent[-1]["error"]


def test_a_vote_is_kept_and_written_into_the_file(sent: Any, handle: Handle) -> None:
    fusion = SAMPLES["best_of"]()
    live = shown(fusion)
    live._receive({"k": "vote", "n": 1, "i": 0})
    assert fusion.vote is not None
    assert (fusion.vote.candidate, fusion.vote.blind) == (0, False)
    assert sent[-2]["vote"] == 0
    assert sent[-1] == {"k": "reply", "n": 1}
    assert "your vote" in handle.shown[-1]["text/html"]
    live._receive({"k": "vote", "n": 2, "i": None})
    assert fusion.vote is None
    assert "your vote" not in handle.shown[-1]["text/html"]


def test_before_a_blind_vote_nothing_tells_who(sent: Any, handle: Handle) -> None:
    fusion = replace(SAMPLES["merge"](), blind=True)
    live = shown(fusion)
    for kind, content in KINDS.items():
        live._receive({"k": kind, "n": 1, **content})
        assert sent[-1]["error"] == "Vote first."
    told = json.dumps([sent, handle.shown])
    for candidate in fusion.candidates:
        assert candidate.member not in told
    live._receive({"k": "vote", "n": 1, "i": "A"})
    assert fusion.vote is not None
    assert fusion.vote.blind
    assert fusion.candidates[0].member in json.dumps(sent[-2])


def test_every_place_of_a_fusion_shows_its_vote(sent: Any, handle: Handle) -> None:
    fusion = SAMPLES["best_of"]()
    first, again = shown(fusion), shown(fusion)
    again._receive({"k": "vote", "n": 1, "i": 0})
    told = [html["text/html"] for html in handle.shown if "your vote" in html["text/html"]]
    assert sorted(live.key in html for live in (first, again) for html in told).count(True) == 2


def test_the_module_is_one_and_asks_nothing_of_the_network() -> None:
    assert MODULE.count("export default") == 1
    assert "import " not in MODULE
    for address in ("http:", "https:", "//cdn", "fetch("):
        assert address not in MODULE


def test_no_markup_is_made_in_the_page() -> None:
    # The kernel's own HTML goes through one place.
    assert MODULE.count("innerHTML") == 1
    for sink in ("outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert sink not in MODULE


class Kernel:
    """A kernel that runs one cell after the other."""

    def __init__(self) -> None:
        self.parent: dict[str, Any] = {}

    def run(self, cell: str, message: str) -> None:
        self.parent = {"metadata": {"cellId": cell}, "header": {"msg_id": message}}

    def get_parent(self) -> dict[str, Any]:
        return self.parent


def test_a_cell_that_runs_again_hangs_up_what_it_showed_before(
    sent: Any, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel()
    shell = type("Shell", (), {"kernel": kernel})()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    kernel.run("one", "1")
    first, second = shown(SAMPLES["best_of"]()), shown(SAMPLES["merge"]())
    kernel.run("two", "2")
    other = shown(SAMPLES["vote"]())
    kernel.run("one", "3")
    again = shown(SAMPLES["best_of"]())
    assert [live._page is None for live in (first, second, other, again)] == [
        *(True, True),
        *(False, False),
    ]
