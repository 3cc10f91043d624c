"""A fusion that is stopped on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from fusion_magics.errors import kept
from fusion_magics.types import Fusion


async def stopped(fusing: Coroutine[Any, Any, Fusion], after: float) -> Fusion:
    """What is kept of a fusion that is cancelled ``after`` so many seconds."""
    task = asyncio.create_task(fusing)
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stop:
        await task
    fusion = kept(stop.value)
    assert fusion is not None
    return fusion
