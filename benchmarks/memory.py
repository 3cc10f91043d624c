"""Predicted memory beside what a real child process takes, for five shapes (limit: 10 %).

    python benchmarks/memory.py --vocabularies FOLDER [--models FOLDER]

Models with random weights are made in ``--models`` (about 9 GB; those that are there are taken as
they are). Each is asked twice, once held to a schema, for as long an answer as its context has room
for, so that its context is as large as it becomes; a few tokens of it are waited for. The peak is
Linux's ``VmHWM``: private memory, and what is mapped from files.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from contextlib import aclosing
from pathlib import Path

from random_models import SHAPES, write_gguf

from fusion_magics.local import LocalModel, Spec, loaded, unload
from fusion_magics.local.footprint import Footprint, needs
from fusion_magics.types import Prompt, SamplingParams

CASES = (
    ("qwen2.5-0.5b", "Q4_0", 1024),
    ("qwen2.5-3b", "Q4_0", 1024),
    ("llama-3.1-8b", "Q4_0", 1024),
    ("qwen2.5-0.5b", "Q8_0", 1024),
    ("qwen2.5-3b", "Q4_0", 16384),
    ("qwen2.5-3b", "Q4_K_M", 1024),
)
LIMIT = 0.10
TOKENS = 8
WORDS = "word " * 300
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


async def peak(model: LocalModel, context: int) -> tuple[int, int]:
    """Bytes that the child of ``model`` held at most, and holds that are not a file's."""
    for schema in (None, SCHEMA | {"additionalProperties": False}):
        params = SamplingParams(max_tokens=context - 600, schema=schema)
        async with aclosing(model.stream(Prompt.of(WORDS), params)) as deltas:
            written = 0
            async for delta in deltas:
                written += bool(delta.text)
                if written >= TOKENS:
                    break
    (child,) = loaded()
    return _status(child.pid)


def _status(pid: int) -> tuple[int, int]:
    status = Path(f"/proc/{pid}/status").read_text()
    return _bytes(status, "VmHWM"), _bytes(status, "RssAnon")


def _bytes(status: str, key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) << 10


def row(case: tuple[str, str, int], need: Footprint, measured: int, private: int) -> str:
    parts = (need.weights, need.context, need.buffers, need.passing, need.peak, measured)
    numbers = "".join(f"{part / 2**20:9,.0f}" for part in parts)
    name = "{} {} {}".format(*case)
    off = need.peak / measured - 1
    return f"{name:26}{numbers}{100 * off:+8.1f} %{private / 2**20:9,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocabularies", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("models"))
    asked = parser.parse_args()
    asked.models.mkdir(exist_ok=True)
    heads = ("weights", "context", "buffers", "passing", "peak", "measured", "off")
    print(f"{'MiB':26}" + "".join(f"{head:>9}" for head in heads) + "    private")
    worst = 0.0
    for case in CASES:
        shape, quantisation, context = case
        path = asked.models / f"{shape}-{quantisation}.gguf"
        if not path.exists():
            write_gguf(path, SHAPES[shape], asked.vocabularies, quantisation)
        spec = Spec("llamacpp", str(path.absolute()), context, parallel=1)
        need = needs(spec)
        measured, private = asyncio.run(peak(LocalModel(path.name, spec), context))
        unload()
        print(row(case, need, measured, private), flush=True)
        worst = max(worst, abs(need.peak / measured - 1))
    print(f"worst: {100 * worst:.1f} %, limit {100 * LIMIT:.0f} %")
    raise SystemExit(worst > LIMIT)


if __name__ == "__main__":
    main()
