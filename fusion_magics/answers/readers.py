"""How the final answer is read from a text: the words a user types, or a function of the user's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..errors import UsageError, did_you_mean
from ..text import sendable
from .final import BOXED, comparable, final_answer, normalise

Read = Callable[[str], str]
"""A text → its final answer in the form in which it is compared; empty: it gives none."""

# A minus belongs to the number unless something stands before it: 8-5 ends in 5. What hangs on a
# letter is part of a name: H2O holds no number.
_NUMBER = re.compile(
    r"(?:(?<![\w)\]}.])[-+])?(?<![\w.])[$€£¥]?"
    r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
)
# A final answer that is a choice: alone, as in "(b)", or before its text, as in "B. Paris".
_CHOICE = re.compile(r"\W*([A-Ja-j])\W*|[\s*_(\[]*([A-Ja-j])[)\].:*_]+(?:\s.*)?", re.DOTALL)
# In running text "a" is an article and "I" the writer.
_STATED = re.compile(
    r"(?i:answer(?:\s+is)?[\s*_:]*(?:option|choice)?)[\s*_(\[\"'“]*([A-HJ]|I(?!\s+[a-z]))(?![\w'’])"
)
_STANDING = re.compile(r"(?<![\w'’])([B-HJ]|[AI](?!\s+[a-z])|(?<=\()[a-j](?=\)))(?![\w'’])")
# Characters from the end in which an object is looked for: a final answer stands there, and a long
# row of opened braces takes its time.
_OBJECT_WITHIN = 100_000


def number(text: str) -> str:
    """The last number in ``text``, normalised."""
    found = _NUMBER.findall(text.replace("−", "-"))
    return normalise(found[-1]) if found else ""


def letter(text: str) -> str:
    """The single choice of ``text``, a letter from A to J: ``(B)``, ``Answer: b``, ``B. Paris``.

    That of its final answer, or else the last letter that stands by itself.
    """
    choice = _CHOICE.fullmatch(final_answer(text))
    if choice:
        return str(choice[1] or choice[2]).lower()
    found = _STATED.findall(text) or _STANDING.findall(text)
    return str(found[-1]).lower() if found else ""


def boxed(text: str) -> str:
    r"""What the last ``\boxed{…}`` of ``text`` holds, normalised."""
    found = BOXED.findall(text)
    return normalise(found[-1]) if found else ""


def whole(text: str) -> str:
    """The whole of a short ``text``, normalised."""
    return normalise(text)


def by_meaning(text: str) -> str:
    """The whole of ``text``; ``vote`` has the judge group such texts by what they mean."""
    return whole(text)


def field(name: str, text: str) -> str:
    """The field ``name`` of the last JSON object in ``text``, normalised; empty if it has none."""
    value = None
    for found in _objects(text[-_OBJECT_WITHIN:]):
        value = found.get(name)
    if value is None:
        return ""
    return normalise(value if isinstance(value, str) else json.dumps(value, sort_keys=True))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    # Numbers stay as they are written: normalise() reads them exactly.
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    at = text.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(text, at)
            yield found
        except (ValueError, RecursionError):
            end = at + 1
        at = text.find("{", end)


READERS: dict[str, Read] = {
    "auto": comparable,
    "number": number,
    "letter": letter,
    "boxed": boxed,
    "text": whole,
    "judge": by_meaning,
}
"""Word → how the final answer is read. ``json:FIELD`` is one more for each field."""


def reader_of(reader: str | Callable[[str], str | None]) -> Read:
    """How the final answer is read.

    Parameters
    ----------
    reader : str or callable
        ``auto`` (the customs of models, see :func:`final_answer`), ``number`` (the last one),
        ``letter`` (the single choice, A to J), ``boxed`` (LaTeX), ``json:FIELD`` (of the last
        object in the text), ``text`` (all of it), ``judge`` (texts of one meaning are one answer),
        or a function that gives the final answer of a text, None or ``""`` if it has none.

    Raises
    ------
    UsageError
        For another word; and when a text is read, if the user's function raises, or gives
        something else than a text.
    """
    if callable(reader):
        return partial(_read_by_user, reader)
    kind, colon, name = str(reader).partition(":")
    if kind == "json" and name:
        return partial(field, name)
    if not colon and kind in READERS:
        return READERS[kind]
    words = (*READERS, "json:FIELD")
    raise UsageError(
        f"There is no reader {reader!r}.",
        f"{did_you_mean(str(reader), words)}There is: {', '.join(words)}, or a function of yours.",
    )


def _read_by_user(function: Callable[[str], str | None], text: str) -> str:
    name = getattr(function, "__name__", None) or repr(function)
    try:
        found = function(text)
    except Exception as exc:
        raise UsageError(
            f"The reader {name} failed: {type(exc).__name__}: {exc}",
            "It is given any text a model may write; return None where there is no answer.",
        ) from exc
    if not isinstance(found, str | None):
        raise UsageError(
            f"The reader {name} gave {found!r}, of type {type(found).__name__}.",
            "Return the final answer as a str, or None.",
        )
    return sendable(found or "")
