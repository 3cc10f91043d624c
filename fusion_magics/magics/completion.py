"""Tab in a ``%fuse`` line or a ``%%fuse`` cell: options, their values, and names inside ``{{``.

And in ``%fuse_pool``, ``%fuse_models`` and ``%fuse_status``: what they can do, and with what.
"""

# mypy: disallow-untyped-decorators=False
# (IPython's decorators have no types of their own.)

from __future__ import annotations

import re
from argparse import Action
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .awaiting import MAGIC
from .options import WORD, flags_of, magic_parser, models_parser, pool_parser, takes

if TYPE_CHECKING:
    from .fuse import FuseMagics

Matcher = Callable[[Any], Any]

_CELL = re.compile(r"\s*%%fuse\b")
_LINE = re.compile(r"\s*(?:[\w.\[\], ]+=\s*)?%%?(?P<magic>fuse\w*)[ \t]+(?P<typed>.*)", re.DOTALL)
_NAME = re.compile(r"[^\W\d]\w*(?:\.\w*)*$|$")
_QUOTED = re.compile(r'"[^"]*"')


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
    line = _LINE.match(before)
    if line is None and not in_cell:
        return "", []
    if line is not None and line["magic"] != MAGIC and not in_cell:
        return _beside(line["magic"], line["typed"], magics)
    _, braces, expression = before.rpartition("{{")
    if braces and "}}" not in expression:
        return _names(expression, shell)
    if line is None or (in_cell and line_number > 0):
        return "", []
    return _options(line["typed"], shell, magics)


def _names(expression: str, shell: Any) -> tuple[str, list[str]]:
    found = _NAME.search(expression)
    typed = found[0] if found else ""
    if "." in typed:
        return typed, [str(match) for match in shell.Completer.attr_matches(typed)]
    hidden = typed.startswith("_")
    names = (n for n in shell.user_ns if hidden or not n.startswith("_"))
    return typed, _starting(typed, sorted(n for n in names if n not in shell.user_ns_hidden))


def _split(typed: str) -> tuple[list[str], str]:
    """The words that are complete, and the one that is being typed."""
    words = WORD.findall(typed)
    last = words.pop() if words and not typed[-1].isspace() else ""
    return words, last


def _options(typed: str, shell: Any, magics: FuseMagics) -> tuple[str, list[str]]:
    words, last = _split(typed)
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
    if option.dest == "pool":
        own = magics.pool.split(",") if isinstance(magics.pool, str) else magics.pool
        return _members(typed, [*filter(None, own), *pools(), *members()])
    if option.dest == "judge":
        return _members(typed, members(), judging=True)
    if option.dest == "jury":
        typed = typed.rpartition(",")[2]
        return typed, _starting(typed, personas())
    if option.dest == "read":
        return typed, _starting(typed, readers(shell))
    if option.dest == "continue_":
        return typed, _starting(typed, fusions(shell))
    return typed, []


def _members(typed: str, names: Iterable[str], judging: bool = False) -> tuple[str, list[str]]:
    """The last of the ``typed`` names: one of ``names``, or a setting of it, behind ``@``."""
    if typed[:1] in ("'", '"') and typed.count(typed[0]) == 1:
        typed = typed[1:]
    bare = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), typed)
    if '"' in bare:
        return "", []
    name = typed[bare.rfind(",") + 1 :].lstrip()
    start = bare.rfind("@", len(typed) - len(name)) + 1
    if not start:
        return name, _starting(name, dict.fromkeys([*names, *on_disk(name)]))
    return typed[start:], _starting(typed[start:], settings(name.partition(":")[0], judging))


# ── the magics beside %fuse ──────────────────────────────────────────────────────────────────


