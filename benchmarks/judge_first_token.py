"""From the last candidate's last token to the judge's first: read ahead, and cold.

    python benchmarks/judge_first_token.py JUDGE.gguf MEMBER.gguf [--repeat 3]

Two models with random weights, such as ``random_models.py`` makes. Four members of one model write
240, 280, 320 and 360 tokens (300 on average), JUDGE is then asked, by each protocol and for a
merge. Cold is the same without reading ahead: its weights are loaded and its schemas compiled, but
no prompt of it was read. Each run has a question of its own. Medians.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from random import Random

from fusion_magics import Control, fuse
from fusion_magics.backends import open_model
from fusion_magics.local import LocalModel, unload
from fusion_magics.types import Delta, Prompt, Purpose, SamplingParams

WORDS = "the river and a house of stone in which many people saw some light at night"
LENGTHS = (240, 280, 320, 360)
WAYS = {
    "pointwise": {"protocol": "pointwise"},
    "pairwise": {"protocol": "pairwise"},
    "listwise": {"protocol": "listwise"},
    "merge": {"mode": "merge"},
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


async def warm(path: str) -> None:
    """Loads the weights, and what a first schema needs."""
    params = SamplingParams(max_tokens=2, schema=SCHEMA | {"additionalProperties": False})
    async for _ in open_model("llamacpp", path).stream(Prompt.of("Warm up."), params):
        pass


async def gap(judge: str, member: str, number: int, way: dict[str, str]) -> float:
    """Seconds between the two tokens in one fusion, which is stopped then."""
    unload()
    await asyncio.gather(warm(judge), warm(member))
    control, ends, first = Control(), [0.0], [0.0]

    def watch(label: str, purpose: Purpose, delta: Delta) -> None:
        if purpose == "member" and delta.finish:
            ends.append(time.perf_counter())
        if purpose == "judge" and delta.text and not first[0]:
            first[0] = time.perf_counter()
            control.cancel()

    pool = [f"llamacpp:{member}@max_tokens={n}@temperature=0.8@seed={n}" for n in LENGTHS]
    question = " ".join([f"Question {number}:", *Random(number).choices(WORDS.split(), k=50)])
    await fuse(question, pool=pool, judge=f"llamacpp:{judge}", watch=watch, control=control, **way)
    return first[0] - ends[-1]


async def read_nothing(model: LocalModel, prompt: Prompt, params: SamplingParams) -> None:
    """In the place of :meth:`LocalModel.read_ahead`."""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("judge")
    parser.add_argument("member")
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    read_ahead = LocalModel.read_ahead
    print("| judge | cold | read ahead | ratio |")
    print("|---|---|---|---|")
    for name, way in WAYS.items():
        found: dict[bool, list[float]] = {False: [], True: []}
        for number in range(asked.repeat):
            for ahead in found:
                LocalModel.read_ahead = read_ahead if ahead else read_nothing  # type: ignore[method-assign]
                found[ahead].append(await gap(asked.judge, asked.member, number, way))
        cold, warmed = (statistics.median(found[ahead]) for ahead in (False, True))
        print(f"| {name} | {cold:.2f} s | {warmed:.2f} s | {warmed / cold:.2f} |", flush=True)
    unload()


if __name__ == "__main__":
    asyncio.run(main())
