"""The options of ``%%fuse`` and of ``python -m fusion_magics``: one table, one parser.

Errors are a :class:`~fusion_magics.errors.UsageError` with the nearest word there is, never an
exit and never a wall of usage.
"""

from __future__ import annotations

import argparse
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import zip_longest
from typing import Any, NoReturn

from ..errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Word:
    """An option's type: a key of ``module.table``, read when it is first needed."""

    what: str
    module: str
    table: str

    def words(self) -> list[str]:
        """The words there are."""
        return list(getattr(import_module(self.module, __package__), self.table))

    def __call__(self, text: str) -> str:
        if text in (words := self.words()):
            return text
        raise argparse.ArgumentTypeError(
            f"There is no {self.what} {text!r}.\n{did_you_mean(text, words)}"
            f"There is: {', '.join(words)}"
        )


@dataclass(frozen=True)
class Suggested(Word):
    """An option's type: such a key, or a text of the user's own."""

    def __call__(self, text: str) -> str:
        return text


@dataclass(frozen=True)
class Number:
    """An option's type: a number."""

    of: Callable[[str], float]

    def __call__(self, text: str) -> float:
        try:
            return self.of(text)
        except ValueError:
            kind = "a whole number" if self.of is int else "a number"
            raise argparse.ArgumentTypeError(f"cannot be {text!r}.\nGive {kind}.") from None


@dataclass(frozen=True)
class Switch:
    """An option's type: it stands alone, or has a value ``of`` this type.

    ``alone`` is what it means without one.
    """

    alone: object = True
    of: Callable[[str], object] | None = None


def probability(text: str) -> float:
    """An option's type: what a lead can be safe with."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0.5 < value < 1:
        return value
    raise argparse.ArgumentTypeError(f"cannot be {text!r}.\nGive a number between 0.5 and 1.")


def variable(text: str) -> str:
    """An option's type: the name of a Python variable."""
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    raise argparse.ArgumentTypeError(
        f"cannot be {text!r}.\nGive the name of a variable: letters, digits and _."
    )


def several(text: str) -> str:
    """An option's type: names. A list that ends in a comma lost its rest to the prompt."""
    if not text.endswith(","):
        return text
    raise argparse.ArgumentTypeError(
        f"ends in a comma: {text!r}.\nWrite the names without blanks, or in quotes."
    )


def amount(text: str) -> int:
    """An option's type: bytes, written ``20GB``."""
    from ..models import bytes_of

    try:
        return bytes_of(text)
    except UsageError as exc:
        raise argparse.ArgumentTypeError(f"cannot be {text!r}.\n{exc.hint}") from None


MODE = Word("mode", "..modes", "MODES")
PROTOCOL = Word("protocol", "..judges", "JUDGES")
AGGREGATE = Word("aggregate", "..judges", "AGGREGATES")
RUBRIC = Suggested("rubric", "..judges", "RUBRICS")
VIEW = Word("view", "..views", "VIEWS")

Option = tuple[tuple[str, ...], Callable[[str], Any] | Switch, str | None, str]

