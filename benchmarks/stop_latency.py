"""How soon a cancelled call stops: at the caller, and in the engine itself (limit 0.5 s).

    python benchmarks/stop_latency.py MODEL.gguf [--runs 5]
    python benchmarks/stop_latency.py --engine mlx FOLDER

Cancels a call while it reads a long prompt and while it writes, and waits for the engine to serve
the next one. Run it on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import aclosing

from fusion_magics.backends import open_model
from fusion_magics.local import unload
from fusion_magics.seams import Model
from fusion_magics.types import Prompt, SamplingParams

LONG = "All work and no play makes Jack a dull boy. " * 60
MOMENTS = {"reading": LONG, "writing": "Once upon a time"}


async def once(model: Model, state: str, after: float) -> tuple[float, float]:
    """Seconds from a cancel, ``after`` seconds into ``state``, to the caller's and engine's end."""
    begun = asyncio.Event()

    async def answer() -> None:
        async for delta in model.stream(Prompt.of(MOMENTS[state]), SamplingParams(max_tokens=4000)):
            if delta.state == state:
                begun.set()

    task = asyncio.create_task(answer())
    await begun.wait()
    await asyncio.sleep(after)
    if task.done():
        raise SystemExit(f"The model is done {state} in {after} s: take a larger one.")
    began = time.perf_counter()
    task.cancel()
    await asyncio.wait({task})
    back = time.perf_counter() - began
    async with aclosing(model.stream(Prompt.of("x"), SamplingParams(max_tokens=1))) as deltas:  # type: ignore[type-var]
        async for delta in deltas:
            if delta.state == "reading":
                break
    return back, time.perf_counter() - began


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--engine", default="llamacpp")
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    model = open_model(asked.engine, asked.model)
    for state in MOMENTS:
        await once(model, state, 0.1)  # the first loads the weights
        times = [await once(model, state, 0.05 * n) for n in range(1, asked.runs + 1)]
        back, idle = (max(column) for column in zip(*times, strict=True))
        print(f"cancelled while {state}: caller back in {back:.3f} s, engine free in {idle:.3f} s")
    unload()


if __name__ == "__main__":
    asyncio.run(main())
