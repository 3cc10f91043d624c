"""From token pieces (bytes) to text: characters kept whole, stop strings cut out."""

from __future__ import annotations

import codecs

from ..types import TokenLogprob


class Assembly:
    """Collects the pieces of one answer; :meth:`take` gives what is sure to belong to it.

    Parameters
    ----------
    stop : tuple of str
        The text ends before the first of these; what may be the beginning of one is held back.
    """

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._stop = tuple(s for s in stop if s)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._text = ""  # not yet given away
        self._given = 0  # characters given away
        self._waiting: list[tuple[int, TokenLogprob]] = []  # (where its text begins, token)
        self.stopped = False

    def add(self, piece: bytes, logprob: TokenLogprob | None = None) -> None:
        """One more token. Bytes of an unfinished character wait for the rest."""
        if logprob is not None:
            self._waiting.append((self._given + len(self._text), logprob))
        self._text += self._decode(piece)
        cuts = [at for at in map(self._text.find, self._stop) if at >= 0]
        if cuts:
            self.stopped = True
            self._text = self._text[: min(cuts)]

    def take(self) -> tuple[str, tuple[TokenLogprob, ...]]:
        """New text that no stop string can claim any more, and its tokens."""
        sure = len(self._text) - (0 if self.stopped else self._held())
        return self._give(sure)

    def rest(self) -> tuple[str, tuple[TokenLogprob, ...]]:
        """All that is left, at the end; the bytes of an unfinished character are dropped."""
        return self._give(len(self._text), to_the_end=not self.stopped)

    def _give(self, count: int, to_the_end: bool = False) -> tuple[str, tuple[TokenLogprob, ...]]:
        text, self._text = self._text[:count], self._text[count:]
        self._given += count
        split = [to_the_end or at < self._given for at, _ in self._waiting]
        ready = tuple(t for (_, t), go in zip(self._waiting, split, strict=True) if go)
        self._waiting = [w for w, go in zip(self._waiting, split, strict=True) if not go]
        return text, ready

    def _held(self) -> int:
        """Length of the longest end of the text that begins a stop string."""
        return max(
            (n for s in self._stop for n in range(1, len(s)) if self._text.endswith(s[:n])),
            default=0,
        )
