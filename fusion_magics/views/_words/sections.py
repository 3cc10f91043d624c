"""Which sections stand below the table, in their order."""

from __future__ import annotations

from ...types import Fusion
from .comparing import comparisons
from .debating import changes, transcript
from .merging import analysis
from .outline import Section

_DEBATE = (changes, transcript)
_OTHERS = (analysis, comparisons)


def sections(fusion: Fusion) -> tuple[Section, ...]:
    """The sections that this fusion has something to say in, but for its debate."""
    found = (section(fusion) for section in _OTHERS)
    return tuple(section for section in found if section is not None)


def debate_sections(fusion: Fusion) -> tuple[Section, ...]:
    """Its debate, where a view cannot show a thread."""
    found = (section(fusion) for section in _DEBATE)
    return tuple(section for section in found if section is not None)