def _beside(magic: str, typed: str, magics: FuseMagics) -> tuple[str, list[str]]:
    from . import inventory, status
    from .pools import VERBS

    words, last = _split(typed)
    if magic == "fuse_pool":
        return _fuse_pool(words, last) if words else (last, _starting(last, VERBS))
    if magic == "fuse_models" and not words:
        return last, _starting(last, inventory.VERBS)
    if magic == "fuse_models":
        return last, _starting(last, _of_models(words, last))
    if magic == "fuse_status" and not words:
        return last, _starting(last, status.VERBS)
    if magic == "fuse_status" and words == ["cancel"]:
        return last, _starting(last, [*(str(r.number) for r in magics.runs.running), status.ALL])
    return "", []


def _of_models(words: list[str], last: str) -> list[str]:
    """What may stand behind ``%fuse_models`` and ``words``."""
    verb, *given = words
    if last.startswith("-") and verb in ("pull", "remove"):
        return [flag for flag in flags_of(models_parser()) if flag.startswith("--")]
    if any(not word.startswith("-") for word in given):
        return []
    offered: dict[str, Callable[[], list[str]]] = {
        "unload": loaded,
        "remove": downloaded,
        "show": lambda: catalogue(""),
        "pull": lambda: catalogue(last),
    }
    return offered[verb]() if verb in offered else []


def _fuse_pool(words: list[str], last: str) -> tuple[str, list[str]]:
    verb, *given = words
    if verb in ("show", "delete", "edit") and not given:
        return last, _starting(last, pools())
    if verb != "save":
        return "", []
    flags = flags_of(pool_parser())
    flag, equals, value = last.partition("=")
    if words[-1] in flags:
        return _members(last, members(), judging=True)
    if equals and flag in flags:
        return _members(value, members(), judging=True)
    if last.startswith("-"):
        return last, _starting(last, (f for f in flags if f.startswith("--")))
    if not given:
        return last, _starting(last, pools())
    return _members(last, [*pools(), *members()])


# ── what there is ────────────────────────────────────────────────────────────────────────────


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


def pools() -> list[str]:
    """The names of the saved pools; none where their file is damaged."""
    from ..errors import UsageError
    from ..pools import saved

    try:
        return list(saved())
    except UsageError:
        return []


def members() -> list[str]:
    """Member names that can be written at once, then the engines that want a model's name."""
    from ..backends import BACKENDS
    from ..backends.scripted import SCRIPTS
    from ..tiny import NAMES

    named = [f"tiny:{name}" for name in NAMES] + [f"scripted:{name}" for name in SCRIPTS]
    return [*named, *(f"{word}:" for word in BACKENDS if word not in ("tiny", "scripted"))]


def on_disk(typed: str) -> list[str]:
    """Names of models here, and the catalogue's, for a name that begins as one of such engines'."""
    engine, colon, model = typed.partition(":")
    if not colon or engine not in ("local", "llamacpp", "mlx"):
        return []
    from ..models import found

    here = [model.name for model in found() if not re.search(r"[,@\s*]", model.name)]
    return here if engine != "local" else [*here, *(f"local:{n}" for n in catalogue(model))]


def catalogue(typed: str) -> list[str]:
    """The catalogue's names; behind the colon of one, its quantisations."""
    from ..catalog import default_engine, entries

    name, colon, _ = typed.partition(":")
    known = entries()
    if not colon or name not in known:
        return list(known)
    return [f"{name}:{how}" for how in known[name].quantisations(default_engine())]


def downloaded() -> list[str]:
    """The names of the models that can be removed."""
    from ..models import removable

    return [model.name for model in removable()]


def settings(engine: str, judging: bool = False) -> list[str]:
    """What may be set of a model of ``engine``, as ``key=``; a judge has no sampling."""
    from ..backends import BACKENDS, settings_of
    from ..backends._settings import OF_EVERY_MEMBER

    own = settings_of(engine) if engine in BACKENDS else ()
    return [f"{key}=" for key in (*(() if judging else OF_EVERY_MEMBER), *own)]


def loaded() -> list[str]:
    """The names of the models in memory."""
    from ..local import loaded

    return [model.name for model in loaded()]


def _starting(typed: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(typed)]
