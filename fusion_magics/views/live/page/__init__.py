"""The line to a notebook's page: an anywidget model without a view of its own.

Its ES module is the files of this folder one behind the other; no build makes it, and nothing of
it comes from the network.
"""

# mypy: disable-error-code="misc"
# (anywidget and traitlets have no types of their own.)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from ipywidgets.widgets.widget import _remove_buffers

from ..._style import every

_FOLDER = Path(__file__).parent
_FILES = ("dom", "board", "table", "panels", "main")

MODULE = "\n".join((_FOLDER / f"{name}.js").read_text("utf-8") for name in _FILES)
SHEET = every() + (_FOLDER / "page.css").read_text("utf-8")


class Page(anywidget.AnyWidget):
    """Talks with the pages that show the element of ``key``.

    Parameters
    ----------
    key : str
        The value of its ``data-fz``.
    receive : callable
        Is given each message of a page, on the kernel's thread or another.
    """

    _esm = MODULE
    _css = SHEET
    key = traitlets.Unicode().tag(sync=True)

    def __init__(self, key: str, receive: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(key=key)
        self.on_msg(lambda _widget, content, _buffers: receive(content))

    def open_again(self) -> None:
        """Tell all pages of this line once more.

        One that was reloaded during a cell asks for it, and is answered when the cell has ended;
        but what is told to all, it hears.
        """
        for widget in (self.layout, self):
            state, paths, buffers = _remove_buffers(widget.get_state())
            widget.comm.publish_msg(
                "comm_open",
                data={"state": state, "buffer_paths": paths},
                metadata={"version": "2.1.0"},
                buffers=buffers,
                target_name="jupyter.widget",
                target_module=None,
            )
