"""``python -m fusion_magics "question"``: one fusion in a terminal, with the magic's options."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .errors import FusionError, Interrupted, UsageError
from .options import command_parser, parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the fusion, and return the exit code: 0, 1 on an error, 130 after Ctrl-C."""
    try:
        print(_answer(sys.argv[1:] if arguments is None else list(arguments)))
    except (KeyboardInterrupt, Interrupted):
        return 130
    except FusionError as exc:
        print(*exc._render_traceback_(), sep="\n", file=sys.stderr)
        return 1
    return 0


def _answer(arguments: list[str]) -> str:
    options = parse(command_parser(), arguments)
    prompt = " ".join(options.pop("prompt", []))
    view = options.pop("view", "text")
    if not prompt.strip():
        raise UsageError(
            "There is no question.", 'Write it behind the command: python -m fusion_magics "…?"'
        )
    from .running import run, watched
    from .views import bundle

    return bundle(run(lambda: watched(prompt, options)), view)["text/plain"]


if __name__ == "__main__":
    sys.exit(main())
