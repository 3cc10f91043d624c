"""The user's yes, where something needs it."""

from __future__ import annotations

from ..errors import UsageError
from ..hub import told
from ..hub.download import Listing
from ..text import printable
from .naming import Wanted

# What licences that forbid commercial use are called on the hub.
_NON_COMMERCIAL = ("-nc", "non-commercial", "noncommercial", "research", "mrl", "mnpl")


def agree_to_licence(model: Wanted, source: Listing, yes: bool) -> None:
    """Nothing, if the licence is an open one, or the user says yes to it.

    Raises
    ------
    UsageError
        If the user says no, or nobody can be asked.
    """
    terms = _terms(model, source)
    if not terms or yes:
        return
    licence = model.entry.licence if model.entry else source.licence or "a licence of its own"
    page = told.page(model.entry.model if model.entry else source.repo)
    agree(
        printable(f"{model.name} is under the {licence}, {terms}: {page}"),
        "Download it?",
        f"{model.name} was not downloaded.",
    )


def agree(what: str, question: str, refused: str) -> None:
    """Nothing, if the user says yes to ``question`` about ``what``.

    Raises
    ------
    UsageError
        ``refused``, if the user says no; ``what``, if nobody can be asked.
    """
    try:
        answer = input(f"{what}\n{question} [y/N] ")
    except (EOFError, OSError, NotImplementedError):
        raise UsageError(what, "If you agree, say so: --yes (in Python yes=True)") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise UsageError(refused, "Nothing was changed.")


def _terms(model: Wanted, source: Listing) -> str:
    known, licence = model.entry.terms if model.entry else "", source.licence.lower()
    if known == "non-commercial" or any(word in licence for word in _NON_COMMERCIAL):
        return "which forbids commercial use"
    if known == "gated" or source.gated:
        return "which its owners want to be accepted first"
    return ""
