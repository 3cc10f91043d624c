"""A score read from the probabilities of its tokens: finer than the one token that was written.

The expected value over the score tokens (G-Eval, Liu et al. 2023): a model that hesitates between
4 and 5 says 4.5. The probabilities are those of the model itself, before any grammar that its
reply was held to, so those of the scores are scaled to add up to 1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import exp

from ..types import Candidate, TokenLogprob

_SPACE = " \t\n\r"
_PART = "\ufffd"  # in a token: some of the bytes of a character


def expected_value(
    reply: Candidate, path: Sequence[str], scale: Sequence[int], written: float
) -> float:
    """The expected value of the score at ``path`` in a reply's JSON.

    Parameters
    ----------
    reply : Candidate
        The reply: one JSON object, read before, and its tokens' log-probabilities.
    path : sequence of str
        The keys that lead to the score.
    scale : sequence of int
        The scores there are; none may begin with the digit of another.
    written : float
        The score as written: what is given where there are no log-probabilities, the score is none
        of the scale, or its token cannot be told.
    """
    found = _token_at(reply.logprobs, reply.text, _place(reply.text, path))
    if found is None or written not in scale:
        return written
    token, before = found
    shares: dict[int, float] = {}
    for text, logprob in {token.token: token.logprob, **dict(token.top)}.items():
        score = _score(text, before, scale)
        if score is not None:
            shares[score] = shares.get(score, 0.0) + exp(logprob)
    total = sum(shares.values())
    return sum(score * share for score, share in shares.items()) / total if total else written


def _score(token: str, before: str, scale: Sequence[int]) -> int | None:
    """The score that ``token`` begins, if it does; ``before`` is what it holds before that."""
    bare = token.strip().removeprefix(before).lstrip()
    digits = bare[: len(bare) - len(bare.lstrip("0123456789"))]
    begun = [score for score in scale if digits and str(score).startswith(digits)]
    return begun[0] if len(begun) == 1 else None


def _place(text: str, path: Sequence[str]) -> int:
    """Where in the JSON object in ``text`` the value at ``path`` begins; it must be there."""
    decoder = json.JSONDecoder()
    at = text.index("{")
    for wanted in path:
        key = None
        while key != wanted:
            if key is not None:
                _, at = decoder.raw_decode(text, at)
            key, at = scanstring(text, text.index('"', at) + 1)
            at = _skipped(text, text.index(":", at) + 1)
    return at


def _skipped(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _token_at(
    tokens: Sequence[TokenLogprob], text: str, place: int
) -> tuple[TokenLogprob, str] | None:
    """The token that holds ``text[place]``, and what it holds before that, without white space.

    Tokens spell the text, but for characters that were cut in two: each part shows as U+FFFD, and
    may stand for one character or none. So there may be several places where a token can begin;
    the plain text between such characters soon leaves one.
    """
    starts = {0}
    for token in tokens:
        spelt = token.token
        if _PART not in spelt:
            starts = {at for at in starts if text.startswith(spelt, at)}
            if any(at <= place < at + len(spelt) for at in starts):
                (at, *others) = starts
                return None if others else (token, text[at:place].strip())
        longest = len(spelt)
        least = longest - spelt.count(_PART)
        steps = range(least, longest + 1)
        starts = {at + step for at in starts for step in steps if at + step <= place}
    return None
