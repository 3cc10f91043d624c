"""Long candidates against a small context: what is left out, and how much of it.

The beginning and the end of a text stay, because its final answer stands at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

LEAST = 120
"""Characters per text below which nothing is left to compare."""


def shortened(text: str, most: int) -> str:
    """``text`` in at most ``most`` characters (and at least :data:`LEAST`), its middle left out.

    A line in its place says how many characters it had.
    """
    most = max(most, LEAST)
    if len(text) <= most:
        return text
    # The gap is said in digits whose number only grows with it: the longest case is the whole text.
    room = most - len(_gap(len(text)))
    head, tail = room // 2, room - room // 2
    return text[:head] + _gap(len(text) - room) + text[-tail:]


def _gap(characters: int) -> str:
    return f"\n[… {characters:,} characters left out …]\n"


def within(texts: Sequence[str], budget: int) -> list[str]:
    """``texts`` in about ``budget`` characters together: the longest are shortened first, alike."""
    rest, most = budget, 0
    for place, size in enumerate(sorted(map(len, texts))):
        most = rest // (len(texts) - place)
        if size > most:
            break
        rest -= size
        most = size
    return [shortened(text, most) for text in texts]


def budgets(texts: Sequence[str]) -> Iterator[int]:
    """How many characters to try: all, three quarters, then half as many each time.

    The first step is small because most texts that do not fit are not far too long. The last is
    the least there is.
    """
    size = sum(map(len, texts))
    least = sum(min(len(text), LEAST) for text in texts)
    yield size
    if size == least:
        return
    size = size * 3 // 4
    while size > least:
        yield size
        size //= 2
    yield least
