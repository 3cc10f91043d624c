"""How the time grows: with the samples of one prompt, and with the length of a prompt.

    python benchmarks/scaling.py MODEL.gguf [--plot scaling.png] [--repeat 3]

MODEL may be one that `random_models.py` makes; the shape of Qwen 2.5 0.5B at Q4_0 is what README
tells of. Samples: so many at once of a prompt of 256 tokens, 64 new ones each. Prompts: one call
each, 16 new tokens. Every prompt is new, so that nothing of it has been read before. Medians; all
sizes take turns, so that a slow moment of the machine meets all of them.

The ratio is that to half the size: 2.0 is linear, less is a gain. The exponent is the slope of the
line through all points on logarithmic axes, with its 95 % interval: 1.0 is linear. Nothing else
should run on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import linregress, t

from fusion_magics.local import LocalModel, Spec, unload
from fusion_magics.types import Prompt, SamplingParams

SAMPLES = (1, 2, 4, 8, 16)
PROMPTS = (512, 1024, 2048, 4096, 8192)
SAMPLED_PROMPT, SAMPLED_TOKENS, PROMPT_TOKENS = 256, 64, 16
CONTEXT = 8448
TEMPLATE = 32
"""Tokens that the chat template of Qwen 2.5 and the number of a prompt take, about."""
OFF = 0.02
"""By how much of its length a prompt may be shorter or longer than it is called."""
WORDS = "the river and a house of stone in which many people saw some light at night"
BLUE, GREY, INK = "#2563eb", "#94a3b8", "#334155"

Times = Mapping[int, float]
numbers = itertools.count(100)


def prompt_of(tokens: int) -> str:
    """About so many tokens, with the template's, that no other prompt begins with."""
    number = next(numbers)
    return " ".join(
        [str(number), *random.Random(number).choices(WORDS.split(), k=tokens - TEMPLATE)]
    )


async def ask(model: LocalModel, prompt: str, seed: int, length: int, new: int) -> None:
    """One answer of exactly ``new`` tokens: random weights do not end their text."""
    params = SamplingParams(temperature=0.8, seed=seed, max_tokens=new)
    async for delta in model.stream(Prompt.of(prompt), params):
        if delta.finish:
            usage = delta.finish.usage
            assert usage.completion_tokens == new, usage
            assert abs(usage.prompt_tokens / length - 1) < OFF, usage


async def samples(model: LocalModel, count: int) -> float:
    """Seconds for so many samples of a new prompt at once."""
    prompt = prompt_of(SAMPLED_PROMPT)
    began = time.perf_counter()
    calls = (ask(model, prompt, seed, SAMPLED_PROMPT, SAMPLED_TOKENS) for seed in range(count))
    await asyncio.gather(*calls)
    return time.perf_counter() - began


async def reading(model: LocalModel, tokens: int) -> float:
    """Seconds for a new prompt of so many tokens, and a few words after it."""
    prompt = prompt_of(tokens)
    began = time.perf_counter()
    await ask(model, prompt, 0, tokens, PROMPT_TOKENS)
    return time.perf_counter() - began


def medians(
    sizes: Sequence[int], measure: Callable[[int], Coroutine[None, None, float]], repeat: int
) -> dict[int, float]:
    """Seconds for each size; a first run of the smallest loads the model and is not counted."""
    asyncio.run(measure(sizes[0]))
    rounds = [[asyncio.run(measure(size)) for size in sizes] for _ in range(repeat)]
    unload()
    return dict(zip(sizes, map(statistics.median, zip(*rounds, strict=True)), strict=True))


def exponent(times: Times) -> tuple[float, float, float]:
    """Of the power of the size that fits best (1 is linear), and its 95 % interval."""
    fit = linregress(np.log(list(times)), np.log(list(times.values())))
    half = float(t.ppf(0.975, len(times) - 2) * fit.stderr)
    return float(fit.slope), float(fit.slope) - half, float(fit.slope) + half


def report(name: str, times: Times) -> None:
    """A table with the ratio to half the size."""
    print(f"| {name} | seconds | to half as many |\n|---|---|---|")
    for size, seconds in times.items():
        ratio = f"{seconds / times[size // 2]:.2f}" if size // 2 in times else "–"
        print(f"| {size:,} | {seconds:.2f} s | {ratio} |")
    first, last = min(times), max(times)
    linear = times[first] * last / first
    power, low, high = exponent(times)
    print(f"\nexponent {power:.2f} [{low:.2f}, {high:.2f}]", end="; ")
    print(f"{last:,} take {times[last] / linear:.2f} of linear\n", flush=True)


def plot(path: Path, panels: Mapping[str, Times]) -> None:
    """A panel each, on logarithmic axes, with the line that is linear from the first point."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(9, 3.8), dpi=160, layout="tight")
    for ax, (name, times) in zip(axes, panels.items(), strict=True):
        draw(ax, name, times)
    figure.savefig(path)


def draw(ax: object, name: str, times: Times) -> None:
    sizes, seconds = np.array(list(times)), np.array(list(times.values()))
    ax.loglog(sizes, seconds[0] * sizes / sizes[0], "--", color=GREY, label="linear")
    ax.loglog(sizes, seconds, "o-", color=BLUE, linewidth=2, label="measured")
    for size, value in times.items():
        ax.annotate(
            f"{value:.1f} s",
            (size, value),
            xytext=(4, -12),
            textcoords="offset points",
            color=INK,
            fontsize=8,
        )
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter("{x:g}")
    ax.set_xlabel(name, color=INK)
    ax.set_ylabel("seconds", color=INK)
    ax.margins(0.12)
    ax.grid(color="#e2e8f0")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    path = str(asked.model.absolute())
    many = LocalModel(asked.model.name, Spec("llamacpp", path, context=1024))
    long = LocalModel(asked.model.name, Spec("llamacpp", path, context=CONTEXT, parallel=1))
    print(f"{asked.model.name}, {os.cpu_count()} cores, medians of {asked.repeat}\n")
    by_samples = medians(SAMPLES, lambda n: samples(many, n), asked.repeat)
    report("samples at once", by_samples)
    by_length = medians(PROMPTS, lambda n: reading(long, n), asked.repeat)
    report("tokens of the prompt", by_length)
    if asked.plot:
        plot(
            asked.plot,
            {"samples at once": by_samples, "tokens of the prompt": by_length},
        )


if __name__ == "__main__":
    main()
