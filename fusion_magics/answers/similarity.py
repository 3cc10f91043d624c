"""How much alike texts are: by their final answers where they state one, else by their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .final import comparable, is_stated
from .readers import Read
from .words import dice, words


def stated(text: str) -> str:
    """The final answer of ``text`` where it has one, normalised; empty for mere prose.

    It has one where it marks it, by one of the customs of :func:`final_answer`, or is not longer
    than an answer. The last line of an essay is none.
    """
    return comparable(text) if is_stated(text) else ""


def similarity(texts: Sequence[str], read: Read = stated) -> list[list[float]]:
    """How much alike each two of ``texts`` are, 0 to 1; of n texts n rows of n.

    Two texts that both give a final answer are 1 if it is the same and 0 if it is not, as in a
    vote. Any other pair, of which one or both give none, has the Sørensen–Dice coefficient of its
    words, without case and order (see :func:`fusion_magics.answers.words.dice`).

    Parameters
    ----------
    texts : sequence of str
        One per candidate.
    read : callable
        How the final answer is read; empty: there is none.
    """
    answers = [read(text) for text in texts]
    bags = [Counter(words(text.casefold())) for text in texts]
    matrix = [[1.0] * len(texts) for _ in texts]
    for i in range(len(texts)):
        for j in range(i):
            both = answers[i] and answers[j]
            alike = float(answers[i] == answers[j]) if both else dice(bags[i], bags[j])
            matrix[i][j] = matrix[j][i] = alike
    return matrix
