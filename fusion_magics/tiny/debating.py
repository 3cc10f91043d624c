"""What the tiny models learned of a debate: how they are asked, and how they reply."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DECIDED = re.compile(r"(Keep|Change)\. ")


def debate_request(others: Sequence[str]) -> str:
    """What a member is asked in a second round, given the others' texts, each on one line."""
    listed = "\n".join(f"[{i}] {' '.join(text.split())}" for i, text in enumerate(others, 1))
    return f"Others say:\n{listed}\nCheck again. Keep or change your answer."


def split_reply(text: str) -> tuple[str, str]:
    """What a member decides (``Keep.``, ``Change.``, or nothing), and its answer."""
    decided = _DECIDED.match(text)
    return (decided[0].strip(), text[decided.end() :]) if decided else ("", text)
