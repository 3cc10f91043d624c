"""The user's own vote, in words, beside the judge's."""

from __future__ import annotations

from collections.abc import Iterator

from ...own_vote import compare_vote
from ...types import Fusion, Judgment
from .rows import VOTED
from .texts import one_line


def own_vote(fusion: Fusion) -> str:
    """``your vote: tiny:sums; the judge chose tiny:words; 3 of 5 jurors agree with you``.

    Nothing where none was cast.
    """
    return "; ".join(_parts(fusion))


def _parts(fusion: Fusion) -> Iterator[str]:
    vote, judgment = fusion.vote, fusion.judgment
    if vote is None:
        return
    said = f"{VOTED}{', cast blind' if vote.blind else ''}: {_member(fusion, vote.candidate)}"
    agrees, jurors = compare_vote(fusion, vote.candidate)
    if judgment is None or agrees is None or not judgment.decided:
        yield said
    elif judgment.best == vote.candidate:
        yield f"{said}, as {_who(judgment)}"
    elif agrees:
        yield f"{said}; {_who(judgment)} puts it at the top, too"
    else:
        yield f"{said}; {_who(judgment)} chose {_member(fusion, judgment.best)}"
    heard = [one for one in jurors.values() if one is not None]
    if heard:
        yield f"{sum(heard)} of {len(heard)} jurors agree with you"


def _who(judgment: Judgment) -> str:
    if judgment.panel is not None:
        return "the jury"
    return "the majority" if judgment.protocol == "vote" else "the judge"


def _member(fusion: Fusion, index: int) -> str:
    return one_line(fusion.candidates[index].member)
