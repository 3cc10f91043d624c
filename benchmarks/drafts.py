"""Drafts looked up in the prompt: how much sooner a merged text is there, and is it the same?

    python benchmarks/drafts.py MODEL.gguf [--copied 0.6] [--tokens 200] [--merges 100]

Speed: MODEL is one of random weights, such as ``random_models.py`` makes. What it is to write is
laid down (it computes every token, and another is put in its place): runs of 12 to 40 tokens out of
four candidates of 300 tokens each, and between them new words, so that a share ``--copied`` of the
text is copied. Once with drafts, once token by token, in turns; medians.

Sameness: real merges of two-part questions by the tiny models, each reply once with drafts and once
without. Texts that differ are counted.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from fusion_magics import fuse
from fusion_magics.local import LocalModel, Spec, unload
from fusion_magics.local.cores import usable_cores
from fusion_magics.local.drafting import Lookup
from fusion_magics.local.engines import CancelFlag, Engine, llamacpp
from fusion_magics.tiny.questions import multi_part
from fusion_magics.types import Delta, Prompt, SamplingParams

CANDIDATES, LENGTH = 4, 300
POOL = ("tiny:sums", "tiny:words", "tiny:logic")


def texts(size: int, copied: float, length: int, dice: Random) -> tuple[list[int], list[int]]:
    """Tokens of a prompt with four candidates, and of a text that copies from them."""
    drawn = [dice.randrange(1000, size) for _ in range(100 + CANDIDATES * LENGTH)]
    text: list[int] = []
    while len(text) < length:
        run = dice.randrange(12, 41)
        start = dice.randrange(100, len(drawn) - run)
        new = round(run * (1 - copied) / copied)
        text += drawn[start : start + run]
        text += [dice.randrange(1000, size) for _ in range(new)]
    return drawn, text[:length]


class Dictated:
    """A sampler that picks what is laid down."""

    def __init__(self, text: Sequence[int]) -> None:
        self._left = list(text)

    def pick(self, logits: object) -> int:
        """The next token."""
        return self._left.pop(0)


def seconds(engine: Engine, prompt: Sequence[int], text: Sequence[int], drafts: bool) -> float:
    """From the first token to the last, as :mod:`fusion_magics.local.batching` writes."""
    slot = engine.begin(prompt, SamplingParams(), len(text))
    assert slot is not None
    slot.sampler = Dictated(text)  # type: ignore[attr-defined]
    while not engine.read(slot):
        pass
    lookup, written = Lookup(prompt), 0
    began = time.perf_counter()
    while written < len(text):
        picked = True
        while picked and written < len(text):
            token = engine.pick(slot)
            assert token is not None
            lookup.add(token.id)
            written += 1
            picked = engine.follow(slot)
        if written < len(text):
            slot.draft = lookup.draft(len(text) - written - 1) if drafts else []
            engine.step([slot])
    took = time.perf_counter() - began
    engine.end(slot)
    return took


def report_speed(path: str, asked: argparse.Namespace) -> None:
    engine = llamacpp.load(Spec("llamacpp", str(Path(path).absolute()), 4096), CancelFlag())
    engine.threads = usable_cores()
    print("| copied | token by token | with drafts | times as fast |")
    print("|---|---|---|---|")
    for copied in asked.copied:
        plain, drafted = [], []
        for seed in range(asked.repeat):
            prompt, text = texts(20_000, copied, asked.tokens, Random(seed))
            plain.append(seconds(engine, prompt, text, drafts=False))
            drafted.append(seconds(engine, prompt, text, drafts=True))
        a, b = statistics.median(plain), statistics.median(drafted)
        print(f"| {copied:.0%} | {a:.2f} s | {b:.2f} s | {a / b:.2f} |", flush=True)


async def report_sameness(merges: int) -> None:
    """Every reply of real merges, asked again without drafts and with them."""
    asked: list[tuple[LocalModel, Prompt, SamplingParams]] = []
    stream = LocalModel.stream

    async def kept(
        model: LocalModel, prompt: Prompt, params: SamplingParams
    ) -> AsyncIterator[Delta]:
        if params.schema is not None:
            asked.append((model, prompt, params))
        async for delta in stream(model, prompt, params):
            yield delta

    async def text(model: LocalModel, prompt: Prompt, params: SamplingParams) -> str:
        return "".join([delta.text async for delta in stream(model, prompt, params)])

    LocalModel.stream = kept  # type: ignore[method-assign,assignment]
    dice = Random(0)
    for _ in range(merges):
        await fuse(multi_part(dice, "test").text, pool=POOL, mode="merge")
    LocalModel.stream = stream  # type: ignore[method-assign]
    found, took = [], []
    for lookup in (False, True):
        began = time.perf_counter()
        found.append([await text(m, p, replace(s, lookup=lookup)) for m, p, s in asked])
        took.append(time.perf_counter() - began)
    unload()
    differ = sum(a != b for a, b in zip(*found, strict=True))
    print(f"{merges} merges, {len(asked)} replies: {differ} texts differ with drafts; ", end="")
    print(f"{took[0]:.0f} s token by token, {took[1]:.0f} s with drafts")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--copied", type=float, nargs="*", default=[0.3, 0.6, 0.9])
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--merges", type=int, default=100)
    asked = parser.parse_args()
    report_speed(asked.model, asked)
    if asked.merges:
        asyncio.run(report_sameness(asked.merges))


if __name__ == "__main__":
    main()
