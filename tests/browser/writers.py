"""For the kernel: models that write for ever, and when each wrote its last word.

``scripted:one`` to ``three`` are endless, ``first`` and ``second`` brief; ``judge`` takes its time,
longer over ``second``. The saved pool ``herbs`` has members whose texts do not tell their names.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

from IPython import get_ipython

from fusion_magics import pools
from fusion_magics.backends.scripted import SCRIPTS, Script, ScriptedModel
from fusion_magics.types import Delta, Prompt, SamplingParams

# By the wall clock: the page has the same one.
CELLS: list[float] = []
"""When each cell began."""
LAST: dict[str, float] = {}
"""When each model wrote its last word."""
ENDS: dict[str, float] = {}
"""When each model's stream was closed."""

_stream = ScriptedModel.stream


async def _stamped(
    self: ScriptedModel, prompt: Prompt, params: SamplingParams
) -> AsyncIterator[Delta]:
    try:
        async for delta in _stream(self, prompt, params):
            if delta.text:
                LAST[self.name] = time.time()
            yield delta
    finally:
        ENDS[self.name] = time.time()


def _verdict(prompt: Prompt, params: SamplingParams) -> str:
    check = "it is so " * (8 if "second-1" in prompt.text else 1)
    return json.dumps({"check": check, "rationale": "It is right.", "score": 8})


def _words(name: str, count: int) -> str:
    return " ".join(f"{name}-{i}" for i in range(count))


ScriptedModel.stream = _stamped  # type: ignore[method-assign]
SCRIPTS.update({name: Script(_words(name, 20_000), gap=0.02) for name in ("one", "two", "three")})
SCRIPTS.update({name: Script(_words(name, 120), 0.3, 0.02) for name in ("first", "second")})
SCRIPTS["judge"] = Script(_verdict, gap=0.1, wording="short")
SCRIPTS["quick"] = Script(_verdict, wording="short")
_HERBS = {"marjoram": "uno", "tarragon": "dos", "chervil": "tres"}
SCRIPTS.update({name: Script(_words(word, 60), gap=0.03) for name, word in _HERBS.items()})
pools.save("herbs", [f"scripted:{name}" for name in _HERBS], "scripted:quick")
get_ipython().events.register("pre_run_cell", lambda info: CELLS.append(time.time()))
