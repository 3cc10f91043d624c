"""A pool on one machine: samples of one model, and several models at once.

    python benchmarks/local_engine.py MODEL.gguf OTHER.gguf [THIRD.gguf] [--repeat 3]

MODEL and the others are two (or three) models of one shape, such as `random_models.py` makes; the
shape of Qwen 2.5 0.5B at Q4_0 is what README tells of. Prompt of about 256 tokens, 64 new ones.
Medians, in one run, each peer in a process of its own:

- samples: all at once here, against ``Llama.create_completion`` as often in a row, which keeps the
  prompt it has read, and (where xllamacpp is installed) against llama.cpp's own server, which
  batches; its wheels may be built for older processors.
- models: all at once here, against one after the other here, and against a process of
  llama-cpp-python for each at the same time, with its own choice of threads.

Nothing else should run on the machine: threads that wait for each other at every step of a model
are held up by any other process, and whoever has more of them by more.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from fusion_magics.backends import open_model
from fusion_magics.local import unload
from fusion_magics.seams import Model
from fusion_magics.types import Prompt, SamplingParams

WORDS = "the river and a house of stone in which many people saw some light at night"
TOKENS = 64


def prompt_of(number: int) -> str:
    """About 256 tokens, with the template's, that no other number begins with."""
    return " ".join([str(number), *random.Random(number).choices(WORDS.split(), k=225)])


async def ask(model: Model, prompt: str, seed: int) -> None:
    """One answer of exactly so many tokens: random weights do not end their text."""
    params = SamplingParams(temperature=0.8, seed=seed, max_tokens=TOKENS)
    async for delta in model.stream(Prompt.of(prompt), params):
        if delta.finish:
            assert delta.finish.usage.completion_tokens == TOKENS


async def samples(model: Model, count: int, number: int) -> float:
    """Seconds for so many samples of a prompt that is new."""
    await ask(model, "Warm up.", 0)
    began = time.perf_counter()
    await asyncio.gather(*(ask(model, prompt_of(number), seed) for seed in range(count)))
    return time.perf_counter() - began


async def at_once(models: Sequence[Model], number: int) -> float:
    for model in models:
        await ask(model, "Warm up.", 0)
    began = time.perf_counter()
    await asyncio.gather(*(ask(model, prompt_of(number), 0) for model in models))
    return time.perf_counter() - began


async def in_turn(models: Sequence[Model], number: int) -> float:
    for model in models:
        await ask(model, "Warm up.", 0)
    began = time.perf_counter()
    for model in models:
        await ask(model, prompt_of(number), 0)
    return time.perf_counter() - began


def peers(what: str, models: Sequence[str], number: int, count: int = 1) -> float:
    """Seconds of the slowest of one process for each model, at the same time."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(prompt_of(number))
        file.flush()
        script = [sys.executable, str(Path(__file__).with_name("_peers.py")), what]
        asked = [file.name, "--samples", str(count), "--tokens", str(TOKENS)]
        running = [
            subprocess.Popen([*script, model, *asked], stdout=subprocess.PIPE, text=True)
            for model in models
        ]
        printed = [process.communicate()[0] for process in running]
    return max(float(text.split("SECONDS ")[1].split()[0]) for text in printed)


def median(repeat: int, measure: Callable[[int], float]) -> float:
    """Of several measurements, each with a prompt of its own."""
    times = []
    for _ in range(repeat):
        median.number += 1  # type: ignore[attr-defined]
        times.append(measure(median.number))  # type: ignore[attr-defined]
    return statistics.median(times)


median.number = 0  # type: ignore[attr-defined]


def report_samples(path: str, counts: Sequence[int], repeat: int) -> None:
    has_server = find_spec("xllamacpp") is not None
    print("| samples | here | in a row | here / in a row | llama.cpp's server | here / server |")
    print("|---|---|---|---|---|---|")
    model = open_model("llamacpp", path)
    for count in counts:
        here = median(repeat, lambda n, k=count: asyncio.run(samples(model, k, n)))
        unload()
        row = median(repeat, lambda n, k=count: peers("in-a-row", [path], n, k))
        cells = [f"{count}", f"{here:.2f} s", f"{row:.2f} s", f"{here / row:.2f}"]
        if has_server:
            served = median(repeat, lambda n, k=count: peers("server", [path], n, k))
            cells += [f"{served:.2f} s", f"{here / served:.2f}"]
        print("| " + " | ".join([*cells, *["–"] * (6 - len(cells))]) + " |", flush=True)


def report_models(paths: Sequence[str], repeat: int) -> None:
    print("| models | at once | one after the other | ratio | a process each | ratio |")
    print("|---|---|---|---|---|---|")
    for count in range(2, len(paths) + 1):
        models = [open_model("llamacpp", path) for path in paths[:count]]
        once = median(repeat, lambda n, m=models: asyncio.run(at_once(m, n)))
        turns = median(repeat, lambda n, m=models: asyncio.run(in_turn(m, n)))
        unload()
        apart = median(1, lambda n, k=count: peers("in-a-row", paths[:k], n))
        print(
            f"| {count} | {once:.2f} s | {turns:.2f} s | {once / turns:.2f} "
            f"| {apart:.2f} s | {once / apart:.2f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--samples", default="1,4,16")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    report_samples(asked.models[0], [int(n) for n in asked.samples.split(",")], asked.repeat)
    print()
    report_models(asked.models, asked.repeat)


if __name__ == "__main__":
    main()
