"""What was done as code: the cell or the call that asks the same again, and the table as shown.

Everything that goes into code comes out as the literal it was: a saved fusion may have been
written by anyone, and its code is copied into a cell and run.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import READERS
from ..errors import UsageError, did_you_mean
from ..types import Fusion, Prompt
from ._python import Code, call, laid_out, quoted
from ._words import clean

# Every option of fuse() that asks for something, with its flag, in the order to write them.
_FLAGS = {
    "pool": "-p",
    "judge": "-j",
    "mode": "-m",
    "protocol": "--protocol",
    "rubric": "--rubric",
    "jury": "--jury",
    "aggregate": "--aggregate",
    "rounds": "--rounds",
    "read": "--read",
    "early_stop": "--early-stop",
    "samples": "-n",
    "system": "--system",
    "temperature": "--temperature",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "seed": "--seed",
    "deadline": "--deadline",
    "quorum": "--quorum",
    "budget": "--budget",
    "escalate": "--escalate",
    "blind": "--blind",
}
_UNNAMED = "read_answer"


def code(fusion: Fusion, kind: str = "magic") -> str:
    """:func:`as_magic` or :func:`as_python`, by the word for it.

    Raises
    ------
    UsageError
        If ``kind`` is neither ``magic`` nor ``python``.
    """
    kinds = {"magic": as_magic, "python": as_python}
    if kind not in kinds:
        hint = f"{did_you_mean(kind, kinds)}There is: {', '.join(kinds)}"
        raise UsageError(f"There is no code {kind!r}.", hint)
    return kinds[kind](fusion)


def as_magic(fusion: Fusion) -> str:
    """The ``%%fuse`` cell that asks the same again.

    It names what differs from the defaults of ``fuse()``; the notebook's own (``%config
    FuseMagics``) go for it as for every cell. What no such cell can say is said in Python
    (:func:`as_python`): a conversation, a text with line ends as an option, a function without a
    name, a list of members of which one has a comma.
    """
    prompt, options = _asked(fusion)
    words = [_word(name, value) for name, value in options.items()]
    if not isinstance(prompt, str) or None in words:
        return as_python(fusion)
    return f"{' '.join(['%%fuse', *map(str, words)])}\n{_body(prompt)}"


def as_python(fusion: Fusion) -> str:
    """The call of ``fuse()`` that asks the same again, with its import.

    A conversation that was continued stands in it as a whole. A function that read the answers is
    named, for it is the notebook's own.
    """
    prompt, options = _asked(fusion)
    names = "fuse" if isinstance(prompt, str) else "Message, Prompt, fuse"
    lines = [f"from fusion_magics import {names}", ""]
    if (function := _function(options.get("read"))) is not None:
        options["read"] = Code(function)
        lines.append(f"# {function}: your function that reads the final answer of a text")
    return "\n".join([*lines, laid_out(call("fusion = await fuse", prompt, **options))])


def _asked(fusion: Fusion) -> tuple[str | Prompt, dict[str, Any]]:
    """The arguments that ask the same; the prompt as text, if it is one question."""
    options = {name: fusion.options[name] for name in _FLAGS if name in fusion.options}
    options.pop("system", None)  # the prompt has it, and what was continued
    match [(message.role, message.content) for message in fusion.prompt.messages]:
        case [("user", text)]:
            return text, options
        case [("system", system), ("user", text)] if system:
            options["system"] = system
            return text, {name: options[name] for name in _FLAGS if name in options}
    return fusion.prompt, options


def _function(read: Any) -> str | None:
    """The name for a reader that is a function; None: it is a word, or there is none."""
    if not isinstance(read, Mapping):
        return None
    name = str(read.get("function"))
    return name if _is_name(name) else _UNNAMED


def _is_name(text: str) -> bool:
    return text.isidentifier() and text.isascii() and not keyword.iskeyword(text)


# ── a magic's line ───────────────────────────────────────────────────────────────────────────

# One word of the line as it is: what stands in double quotes in its middle may have blanks.
_BARE = re.compile(r"""[^\s"'{](?:"[^"{]*"|[^\s"'{])*""")


def _word(name: str, value: Any) -> str | None:
    """``--flag value``; None where the line cannot say it."""
    flag = _FLAGS[name]
    if name in ("escalate", "blind") or (name == "early_stop" and value is True):
        return flag
    if isinstance(value, Mapping):
        function = str(value.get("function"))
        return f"{flag} {function}" if _is_name(function) and function not in READERS else None
    if isinstance(value, list):
        if name != "jury" and not all(map(_stays_one, value)):
            return None
        value = ",".join(map(str, value))
    if not isinstance(value, str | int | float):
        return None
    text = value if isinstance(value, str) else repr(+value)
    # The magic reads a comma at the end as a slip, and argparse drops a lone --.
    open_end = name in ("pool", "judge", "jury") and text.endswith(",")
    return None if open_end or text == "--" or "\n" in text else f"{flag} {_argument(text)}"


def _stays_one(name: Any) -> bool:
    """Whether a member's name is the same one between commas."""
    whole = re.fullmatch(r'(?:[^",]|"[^"]*")+', name) if isinstance(name, str) else None
    return whole is not None and name == name.strip()


def _argument(text: str) -> str:
    """``text`` as one word, in quotes if it needs them; as an expression where they do not do."""
    if text.isprintable() and _BARE.fullmatch(text):
        return text
    if text.isprintable() and "{{" not in text:
        for quote in ('"', "'"):
            if quote not in text:
                return f"{quote}{text}{quote}"
    literal = quoted(text).replace("}", r"\x7d")
    return f"{{{{{literal}}}}}"


# ── a magic's prompt ─────────────────────────────────────────────────────────────────────────

# What would not arrive as it is: what fill() reads, what is stripped from both ends, the lone ; of
# a silent cell, lines of nothing but blanks (IPython removes those) and the prompts of consoles
# (IPython takes them for pasted ones, and off).
_CHANGED = r"""
    \{\{+ | \A\s+ | \s+\Z | (?:\A|(?<=\s));\Z | ^[^\S\n]+$
    | ^[^\S\n]*(?:>>>|\.\.\.|\[(?:nav|ins)\]|In[ ]\[)
"""


def _body(prompt: str) -> str:
    """``prompt`` with all that would not arrive as it is as ``{{"…"}}``."""
    unseen = "".join(sorted(char for char in set(prompt) if clean(char) != char))
    pattern = f"{_CHANGED} | [{re.escape(unseen)}]+" if unseen else _CHANGED
    return re.sub(
        pattern, lambda found: f"{{{{{quoted(found[0])}}}}}", prompt, flags=re.VERBOSE | re.M
    )


# ── the table ────────────────────────────────────────────────────────────────────────────────


def table_code(
    name: str,
    *,
    sort: str | None = None,
    ascending: bool = True,
    search: str = "",
    members: Sequence[str] | None = None,
) -> str:
    """The pandas code that gives the rows of the table as they are shown.

    Parameters
    ----------
    name : str
        The variable that holds the fusion.
    sort : str, optional
        A column of ``fusion.to_frame()``: numbers by value, texts by their case-folded letters,
        nothing last in both directions, equals in the order of the table. Default: the table's
        own order, the best first.
    ascending : bool
        False turns ``sort`` round.
    search : str
        Rows that have it in member, text or rationale: plain text, whatever its case.
    members : sequence of str, optional
        Only the rows of these.

    Raises
    ------
    UsageError
        If ``name`` cannot be a variable's.
    """
    order = call(f"table = {_variable(name)}.to_frame().sort_values", ["rank", "best"], **_ORDER)
    steps = [order]
    if sort is not None:
        folded = {"key": _FOLDED} if sort in _TEXTS else {}
        how = {"ascending": ascending, "kind": "stable", **folded}
        steps.append(call("table = table.sort_values", sort, **how))
    if members is not None:
        kept = call('table["member"].isin', list(members))
        steps.append(Code("table = table[", (kept,), "]"))
    if search:
        has = call("lambda text: text.str.contains", search, case=False, regex=False, na=False)
        texts = 'table[["member", "text", "rationale"]].astype("string")'
        kept = Code("table = table[found.astype(bool).any(axis=1)]")
        steps += [call(f"found = {texts}.apply", has), kept]
    return "\n".join((*map(laid_out, steps), "table"))


_ORDER = {"ascending": [True, False]}
_FOLDED = Code('lambda text: text.astype("string").str.casefold()')
_TEXTS = ("member", "text", "rationale", "finish_reason", "failure", "judge_error")


def call_code(name: str, method: str, *arguments: str | int) -> str:
    """``NAME.method("argument", …)``: what a click did, such as ``fusion.cast_vote("A")``.

    Raises
    ------
    UsageError
        If ``name`` or ``method`` cannot be a name.
    """
    return laid_out(call(f"{_variable(name)}.{_variable(method)}", *arguments))


def _variable(name: str) -> str:
    if _is_name(name):
        return name
    raise UsageError(f"{name!r} is no name in Python.", "Give letters, digits and _.")
