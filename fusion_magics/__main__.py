"""``python -m fusion_magics ["question"] [options]``: one fusion in a terminal.

Without a question it shows what the package does: the quickstart notebook where there is a display
and JupyterLab, else a fusion of the tiny models.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import FusionError, Interrupted, UsageError
from .magics.options import command_parser, parse

if TYPE_CHECKING:
    from .plan import Plan
    from .types import Fusion

SAMPLE = "How many r's are in strawberry?"
NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "01_quickstart.ipynb"


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the fusion, and return the exit code: 0, 1 on an error, 130 after Ctrl-C.

    After Ctrl-C it prints what had arrived.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # models write what an ASCII terminal has not
    try:
        options = parse(command_parser(), arguments)
        words = options.pop("prompt")
        if not arguments and can_show_notebook():
            _show_notebook()
        prompt = " ".join(words or [SAMPLE])
        if not prompt.strip():
            raise UsageError("The question is empty.", "Write it between the quotes.")
        if not words:
            print(prompt, end="\n\n", flush=True)
        view = options.pop("view", "text")
        try:
            _print(_answer(prompt, options), view)
        except Interrupted as stop:
            if stop.fusion is not None:
                _print(stop.fusion, view)
            return 130
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read this has enough (`| head`). Python flushes once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except FusionError as exc:
        print(*exc._render_traceback_(), sep="\n", file=sys.stderr)
        return 1
    return 0


def _answer(prompt: str, options: dict[str, Any]) -> Fusion | Plan:
    from .running import run, watched

    return run(lambda: watched(prompt, options))


def _print(result: Fusion | Plan, view: str) -> None:
    from .types import Fusion
    from .views import bundle

    shown = bundle(result, view)["text/plain"] if isinstance(result, Fusion) else repr(result)
    print(shown, flush=True)


def can_show_notebook() -> bool:
    """Is this a clone of the repository, with JupyterLab and a display to open it on?"""
    display = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return display and NOTEBOOK.exists() and find_spec("jupyterlab") is not None


def _show_notebook() -> NoReturn:
    print(f"Opening {NOTEBOOK.name} in JupyterLab; Ctrl-C ends it.", flush=True)
    command = [sys.executable, "-m", "jupyter", "lab", str(NOTEBOOK)]
    os.execv(sys.executable, command)  # noqa: S606  (this very interpreter)


if __name__ == "__main__":
    sys.exit(main())