_JUDGE: Option = (
    ("-j", "--judge"),
    several,
    "JUDGE",
    "who compares; several are a jury (tiny:judge)",
)
_ASKING: tuple[Option, ...] = (
    (
        ("-p", "--pool"),
        several,
        "POOL",
        "members to ask: engine:model,… or a saved pool (default: tiny)",
    ),
    _JUDGE,
    (
        ("-m", "--mode"),
        MODE,
        "MODE",
        "best-of: the judge's choice (default); merge: one answer written from all; "
        "debate: members revise, the judge decides; vote: the majority",
    ),
    (
        ("--protocol",),
        PROTOCOL,
        "PROTOCOL",
        "how the judge compares: pointwise (default), pairwise, listwise",
    ),
    (("--rubric",), RUBRIC, "RUBRIC", "by what: general (default), correctness, …, or your own"),
    (("--jury",), several, "PERSONAS", "of the judges, such as builder,skeptic, or a file of them"),
    (("--aggregate",), AGGREGATE, "HOW", "a jury's ballots: mean (default), majority, reliability"),
    (("--rounds",), Number(int), "N", "most rounds of a debate (default: 2)"),
    (
        ("--read",),
        str,
        "HOW",
        "the final answer: auto (default), number, letter, boxed, json:FIELD, text, judge, "
        "or the name of a function",
    ),
    (
        ("--early-stop",),
        Switch(0.95, probability),
        "P",
        "a vote asks no more once its lead is safe with probability P (alone: 0.95)",
    ),
    (("-n", "--samples"), Number(int), "N", "samples of every member (default: 1)"),
    (("--system",), str, "TEXT", "system message for every member"),
    (("--temperature",), Number(float), "T", "0 is greedy (default; several samples of one: 0.8)"),
    (("--top-p",), Number(float), "P", "nucleus sampling, above 0 and at most 1 (default: 1)"),
    (("--max-tokens",), Number(int), "N", "most tokens per answer (default: 512)"),
    (("--seed",), Number(int), "N", "of samplers, the judge's order and tie draws (default: 0)"),
    (("--deadline",), Number(float), "S", "stop waiting for members after S seconds"),
    (("--quorum",), Number(int), "N", "go on once N members have answered, and a short grace"),
    (("--budget",), str, "X", "hard cap over all calls: 0.05usd, 20000tok"),
    (("--escalate",), Switch(), None, "ask the first member; others only if it is unsure"),
    (("--dry-run",), Switch(), None, "show calls, tokens, cost and memory; ask nothing"),
)
# What only a notebook has: variables, and a later cell to vote in.
_IN_A_NOTEBOOK: tuple[Option, ...] = (
    (("--blind",), Switch(), None, "hide who wrote what until you have voted"),
    (("--continue",), variable, "NAME", "a follow-up to the Fusion NAME"),
    (("-o", "--out"), variable, "NAME", "also bind the Fusion to NAME"),
    (("--bg",), Switch(), None, "run in the background: other cells run, the value can be awaited"),
)
_FETCHING: tuple[Option, ...] = (
    (("-y", "--yes"), Switch(), None, "agree to what would be asked"),
    (("--disk",), amount, "SIZE", "leave so much of the disk free: 20GB (default: 5GB)"),
)
_SHOWING: tuple[Option, ...] = ((("--view",), VIEW, "VIEW", "live (default), table, text"),)


