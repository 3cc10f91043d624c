"""Who agrees with whom, as a table whose cells are shaded, and as a frame of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..answers import similarity as similarity_of
from ..records import pandas_for
from ..types import Fusion
from . import _words as words
from ._html import esc, name

if TYPE_CHECKING:
    import pandas as pd


def similarity(fusion: Fusion, read: str | Callable[[str], str | None] = "auto") -> pd.DataFrame:
    """How much alike each two candidates are, 0 to 1: members by members, in pool order.

    See :func:`fusion_magics.answers.similarity.similarity` for what the numbers are.

    Parameters
    ----------
    read : str or callable
        How final answers are read, as in :func:`fusion_magics.fuse`; ``auto`` takes no mere last
        line for one.

    Raises
    ------
    UsageError
        If there is no such reader, or pandas is missing.
    """
    pd = pandas_for("similarity()")
    members = [candidate.member for candidate in fusion.candidates]
    matrix = similarity_of([c.text for c in fusion.candidates], words.answer_reader(read))
    return pd.DataFrame(matrix, index=members, columns=members, dtype=float)


def agreement_panel(fusion: Fusion, read: str | Callable[[str], str | None] = "auto") -> str:
    """The candidates' agreement, and below it the jurors', as HTML to stand within a view.

    Raises
    ------
    UsageError
        If there is no such reader.
    """
    found = (words.agreement(fusion, read), words.jurors_agreement(fusion))
    maps = "".join(_heat(each) for each in found if each is not None and each.names)
    return f'<div class="fz-g">{maps}</div>'


def _heat(found: words.Agreement) -> str:
    heads = "".join(
        f'<th scope="col">{i}<span class="fz-sr"> {name(label)}</span></th>'
        for i, label in enumerate(found.names, 1)
    )
    body = "".join(_row(found, i) for i in range(len(found.names)))
    # What can be scrolled can be reached by keyboard.
    return (
        f'<div role="group" aria-label="{esc(found.title)}" tabindex="0">'
        f"<table><caption>{esc(found.title)}</caption>"
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        f"<p>{esc(found.legend)}</p>"
    )


def _row(found: words.Agreement, i: int) -> str:
    cells = "".join(
        f'<td style="--share:{share or 0:.2f}">{written}</td>'
        for share, written in zip(found.shares[i], found.written[i], strict=True)
    )
    return f'<tr><th scope="row"><b>{i + 1}</b> {name(found.names[i])}</th>{cells}</tr>'
