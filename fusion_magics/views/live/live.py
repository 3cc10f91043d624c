"""One place in a notebook: first the board of a running pool, then its result."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ...errors import FusionError
from ...own_vote import hidden
from ...types import Fusion
from .._html import NO_MATH, esc
from .._output import Output
from .._style import style
from ..blind import html, text
from ..progress import Board
from ..screens import heading
from .board import BoardStream
from .page import Page
from .requests import REQUESTS, result

# A page that is there says so every second. One that was reloaded cannot: until the cell ends,
# what it asks the kernel waits, but it hears what is told to all.
_SILENT = 2.5
_MOST_SILENT = 40.0

_NO_RESULT = (
    "If this is all there is, the notebook was saved before the result came: run the cell again."
)

# Where a fusion was made, until it is shown there.
_places: dict[int, Live] = {}
_shown: weakref.WeakSet[Live] = weakref.WeakSet()


class Live(Output):
    """Where one run is shown; a :class:`~fusion_magics.views.progress.Screen`.

    Parameters
    ----------
    cancel : callable, optional
        What the cancel buttons call: with the name of one member, or with None for all.
    about : str
        What stands beside the heading, such as the mode.
    """

    ticks = 1

    def __init__(
        self, cancel: Callable[[str | None], object] | None = None, about: str = ""
    ) -> None:
        super().__init__()
        self.key = secrets.token_hex(6)
        self.fusion: Fusion | None = None
        self._cancel = cancel
        self._stream = BoardStream(about)
        self._board: Board | None = None
        self._page: Page | None = None
        self._taken = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heard: float | None = None
        self._patience = _SILENT
        self._version = 0

    @classmethod
    def of(cls, fusion: Fusion) -> Live:
        """The place where ``fusion`` was made, or a new one."""
        return _places.pop(id(fusion), None) or cls()

    # ── a screen ─────────────────────────────────────────────────────────────────────────────

    def draw(self, board: Board) -> None:
        """Tell the page what is new."""
        first = self._board is None
        self._board = board
        if first:
            self._open()
            self.put(self._placeholder(board))
            self._send(self._stream.whole(board))
        else:
            self._send(self._stream.changes(board))
            self._call_pages()

    def close(self, result: Fusion | None) -> None:
        """Make room for ``result``, which :func:`show` puts here."""
        self._board = None
        if result is not None and self._handle is not None:
            _places[id(result)] = self
            weakref.finalize(result, _places.pop, id(result), None).atexit = False
        super().close(result)

    def _empty(self) -> None:
        super()._empty()
        if self.fusion is None:
            self.hang_up()

    def hang_up(self) -> None:
        """Nobody can see this place any more."""
        if self._page is not None:
            self._page.close()
            self._page = None

    def leave(self) -> None:
        """Its cell has run again, and this output is gone, even if its own run has not ended."""
        self._taken = self._handle is not None
        self.hang_up()

    def _placeholder(self, board: Board) -> dict[str, str]:
        """What a page replaces at once, and a file keeps that is saved while the pool runs."""
        now = heading(board)
        content = f'<p><b>{esc(now)}</b></p><p class="fz-foot">{_NO_RESULT}</p>'
        found = f'<div class="fz {NO_MATH}" data-fz="{self.key}">{style(content)}{content}</div>'
        return {"text/html": found, "text/plain": f"{now}\n{_NO_RESULT}"}

    # ── the result ───────────────────────────────────────────────────────────────────────────

    def show(self, fusion: Fusion) -> None:
        """Put ``fusion`` in the board's place."""
        self._stay()
        self._board, self.fusion = None, fusion
        self._open()
        _shown.add(self)
        self._refresh()

    def _refresh(self) -> None:
        self._version += 1
        self._tell_all()
        self.put(self._bundle())

    def _bundle(self) -> dict[str, str]:
        assert self.fusion is not None
        return {"text/html": html(self.fusion, self.key), "text/plain": text(self.fusion)}

    # ── the page ─────────────────────────────────────────────────────────────────────────────

    def put(self, bundle: Mapping[str, Any]) -> None:
        """Show ``bundle``, beside a view of the page's model where that would not run without."""
        if self._page is not None and _needs_view():
            view = {"version_major": 2, "version_minor": 0, "model_id": self._page.model_id}
            bundle = {"application/vnd.jupyter.widget-view+json": view, **bundle}
        super().put(bundle)

    def _open(self) -> None:
        if self._page is None and not self._taken:
            with suppress(RuntimeError):  # no loop: whoever shows this is synchronous
                self._loop = asyncio.get_running_loop()
            self._page = Page(self.key, self._receive)
            _take_cell(self)

    def _send(self, message: dict[str, Any]) -> None:
        if self._page is not None:
            self._page.send(message)

    def _call_pages(self) -> None:
        """Open the line again, for a page that came after it was opened."""
        now = time.monotonic()
        if self._page is None or self._heard is None or now - self._heard < self._patience:
            return
        self._heard, self._patience = now, min(2 * self._patience, _MOST_SILENT)
        self._page.open_again()

    def _receive(self, message: dict[str, Any]) -> None:
        # Some ipykernels deliver on a thread of their own.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._answer, message)
        else:
            self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        self._heard, self._patience = time.monotonic(), _SILENT
        kind = str(message.get("k"))
        if kind == "hello":
            self._tell_all()
        elif kind == "cancel" and self._cancel is not None and self._board is not None:
            index = message.get("i")
            self._cancel(None if index is None else list(self._board.members)[index])
        elif self.fusion is not None and "n" in message:
            self._send({"k": "reply", "n": message["n"], **self._reply(self.fusion, kind, message)})

    def _tell_all(self) -> None:
        if self._board is not None:
            self._send(self._stream.whole(self._board))
        elif self.fusion is not None:
            self._send(result(self.fusion) | {"version": self._version})

    def _reply(self, fusion: Fusion, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            if kind == "html":
                return {"html": self._bundle()["text/html"]}
            if kind == "vote":
                return self._vote(fusion, message.get("i"))
            if hidden(fusion):
                return {"error": "Vote first."}
            return REQUESTS[kind](fusion, message)
        except FusionError as exc:
            return {"error": str(exc)}
        except Exception as exc:  # a person waits for it, and a kernel's log is read by nobody
            return {"error": f"{type(exc).__name__}: {exc}"}

    def _vote(self, fusion: Fusion, choice: int | str | None) -> dict[str, Any]:
        fusion.cast_vote(choice, blind=hidden(fusion))
        for live in _shown:
            if live.fusion is fusion:
                live._refresh()
        return {}


def _needs_view() -> bool:
    """Whether the front end runs a model only where it is seen, as VS Code's and Colab's do.

    Told from the kernel's surroundings, by what these products document; neither could be tried
    here. In JupyterLab a view would leave "model not found" in a file that is opened again.
    """
    in_code = "VSCODE_PID" in os.environ and "JPY_SESSION_NAME" not in os.environ
    return in_code or "google.colab" in sys.modules


# The places that a cell filled when it ran last, by the cell's id.
_cells: dict[str, tuple[str, list[Live]]] = {}


def _take_cell(live: Live) -> None:
    """Hang up what the same cell showed when it ran before: that output is gone."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    parent: dict[str, Any] = (kernel.get_parent() if kernel else None) or {}
    cell = parent.get("metadata", {}).get("cellId")
    if cell is None:  # not every front end says so
        return
    run = parent["header"]["msg_id"]
    last, places = _cells.get(cell, ("", []))
    if last != run:
        for place in places:
            place.leave()
        places = []
    _cells[cell] = (run, [*places, live])
