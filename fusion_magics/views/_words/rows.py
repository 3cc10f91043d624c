"""The rows of the candidates' table, and the numbers by which everything else names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ...types import Candidate, Failure, Fusion, Verdict
from .texts import one_line

_TOO_LATE = "came after the pool had stopped waiting, and took no part"
OWN = "[own]"
VOTED = "your vote"


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate with what the judge says of it.

    Attributes
    ----------
    number : str
        Its place in the table, or its rank.
    standing : str
        ``chosen``, ``late`` or nothing; ``late`` says why.
    vote : str
        ``your vote``, if it has the user's.
    split : str
        How a jury split on it, unless the judge's own words say so.
    critique, working : str
        Empty where they stand in a section of their own.
    index : int, optional
        Its place in ``fusion.candidates``; a late one has none.
    """

    candidate: Candidate
    verdict: Verdict | None
    number: str
    chosen: bool = False
    standing: str = ""
    split: str = ""
    critique: str = ""
    working: str = ""
    late: str = ""
    index: int | None = None
    vote: str = ""

    @property
    def unread(self) -> str:
        """Why there is no score, if the judge was asked for one."""
        return self.verdict.error if self.verdict else ""

    @property
    def explained(self) -> bool:
        """Whether there is any reason for its place."""
        said = self.verdict is not None and (self.verdict.rationale or self.verdict.error)
        return bool(said or self.working or self.late)

    @property
    def cut(self) -> str:
        """Says so if the answer was cut at its token limit."""
        tokens = self.candidate.usage.completion_tokens
        return f"cut at {tokens:,} tokens" if self.candidate.finish_reason == "length" else ""


def decided(fusion: Fusion) -> bool:
    """Whether ``fusion.text`` is an answer, be it an empty one; after Stop there is none."""
    return bool(fusion.text) or (fusion.judgment is not None and fusion.judgment.decided)


_NO_FAULT = {"cancelled": "stopped", "late": "late"}


def broke(failure: Failure) -> bool:
    """Whether something went wrong: one that was stopped, or not waited for, did nothing wrong."""
    return failure.kind not in _NO_FAULT


def failed(failure: Failure) -> str:
    """``failed: out-of-memory``, ``stopped``, ``late``."""
    if not broke(failure):
        return _NO_FAULT[failure.kind]
    kind = one_line(failure.kind)
    return "failed" if kind in ("", "failed") else f"failed: {kind}"


def rows(fusion: Fusion) -> list[Row]:
    """One row per candidate, the best first; in pool order where nothing was compared.

    Answers that came too late follow.
    """
    rows = [_row(fusion, i, place) for place, i in enumerate(_order(fusion), 1)]
    why = {f.member: f.message for f in fusion.failures}
    late = ((c, why.get(c.member) or _TOO_LATE) for c in fusion.late)
    return rows + [Row(c, None, "–", standing="late", late=reason) for c, reason in late]


def lost(fusion: Fusion) -> list[Failure]:
    """The failures, but for members whose answer came after all: theirs is a row of its own."""
    late = {c.member for c in fusion.late}
    return [f for f in fusion.failures if f.member not in late]


def _order(fusion: Fusion) -> list[int]:
    """The candidates' indices in the order of their rows."""
    judgment, indices = fusion.judgment, range(len(fusion.candidates))
    if judgment is None:
        return list(indices)
    ranks = {v.candidate: v.rank for v in judgment.verdicts}
    return sorted(indices, key=lambda i: (ranks.get(i, len(ranks) + 1), i != judgment.best, i))


def _row(fusion: Fusion, index: int, place: int) -> Row:
    judgment = fusion.judgment
    verdicts = judgment.verdicts if judgment else ()
    verdict = next((v for v in verdicts if v.candidate == index), None)
    number = str(place) if _numbered(fusion) else _rank(fusion, verdict)
    chosen = index == _chosen(fusion)
    standing = "chosen" if chosen and judgment else ""
    candidate, split = fusion.candidates[index], _split(fusion, index)
    if verdict and split in verdict.rationale:
        split = ""
    critique = "" if fusion.rounds else candidate.critique
    compared = judgment is not None and judgment.comparisons
    working = verdict.working if verdict and not compared else ""
    vote = VOTED if fusion.vote and fusion.vote.candidate == index else ""
    return Row(
        candidate,
        verdict,
        number,
        chosen,
        standing,
        split,
        critique,
        working,
        index=index,
        vote=vote,
    )


def _numbered(fusion: Fusion) -> bool:
    """Whether rows have plain numbers, because passages or an analysis name them."""
    return bool(fusion.passages or (fusion.judgment and fusion.judgment.analysis))


def _rank(fusion: Fusion, verdict: Verdict | None) -> str:
    judgment = fusion.judgment
    if judgment is None:
        return "–" if _chosen(fusion) is None else "1"
    if verdict is None or verdict.error or not judgment.decided:
        return "–"
    sharing = Counter(v.rank for v in judgment.verdicts)
    return ("=" if sharing[verdict.rank] > 1 else "") + str(verdict.rank)


def _chosen(fusion: Fusion) -> int | None:
    """The candidate whose words the answer is in; None: it is in nobody's, or there is none."""
    judgment = fusion.judgment
    if fusion.passages:
        return None
    if judgment is None:
        return 0 if len(fusion.candidates) == 1 and decided(fusion) else None
    return judgment.best if judgment.decided else None


def _split(fusion: Fusion, index: int) -> str:
    """``4 of 5 ship``: how the jury split on one candidate."""
    panel = fusion.judgment.panel if fusion.judgment else None
    if panel is None or panel.of_answer:
        return ""
    said = [b.ship for b in panel.ballots if b.candidate == index]
    given = [ship for ship in said if ship is not None]
    if not said:
        return ""
    return f"{sum(given)} of {len(given)} ship" if given else "no ballot"


def numbers(fusion: Fusion) -> dict[int, int]:
    """Candidate's index → the number of its row."""
    return {index: place for place, index in enumerate(_order(fusion), 1)}


def cited(candidates: Iterable[int], places: dict[int, int]) -> str:
    """``[1 3]``: the rows that something rests on; ``[own]`` where it rests on none."""
    found = sorted({places[i] for i in candidates})
    return f"[{' '.join(map(str, found))}]" if found else OWN
