"""Does fusing help here, or should I just use my best model? On the tiny models, measured.

    python benchmarks/does_fusing_help.py [--n 600] [--parts 200] [--engine llamacpp|mlx]
                                          [--rows FILE] [--json FILE]

Asks the specialists and the generalists the same test questions (drawn evenly from the families,
split from the training questions by a hash of the problem), lets every mode and judge protocol
decide over the same answers, and prints accuracy with 95 % Wilson intervals and the calls used;
differences come with paired bootstrap intervals over questions. Greedy decoding, except where a
member is sampled several times for a fair comparison at equal calls (temperature 0.8).

``--rows FILE`` keeps every question's row as it is done; the same command goes on from there.
Needs the `dev` extra; about 25 minutes on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random

from _report import report, report_parts
from _systems import Bench, Row

from fusion_magics.tiny.questions import Question, multi_part, test_set

AT_ONCE = 4  # questions in flight: enough to keep every model busy


def part_questions(n: int) -> list[Question]:
    """``n`` different two-part test questions."""
    rng = Random("test/parts/0")
    found: dict[str, Question] = {}
    while len(found) < n:
        question = multi_part(rng, "test")
        found.setdefault(question.key, question)
    return list(found.values())


class Kept:
    """Rows on disk, one JSON object per line, so that an interrupted run goes on."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path is not None and path.exists() else []
        self.rows = {row.question: row for row in map(Row.from_json, lines)}

    def add(self, row: Row) -> None:
        """Keep one more."""
        self.rows[row.question] = row
        if self._path is not None:
            with self._path.open("a") as file:
                print(row.to_json(), file=file)


async def run(
    what: str, questions: Sequence[Question], ask: Callable[[Question], Awaitable[Row]], kept: Kept
) -> list[Row]:
    """Every question's row, with progress on stderr."""
    places = asyncio.Semaphore(AT_ONCE)
    left = [q for q in questions if q.text not in kept.rows]
    began, done = time.perf_counter(), 0

    async def one(question: Question) -> None:
        nonlocal done
        async with places:
            kept.add(await ask(question))
        done += 1
        seconds = (time.perf_counter() - began) / done * (len(left) - done)
        print(f"\r{what}: {done}/{len(left)}, {seconds:.0f} s left ", end="", file=sys.stderr)

    await asyncio.gather(*map(one, left))
    print(file=sys.stderr)
    return [kept.rows[q.text] for q in questions]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=600, help="test questions (default 600)")
    parser.add_argument("--parts", type=int, default=200, help="two-part questions (default 200)")
    parser.add_argument("--engine", choices=["llamacpp", "mlx"], default="llamacpp")
    parser.add_argument("--rows", type=Path, help="keep rows here, and go on from them")
    parser.add_argument("--json", type=Path, help="also write the report here")
    options = parser.parse_args()
    bench, kept = Bench(options.engine), Kept(options.rows)

    async def both() -> tuple[list[Row], list[Row]]:
        rows = await run("questions", test_set(options.n), bench.row, kept)
        parts = await run("two-part questions", part_questions(options.parts), bench.parts, kept)
        return rows, parts

    rows, parts = asyncio.run(both())
    lines = report(rows) | report_parts(parts)
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
