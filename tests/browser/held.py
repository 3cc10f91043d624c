"""For the cells of browser tests: runs that wait for the test, and fusions to show.

A test goes on by making a file in the notebook's folder, which is the kernel's working directory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from modes_by_hand import SAMPLES

from fusion_magics.types import Delta, Fusion
from fusion_magics.views.progress import Progress
from fusion_magics.views.screens import screen_for

TEXTS = {
    "tiny:sums": "s t r a w",
    "tiny:words": "r at 3, r at 8\nAnswer: 3",
    "tiny:logic": "",
    "arabic": "\u0627\u0644\u062c\u0648\u0627\u0628 \u0647\u0648 3 (GGUF).",
}


async def until(name: str) -> None:
    """Wait for the file ``name``."""
    # Another process makes it, when the page was looked at.
    while not Path(name).exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.05)


async def run(name: str) -> Fusion:
    """Four members write; after ``{name}-judge`` two are judged; ``{name}-end`` ends it."""
    screen = screen_for(view="live", about="best of", cancel=lambda member: None)
    async with Progress(list(TEXTS), "tiny:judge", screen=screen) as watch:
        for member, text in TEXTS.items():
            watch(member, "member", Delta(text=text, state=None if text else "loading"))
        await until(f"{name}-judge")
        watch("tiny:sums", "member", Delta(state="failed"))
        for member in list(TEXTS)[1:]:
            watch(member, "member", Delta(state="done"))
        watch("tiny:judge on tiny:sums", "judge", Delta(state="done"))
        watch("tiny:judge on tiny:words", "judge", Delta(state="writing"))
        await until(f"{name}-end")
        watch.result = SAMPLES["best_of"]()
    return watch.result


async def stream(texts: Sequence[str], pieces: int, name: str, result: Fusion) -> Fusion:
    """Each text is a member's name and what it writes, in ``pieces``; ``name`` ends it."""
    members = {f"{i} {text[:2000]}": text for i, text in enumerate(texts)}
    async with Progress(list(members), texts[0], screen=screen_for(view="live", about=name)) as at:
        await asyncio.sleep(0.3)
        for piece in range(pieces):
            for label, text in members.items():
                # Never where a word or a tag ends.
                size = -(-len(text) // pieces)
                at(label, "member", Delta(text=text[piece * size : (piece + 1) * size]))
            await asyncio.sleep(0.1)
        for text in texts:
            at(text[:2000], "judge", Delta(text=text[:10_000]))
            at(text[:2000], "judge", Delta(state="done"))
            await asyncio.sleep(0.01)
        await until(name)
        at.result = result
    return result
