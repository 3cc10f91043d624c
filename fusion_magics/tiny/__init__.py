"""The tiny models that ship inside the package: names and weights, nothing heavy.

How they are made: ``questions`` (what they learn), ``lessons`` (how it is told; ``comparing``,
``merging``, ``foreign`` and ``answered`` for the judge), ``recipes`` (who learns what), ``train``,
``export`` and ``evaluate``.
"""

from __future__ import annotations

from pathlib import Path

NAMES: dict[str, str] = {
    "sums": "arithmetic and small word problems, with written working",
    "words": "spelling, counting and ordering letters",
    "logic": "who is taller, who came second, which day or month, what follows from rules",
    "a": "a bit of everything; weak spots differ from b and c",
    "b": "a bit of everything; weak spots differ from a and c",
    "c": "a bit of everything; weak spots differ from a and b",
    "judge": "checks, compares and merges answers, each in a short working first",
}
SPECIALISTS = ("sums", "words", "logic")
GENERALISTS = ("a", "b", "c")
CONTEXT = 1024
LONGEST_CONTEXT = 2048


def context(name: str) -> int:
    """The most tokens that a model reads and writes: the judge has several answers to read."""
    return LONGEST_CONTEXT if name == "judge" else CONTEXT


def weights(name: str) -> Path:
    """The GGUF file of a shipped model. Raises KeyError for an unknown name."""
    if name not in NAMES:
        raise KeyError(f"no tiny model {name!r}; there are {', '.join(NAMES)}")
    return Path(__file__).parent / "weights" / f"{name}.gguf"
