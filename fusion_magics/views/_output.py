"""An output of the running cell, updated in place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..types import Fusion

# Seconds after which what is shown while a fusion runs is taken away, if no result came.
_SOON = 0.15


class Output:
    """Shows one bundle after the other in the same place, and leaves no trace.

    ``clear_output()`` would take what the cell printed before with it. If a result follows, the
    place is emptied after that is shown: emptied before, every second run showed a gap for some
    frames, and the page jumped.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._shell: Any = None
        self._soon: asyncio.TimerHandle | None = None

    def put(self, bundle: Mapping[str, Any]) -> None:
        """Show ``bundle`` (MIME type → content) in the place of what was there."""
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)

    def close(self, result: Fusion | None) -> None:
        """Empty it: now, or if there is a result, once the cell has shown that."""
        if self._handle is None:
            return
        from IPython import get_ipython

        self._shell = get_ipython() if result is not None else None
        if self._shell is None:
            self._empty()
            return
        # The end of the cell, or soon, where the cell has more to do than to show its value.
        self._shell.events.register("post_execute", self._empty)
        self._soon = asyncio.get_running_loop().call_later(_SOON, self._empty)

    def _stay(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
        if self._shell is not None:
            with suppress(ValueError):  # unregistered already
                self._shell.events.unregister("post_execute", self._empty)
            self._shell = None

    def _empty(self) -> None:
        handle, self._handle = self._handle, None
        self._stay()
        if handle is not None:
            # Not an empty bundle: nbconvert would warn of it at each export.
            handle.update({"text/html": ""}, raw=True)
