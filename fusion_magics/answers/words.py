"""A text word by word, in any script: what two texts share, and where they differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

# Kana and Han characters are words of their own, with the marks and variation selectors on them.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ON_CJK = "\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
# Punctuation and symbols; an underscore is a letter, as in code.
_SIGN = (
    r"!-/:-@\[-^`{-~\u00a1-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7"
    r"\u2010-\u2e7f\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_LETTERS = rf"[^\s{_CJK}{_SIGN}]+"
# An apostrophe or a hyphen between letters is part of the word, and so is the point in 3.5.
_WORD = rf"(?:[{_CJK}][{_ON_CJK}]*|{_LETTERS}(?:(?:['’-]|(?<=\d)[.,](?=\d)){_LETTERS})*)"
_WORDS = re.compile(_WORD)
_PIECES = re.compile(rf"{_WORD}|[{_SIGN}]")

# Of two texts whose lengths in words multiply to more, lines are compared before words: an exact
# comparison keeps a bit for each pair of words.
_MOST_PAIRS = 10_000**2


def words(text: str) -> list[str]:
    """The words of ``text``, in their order and case; each Chinese or Japanese character is one.

    Punctuation is left out. Scripts without spaces other than these (Thai, Khmer) have one word
    from space to space.
    """
    return _WORDS.findall(text)


def dice(one: Counter[str], other: Counter[str]) -> float:
    """How far two multisets overlap: twice what they share, over all of both; 0 to 1.

    The coefficient of Dice (1945) and Sørensen (1948), for words that are counted as often as they
    occur. Two empty ones are the same.
    """
    total = one.total() + other.total()
    shared = sum(min(count, other[word]) for word, count in one.items())
    return 2 * shared / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of two texts: the same words in both, or other words.

    ``before`` and ``after`` are its pieces: a word or a sign with the white space that follows, to
    the end of the line. A stretch of the ``same`` words has equally many on both sides.
    """

    same: bool
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def difference(before: str, after: str) -> tuple[Part, ...]:
    """How ``after`` differs from ``before``, by words and signs; white space does not count.

    The pieces of all parts, joined, are the two texts. What they have in common is a longest
    common subsequence (of lines first, where both texts are very long), without the stretches that
    are shorter than the changes on both of their sides: those tell a reader nothing.
    """
    old, new = _pieces(before), _pieces(after)
    return tuple(_readable(_parts(old, new, _common(old, new))))


def _pieces(text: str) -> list[str]:
    """``text`` cut before each word or sign, and the indentation of a line before its first."""
    starts = [found.start() for found in _PIECES.finditer(text)]
    cuts = [text.rfind("\n", before, start) + 1 or start for before, start in pairwise(starts)]
    return [text[i:j] for i, j in pairwise([0, *cuts, len(text)]) if i < j]


# ── what is common ───────────────────────────────────────────────────────────────────────────

Pairs = list[tuple[int, int]]
"""Where two sequences are equal: an index of one with an index of the other, both rising."""


def _common(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """The pieces that are in both, whatever white space follows them."""
    before, after = [p.strip() for p in old], [p.strip() for p in new]
    if len(old) * len(new) <= _MOST_PAIRS:
        return _subsequence(before, after)
    lines, others = _lines(old), _lines(new)
    same = _subsequence([tuple(before[x]) for x in lines], [tuple(after[x]) for x in others])
    pairs: Pairs = []
    i = j = 0
    for line, other in [*((lines[x], others[y]) for x, y in same), (_END, _END)]:
        between = _subsequence(before[i : line.start], after[j : other.start])
        pairs += ((i + x, j + y) for x, y in between)
        pairs += zip(range(len(old))[line], range(len(new))[other], strict=True)
        i, j = line.stop, other.stop
    return pairs


_END = slice(None, 0)


def _lines(pieces: Sequence[str]) -> list[slice]:
    """Which pieces are one line."""
    ends = [i for i, piece in enumerate(pieces, 1) if "\n" in piece or i == len(pieces)]
    return [slice(i, j) for i, j in pairwise([0, *ends])]


def _subsequence(one: Sequence[Hashable], other: Sequence[Hashable]) -> Pairs:
    """A longest common subsequence; of two very long ones only what they begin and end with."""
    start = _equal(one, other)
    end = _equal(one[start:][::-1], other[start:][::-1])
    last, last_other = len(one) - end, len(other) - end
    inner = _longest(one[start:last], other[start:last_other])
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in inner),
        *((last + i, last_other + i) for i in range(end)),
    ]


def _equal(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """How many items both begin with."""
    both = zip(one, other, strict=False)
    return next((i for i, (x, y) in enumerate(both) if x != y), min(len(one), len(other)))


def _longest(one: Sequence[Hashable], other: Sequence[Hashable]) -> Pairs:
    """A longest common subsequence, by the bit-parallel rows of Hyyrö (2004).

    difflib takes seconds for texts that repeat themselves, as small models do: 5,000 words of
    which only two differ. Here time and memory do not depend on what the items are.
    """
    if len(one) * len(other) > _MOST_PAIRS:
        return []
    at: dict[Hashable, int] = {}
    for i, item in enumerate(one):
        at[item] = at.get(item, 0) | 1 << i
    row = every = (1 << len(one)) - 1
    rows = [row]  # bit i of row j is 0 where one[i] makes the subsequence with other[:j] longer
    for item in other:
        hit = row & at.get(item, 0)
        row = ((row + hit) | (row - hit)) & every
        rows.append(row)
    pairs, i, j = [], len(one), len(other)
    while i and j:
        if rows[j] >> (i - 1) & 1:
            i -= 1
        elif not rows[j - 1] >> (i - 1) & 1:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


# ── what is shown ────────────────────────────────────────────────────────────────────────────


def _parts(old: Sequence[str], new: Sequence[str], pairs: Pairs) -> Iterator[Part]:
    """Changed and same parts in turn."""
    i = j = start = start_other = 0
    for x, y in [*pairs, (len(old), len(new))]:
        if (x, y) != (i, j):
            if start < i:
                yield Part(True, tuple(old[start:i]), tuple(new[start_other:j]))
            yield Part(False, tuple(old[i:x]), tuple(new[j:y]))
            start, start_other = x, y
        i, j = x + 1, y + 1
    if start < len(old) and start_other < len(new):
        yield Part(True, tuple(old[start:]), tuple(new[start_other:]))


def _readable(parts: Iterable[Part]) -> list[Part]:
    """``parts`` without stretches that are shorter than the changes around them."""
    shown: list[Part] = []
    for part in parts:
        shown.append(part)
        while (
            len(shown) > 2
            and not part.same
            and _length(shown[-2]) < min(_length(shown[-3]), _length(shown[-1]))
        ):
            three = shown[-3:]
            shown[-3:] = [Part(False, _sum(p.before for p in three), _sum(p.after for p in three))]
    return shown


def _length(part: Part) -> int:
    """Characters, on the longer of the two sides."""
    return max(sum(map(len, part.before)), sum(map(len, part.after)))


def _sum(pieces: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(chain.from_iterable(pieces))
