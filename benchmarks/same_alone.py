"""Is an answer the same, alone and in a batch? Counted over many prompts.

    python benchmarks/same_alone.py [MODEL ...] [--prompts 200] [--batch 8] [--tokens 64]

Each model answers each prompt alone, one after the other, then all of them so many at a time: calls
end when they like and the next ones join, so that a batch is never the same for long. Texts that
differ are counted, greedy ones and (at temperature 0.8) seeded ones. Without a MODEL
(``engine:model``) these are the tiny models by llama.cpp and by MLX, and a model of stories.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from fusion_magics import tiny
from fusion_magics.local import unload
from fusion_magics.members import open_pool
from fusion_magics.seams import Model
from fusion_magics.tiny.questions import test_set
from fusion_magics.types import Prompt, SamplingParams

STORIES = Path(__file__).parents[1] / "tests" / "data" / "stories260K.gguf"
OPENINGS = "Once upon a time|One day|The little|There was|Tom and|A big red|Lily saw|In the park"
WORDS = "dog cat girl boy ball park mom tree house happy sad big small saw went play"


def prompts_of(model: str, count: int) -> list[str]:
    """Questions for the tiny models, beginnings of stories for others."""
    if model.startswith("tiny:"):
        return [question.text for question in islice(test_set(max(600, count)), count)]
    dice = Random(0)
    openings = OPENINGS.split("|")
    return [
        " ".join([dice.choice(openings), *dice.choices(WORDS.split(), k=dice.randrange(12))])
        for _ in range(count)
    ]


async def answers(
    model: Model, prompts: Sequence[str], params: Iterable[SamplingParams], at_once: int
) -> list[str]:
    """The whole texts, at most so many calls at once."""
    free = asyncio.Semaphore(at_once)

    async def answer(prompt: str, one: SamplingParams) -> str:
        async with free:
            return "".join([delta.text async for delta in model.stream(Prompt.of(prompt), one)])

    return await asyncio.gather(*map(answer, prompts, params))


async def compare(name: str, temperature: float, asked: argparse.Namespace) -> str:
    """One row: how many texts differ, and how long both ways took."""
    (member,) = open_pool(name, SamplingParams())
    model = member.model
    prompts = prompts_of(name, asked.prompts)
    params = [
        SamplingParams(temperature=temperature, seed=seed, max_tokens=asked.tokens)
        for seed in range(len(prompts))
    ]
    await answers(model, prompts[:1], params, 1)  # loads the weights
    took, texts = [], []
    for at_once in (1, asked.batch):
        began = time.perf_counter()
        texts.append(await answers(model, prompts, params, at_once))
        took.append(time.perf_counter() - began)
    unload()
    differ = sum(a != b for a, b in zip(*texts, strict=True))
    how = "greedy" if temperature == 0 else f"at {temperature}"
    return f"| {name} | {how} | {differ} of {len(prompts)} | {took[1] / took[0]:.2f} |"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64)
    asked = parser.parse_args()
    tinies = [f"tiny:{n}@engine={e}" for e in ("llamacpp", "mlx") for n in tiny.NAMES]
    print("| model | sampling | other texts in a batch | time of the batch / alone |")
    print("|---|---|---|---|")
    for name in asked.models or [f"llamacpp:{STORIES}", *tinies]:
        for temperature in (0.0, 0.8):
            print(await compare(name, temperature, asked), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
