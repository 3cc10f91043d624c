"""By what a judge judges: a few named criteria, shipped or the user's own.

The shipped ones are text files beside this one, in the form in which a user writes one: a line per
criterion, ``name: description`` or ``name (weight): description``.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...asking import Asking
from ...errors import UsageError, did_you_mean
from ...text import printable, sendable
from ..own_text import file_named, read_file

RUBRICS = ("general", "correctness", "code-review", "creative-brief", "safety")
"""The shipped rubrics, the default first."""

OWN = "own"
"""The name of a rubric that was given as text."""

_HERE = Path(__file__).parent
_MOST_CRITERIA = 12  # each costs the judge a reason of its own
_LONGEST_NAME = 40
_FORM = "Write one criterion per line: name: description, or name (weight): description."
_LINE = re.compile(r"(?P<name>[^:(]+)(?:\((?P<weight>[^)]*)\)\s*)?(?::(?P<says>.*))?")
_MARKDOWN = re.compile(r"^[-*+]\s+|[*_]{2,}")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing to judge by; ``weight`` is its share in the whole score, against the others'."""

    name: str
    description: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rubric:
    """Criteria with names of their own, at least one."""

    name: str
    criteria: tuple[Criterion, ...]

    def __str__(self) -> str:
        """One line per criterion, as a judge reads them."""
        return "\n".join(_in_words(criterion) for criterion in self.criteria)


def _in_words(criterion: Criterion) -> str:
    counts = "" if criterion.weight == 1 else f" (counts {criterion.weight:g})"
    says = f": {criterion.description}" if criterion.description else ""
    return f"- {criterion.name}{counts}{says}"


def rubric_of(given: str) -> Rubric:
    """The rubric that a user means by ``given``.

    Parameters
    ----------
    given : str
        The name of a shipped rubric, the path of a ``.txt`` or ``.md`` file, or the criteria as
        text: one per line, or divided by semicolons; a sentence is one criterion.

    Raises
    ------
    UsageError
        If it is none of these; it names what is wrong.
    """
    word = given.strip()
    if word in RUBRICS:
        return _shipped(word)
    if path := file_named(word):
        return _parsed(path.stem, _text_of(path), f"The rubric {path}")
    if not re.search(r"[:;\n]", word):
        if len(word.split()) > 2:  # a sentence, not the name of a rubric
            return _parsed(OWN, f"{OWN}: {word}", "The rubric")
        hint = f"{did_you_mean(word, RUBRICS)}There is: {', '.join(RUBRICS)}. Or give criteria as "
        raise UsageError(f"There is no rubric {word!r}.", f"{hint}text: 'name: description; …'.")
    if "\n" not in word:  # a semicolon may also stand within a description
        word = re.sub(r";(?=[^;:]+:)" if ":" in word else ";", "\n", word)
    return _parsed(OWN, word, "The rubric")


def rubric_for(asking: Asking, rubric: Rubric | None) -> Rubric | None:
    """By what a model judges; None for the short wording, which is taught one thing only.

    A rubric that is given to it all the same is said to be ignored.
    """
    if asking.wording == "full":
        return rubric or rubric_of(RUBRICS[0])
    if rubric is not None:
        asking.notes.append(
            f"{asking.model.name} knows no rubrics, so {rubric.name!r} was not used: it only says "
            "whether an answer is right."
        )
    return None


@lru_cache
def _shipped(name: str) -> Rubric:
    return _parsed(name, _text_of(_HERE / f"{name}.txt"), f"The rubric {name}")


def _text_of(path: Path) -> str:
    return read_file(path, "The rubric", f"Check the file, or use: {', '.join(RUBRICS)}. {_FORM}")


def _parsed(name: str, text: str, where: str) -> Rubric:
    lines = (line.strip() for line in printable(sendable(text)).split("\n"))
    criteria = tuple(_criterion(line, where) for line in lines if line and line[0] != "#")
    names = Counter(criterion.name.casefold() for criterion in criteria)
    twice = [word for word, times in names.items() if times > 1]
    if twice:
        raise UsageError(f"{where} has the criterion {twice[0]!r} twice.", "Name each once.")
    if not 1 <= len(criteria) <= _MOST_CRITERIA:
        cure = f"Give 1 to {_MOST_CRITERIA}. {_FORM}"
        raise UsageError(f"{where} has {len(criteria)} criteria.", cure)
    return Rubric(name, criteria)


def _criterion(line: str, where: str) -> Criterion:
    found = _LINE.fullmatch(_MARKDOWN.sub("", line))
    name = found["name"].strip() if found else ""
    if found is None or not name or len(name) > _LONGEST_NAME or re.search(r'["\\]', name):
        raise UsageError(f"{where}: {line[:80]!r} is no criterion.", _FORM)
    return Criterion(name, (found["says"] or "").strip(), _weight(found["weight"], line, where))


def _weight(written: str | None, line: str, where: str) -> float:
    if written is None:
        return 1.0
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", written) or not float(written) > 0:
        cure = "Give a number above 0, and below 1000: name (2): description."
        raise UsageError(f"{where}: the weight in {line[:80]!r} is no such number.", cure)
    return float(written)
