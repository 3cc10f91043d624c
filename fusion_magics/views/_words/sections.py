"""Which sections stand below the table, in their order."""

from __future__ import annotations

from ...types import Fusion
from .comparing import comparisons
from .debating import changes, transcript
from .merging import analysis
from .outline import Section

_ALL = (analysis, changes, transcript, comparisons)


def sections(fusion: Fusion) -> tuple[Section, ...]:
    """The sections that this fusion has something to say in."""
    found = (section(fusion) for section in _ALL)
    return tuple(section for section in found if section is not None)
