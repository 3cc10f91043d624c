"""Tab in a ``%fuse`` line or a ``%%fuse`` cell: options, their values, and names inside ``{{``;
and in a ``%fuse_status`` line.
"""

# mypy: disallow-untyped-decorators=False
# (IPython's decorators have no types of their own.)

from __future__ import annotations

import re
from argparse import Action
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .options import WORD, flags_of, magic_parser, takes

if TYPE_CHECKING:
    from .fuse import FuseMagics

Matcher = Callable[[Any], Any]

_CELL = re.compile(r"\s*%%fuse\b")
_LINE = re.compile(r"\s*(?:[\w.\[\], ]+=\s*)?%%?fuse[ \t]+(?P<typed>.*)", re.DOTALL)
_STATUS = re.compile(r"\s*%fuse_status[ \t]+(?P<words>(?:\S+[ \t]+)*)(?P<typed>\S*)$")
_NAME = re.compile(r"[^\W\d]\w*(?:\.\w*)*$|$")


def make_matcher(shell: Any, magics: FuseMagics) -> Matcher:
    """A matcher for ``shell.Completer.custom_matchers``."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="fusion_magics.fuse", priority=200)
    def fuse_matcher(context: Any) -> dict[str, Any]:
        before = context.line_with_cursor[: context.cursor_position]
        in_cell = bool(_CELL.match(context.full_text))
        fragment, words = complete(before, in_cell, context.cursor_line, shell, magics)
        found = [SimpleCompletion(word, type="param") for word in words]
        return {
            "completions": found,
            "matched_fragment": fragment,
            "suppress": bool(found),
            "ordered": True,
        }

    return fuse_matcher  # type: ignore[no-any-return]


def complete(
    before: str, in_cell: bool, line_number: int, shell: Any, magics: FuseMagics
) -> tuple[str, list[str]]:
    """The end of ``before`` that is completed, and what it may become."""
    if (status := _STATUS.match(before)) is not None:
        return _status(status["words"].split(), status["typed"], magics)
    line = _LINE.match(before)
    if line is None and not in_cell:
        return "", []
    _, braces, expression = before.rpartition("{{")
    if braces and "}}" not in expression:
        return _names(expression, shell)
    if line is None or (in_cell and line_number > 0):
        return "", []
    return _options(line["typed"], shell, magics)


def _status(words: list[str], typed: str, magics: FuseMagics) -> tuple[str, list[str]]:
    from .status import ALL, WORDS

    running = [str(run.number) for run in magics.runs.running]
    after: dict[tuple[str, ...], Iterable[str]] = {(): WORDS, ("cancel",): [*running, ALL]}
    return typed, _starting(typed, after.get(tuple(words), ()))


def _names(expression: str, shell: Any) -> tuple[str, list[str]]:
    found = _NAME.search(expression)
    typed = found[0] if found else ""
    if "." in typed:
        return typed, [str(match) for match in shell.Completer.attr_matches(typed)]
    hidden = typed.startswith("_")
    names = (n for n in shell.user_ns if hidden or not n.startswith("_"))
    return typed, _starting(typed, sorted(n for n in names if n not in shell.user_ns_hidden))


def _options(typed: str, shell: Any, magics: FuseMagics) -> tuple[str, list[str]]:
    words = WORD.findall(typed)
    last = words.pop() if words and not typed[-1].isspace() else ""
    flags = flags_of(magic_parser())
    option = None  # the flag that stands before, if it has no value yet
    for word in words:
        if option is not None and takes(option, word):
            option = None
        elif not word.startswith("-"):
            return "", []  # the prompt has begun
        else:
            option = flags.get(word)
    if option is not None and takes(option, last):
        return _value(option, last, shell, magics)
    flag, equals, value = last.partition("=")
    if equals and flag in flags:
        return _value(flags[flag], value, shell, magics)
    if last.startswith("-"):
        return last, _starting(last, (f for f in flags if f.startswith("--")))
    return last, [] if last else [f for f in flags if f.startswith("--")]


def _value(option: Action, typed: str, shell: Any, magics: FuseMagics) -> tuple[str, list[str]]:
    if (words := getattr(option.type, "words", None)) is not None:
        return typed, _starting(typed, words())
    if option.dest in ("pool", "judge", "jury"):
        typed = typed.rpartition(",")[2]
        return typed, _starting(typed, personas() if option.dest == "jury" else members(magics))
    if option.dest == "read":
        return typed, _starting(typed, readers(shell))
    if option.dest == "continue_":
        return typed, _starting(typed, fusions(shell))
    return typed, []


def personas() -> list[str]:
    """The personas that ship."""
    from ..judges import PERSONAS

    return list(PERSONAS)


def readers(shell: Any) -> list[str]:
    """How a final answer may be read: the words, then the notebook's functions."""
    from ..answers import READERS

    own = [name for name, value in _own(shell) if isinstance(value, FunctionType)]
    return [*READERS, "json:", *own]


def fusions(shell: Any) -> list[str]:
    """The names of the notebook's fusions."""
    from ..types import Fusion

    return [name for name, value in _own(shell) if isinstance(value, Fusion)]


def _own(shell: Any) -> list[tuple[str, Any]]:
    """What the user named, in alphabetical order."""
    names = (name for name in shell.user_ns if name not in shell.user_ns_hidden)
    return [(name, shell.user_ns[name]) for name in sorted(names) if not name.startswith("_")]


def members(magics: FuseMagics) -> list[str]:
    """Member names that can be written at once, then the engines that want a model's name."""
    from ..backends import BACKENDS
    from ..backends.scripted import SCRIPTS
    from ..tiny import NAMES

    named = [f"tiny:{name}" for name in NAMES] + [f"scripted:{name}" for name in SCRIPTS]
    engines = [f"{word}:" for word in BACKENDS if word not in ("tiny", "scripted")]
    own = magics.pool.split(",") if isinstance(magics.pool, str) else magics.pool
    return list(dict.fromkeys([*filter(None, own), *named, *engines]))


def _starting(typed: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(typed)]