class _Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` whose errors are a ``UsageError``."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:] + ".", f"See the help of {self.prog}.")


@cache
def magic_parser() -> argparse.ArgumentParser:
    """The options of ``%%fuse`` and ``%fuse``; the prompt is no part of it."""
    parser = _Parser("%fuse", add_help=False, allow_abbrev=False, exit_on_error=False)
    _add_options(parser, (*_ASKING, *_IN_A_NOTEBOOK, *_SHOWING))
    return parser


@cache
def command_parser() -> argparse.ArgumentParser:
    """The same options for ``python -m fusion_magics``; here the prompt is an argument."""
    parser = _Parser(
        "python -m fusion_magics",
        description="Ask a pool of models at once; a judge compares the answers.",
        allow_abbrev=False,
        exit_on_error=False,
    )
    parser.add_argument("prompt", nargs="*", help="the question")
    _add_options(parser, (*_ASKING, *_SHOWING))
    return parser


@cache
def pool_parser() -> argparse.ArgumentParser:
    """The options of ``%fuse_pool save``."""
    parser = _Parser("%fuse_pool", add_help=False, allow_abbrev=False, exit_on_error=False)
    _add_options(parser, (_JUDGE,))
    return parser


@cache
def models_parser() -> argparse.ArgumentParser:
    """The options of ``%fuse_models pull`` and ``remove``."""
    parser = _Parser("%fuse_models", add_help=False, allow_abbrev=False, exit_on_error=False)
    _add_options(parser, _FETCHING)
    return parser


def _add_options(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    for flags, kind, metavar, what in options:
        name = flags[-1].lstrip("-").replace("-", "_")
        dest = f"{name}_" if keyword.iskeyword(name) else name
        if not isinstance(kind, Switch):
            parser.add_argument(*flags, dest=dest, type=kind, metavar=metavar, help=what)
        elif kind.of is None:
            parser.add_argument(*flags, action="store_const", const=kind.alone, help=what)
        else:
            parser.add_argument(
                *flags, nargs="?", const=kind.alone, type=kind.of, metavar=metavar, help=what
            )


def takes(option: argparse.Action, word: str) -> bool:
    """Whether ``word`` behind ``option`` is its value."""
    if option.nargs != "?":
        return option.nargs != 0
    try:
        option.type(word)  # type: ignore[operator, misc]
    except argparse.ArgumentTypeError:
        return False
    return True


def flags_of(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Flag → option, for completion and for tests of the documentation."""
    return {flag: action for action in parser._actions for flag in action.option_strings}


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> dict[str, Any]:
    """The options in ``words``; those that were not given are left out.

    Raises
    ------
    UsageError
        For an option that does not exist, one without its value, and a value that cannot be.
    """
    try:
        parsed, unknown = parser.parse_known_args(list(_explicit(words, flags_of(parser))))
    except argparse.ArgumentError as exc:
        raise _explained(exc) from None
    given = {name: value for name, value in vars(parsed).items() if value is not None}
    for word in unknown:
        if word.startswith("-"):
            raise _unknown(word, parser)
        given["prompt"].append(word)  # argparse takes them up to the next option only
    return given


def _explicit(words: Sequence[str], flags: Mapping[str, argparse.Action]) -> Iterator[str]:
    """``words``, with a value for each option that may stand alone: argparse would take the prompt
    for it.
    """
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        option = flags.get(word)
        if option is not None and option.nargs == "?" and not takes(option, after):
            yield f"{word}={option.const}"
        else:
            yield word


def _explained(exc: argparse.ArgumentError) -> UsageError:
    option = (exc.argument_name or "").split("/")[-1]
    if exc.message == "expected one argument":
        return UsageError(f"{option} has no value.", f"Write it behind: {option} VALUE")
    if exc.message.startswith("ignored explicit argument"):
        return UsageError(f"{option} takes no value.", f"Write it alone: {option}")
    message, _, hint = exc.message.partition("\n")
    # A message in lower case says what is wrong with the option; others are whole sentences.
    return UsageError(f"{option} {message}" if message[0].islower() else message, hint)


def _unknown(word: str, parser: argparse.ArgumentParser) -> UsageError:
    flag, flags = word.split("=")[0], flags_of(parser)
    if flag in ("-h", "--help"):
        return UsageError(f"{flag} is no option of a magic.", f"Write: {parser.prog}?")
    long = ", ".join(f for f in flags if f.startswith("--"))
    return UsageError(f"There is no option {flag}.", f"{did_you_mean(flag, flags)}Options: {long}")


# A word runs to the next blank outside quotes and {{…}}. Quotes in its middle protect blanks and
# stay (tiny:sums@system="Be brief, please."); quotes around a whole value are taken off.
_FLAG = re.compile(r"--?(?![\d.])[^\s-]|--$")
WORD = re.compile(r"""(?:\{\{.*?\}\}|"[^"]*"|'[^']*'|\S)+""")


def split_line(line: str, parser: argparse.ArgumentParser | None = None) -> tuple[list[str], str]:
    """The options at the start of ``line``, each as ``flag=value``, and the text behind them.

    Options end at the first word that is neither a flag nor a flag's value, or at ``--``.

    Raises
    ------
    UsageError
        For a value whose quote is never closed.
    """
    flags = flags_of(parser or magic_parser())
    words: list[str] = []
    at = 0
    while (match := WORD.search(line, at)) and _FLAG.match(match[0]):
        at = match.end()
        if match[0] == "--":
            break
        flag, equals, value = match[0].partition("=")
        following = WORD.search(line, at)
        if not equals and following and flag in flags and takes(flags[flag], following[0]):
            at, equals, value = following.end(), "=", following[0]
        words.append(flag + equals + unquoted(flag, value))
    return words, line[at:].strip()


def words_and_options(
    text: str, parser: argparse.ArgumentParser, where: str
) -> tuple[list[str], dict[str, Any]]:
    """The words in ``text``, which stands behind ``where``, and the options between them.

    Raises
    ------
    UsageError
        For an option that does not exist, and a quote that is never closed.
    """
    options: list[str] = []
    words: list[str] = []
    while text:
        more, text = split_line(text, parser)
        options += more
        if word := WORD.match(text):
            words.append(unquoted(where, word[0]))
            text = text[word.end() :].strip()
    return words, parse(parser, options)


def unquoted(flag: str, value: str) -> str:
    """``value``, which stands behind ``flag``, without the quotes around all of it.

    Raises
    ------
    UsageError
        For a quote that is never closed.
    """
    if value[:1] not in ('"', "'"):
        return value
    if len(value) < 2 or value[-1] != value[0]:
        raise UsageError(f"The quote {value[0]} behind {flag} is never closed.", "Close it.")
    return value[1:-1]
