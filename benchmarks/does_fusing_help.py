"""Does fusing help here, or should I just use my best model? On the tiny models, measured.

    python benchmarks/does_fusing_help.py [--n 600] [--engine llamacpp|mlx] [--json FILE]

Asks the specialists and the generalists the same test questions (drawn evenly from the families,
split from the training questions by a hash of the problem) and prints accuracy with 95 % Wilson
intervals; differences come with paired bootstrap intervals over questions. Greedy decoding. Needs
the `dev` extra.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from fusion_magics.answers import comparable, normalise
from fusion_magics.judges import Pointwise
from fusion_magics.members import open_judge, open_pool
from fusion_magics.modes import best_of, vote
from fusion_magics.pool import Recorder, ask_all
from fusion_magics.tiny.questions import FAMILIES, Question, test_set
from fusion_magics.types import Outcome, Prompt, SamplingParams

SPECIALISTS = ("sums", "words", "logic")
GENERALISTS = ("a", "b", "c")
AT_ONCE = 4  # questions in flight: enough to keep every model busy


@dataclass(frozen=True)
class Row:
    """What every system answered to one question, right (True) or wrong."""

    question: Question
    right: dict[str, bool]
    verdicts: list[tuple[bool, float | None]]  # per candidate: is it right, what the judge gave


class Bench:
    """The models, opened once."""

    def __init__(self, engine: str) -> None:
        params = SamplingParams(max_tokens=384)

        def names(short: Sequence[str]) -> list[str]:
            return [f"tiny:{name}@engine={engine}" for name in short]

        self.specialists = open_pool(names(SPECIALISTS), params)
        self.generalists = open_pool(names(GENERALISTS), params)
        self.judge = open_judge(*names(["judge"]))
        self.params = params

    async def row(self, question: Question) -> Row:
        """Ask everybody one question."""
        ask = Recorder().ask
        prompt = Prompt.of(question.text)
        truth = normalise(question.answer)
        judging = Pointwise(self.judge, ask)

        special = await ask_all(self.specialists, prompt, ask)
        general = await ask_all(self.generalists, prompt, ask)
        alone = await ask(self.judge, "judge alone", "member", prompt, self.params)
        best = await best_of(prompt, special, judging, 0)
        outcomes: dict[str, Outcome] = {
            "vote over specialists": await vote(prompt, special, judging, 0),
            "best-of over specialists": best,
            "vote over generalists": await vote(prompt, general, judging, 0),
            "best-of over generalists": await best_of(prompt, general, judging, 0),
        }
        right = {
            c.member: comparable(c.text) == truth
            for c in (*special.candidates, *general.candidates)
        }
        verdicts = best.judgment.verdicts if best.judgment else ()
        return Row(
            question,
            right
            | {"judge by itself": comparable(alone.text) == truth}
            | {name: comparable(o.text) == truth for name, o in outcomes.items()}
            | {
                "any specialist right": any(right[c.member] for c in special.candidates),
                "any generalist right": any(right[c.member] for c in general.candidates),
            },
            [(right[special.candidates[v.candidate].member], v.score) for v in verdicts],
        )


async def run(questions: Sequence[Question], engine: str) -> list[Row]:
    """Every question's row, with progress on stderr."""
    bench = Bench(engine)
    places = asyncio.Semaphore(AT_ONCE)
    done = 0
    began = time.perf_counter()

    async def one(question: Question) -> Row:
        nonlocal done
        async with places:
            row = await bench.row(question)
        done += 1
        if done % 20 == 0 or done == len(questions):
            left = (time.perf_counter() - began) / done * (len(questions) - done)
            print(
                f"\r{done}/{len(questions)} questions, {left:.0f} s left ", end="", file=sys.stderr
            )
        return row

    rows = await asyncio.gather(*map(one, questions))
    print(file=sys.stderr)
    return list(rows)


# ── statistics ───────────────────────────────────────────────────────────────────────────────


def share(right: Sequence[bool]) -> str:
    """``97.0 % [95.3, 98.1]``: Wilson's interval (1927)."""
    interval = binomtest(sum(right), len(right)).proportion_ci(0.95, "wilson")
    return f"{100 * np.mean(right):5.1f} % [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def bootstrap(rows: Sequence[Row], statistic: Callable[[Sequence[Row]], float]) -> str:
    """``statistic`` in points with the percentile interval of 2,000 resamples of questions."""
    dice = np.random.default_rng(0)
    draws: NDArray[np.float64] = np.array(
        [
            statistic([rows[i] for i in dice.integers(len(rows), size=len(rows))])
            for _ in range(2000)
        ]
    )
    low, high = np.percentile(100 * draws, [2.5, 97.5])
    return f"{100 * statistic(rows):+5.1f} points [{low:+.1f}, {high:+.1f}]"


def accuracy(rows: Sequence[Row], system: str) -> float:
    return float(np.mean([row.right[system] for row in rows]))


def balanced_accuracy(rows: Sequence[Row]) -> float:
    """Mean of the shares of right candidates scored 5 or more and of wrong ones below; a verdict
    that could not be read counts as wrong."""
    told: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        for right, score in row.verdicts:
            told[right].append(score is not None and (score >= 5) == right)
    return float(np.mean([np.mean(told[True]), np.mean(told[False])]))


def report(rows: Sequence[Row]) -> dict[str, str]:
    """Print the tables; what they say, by name."""
    lines: dict[str, str] = {}

    def say(name: str, text: str) -> None:
        lines[name] = text
        print(f"  {name:44s} {text}")

    print(f"\n{len(rows)} test questions, {len(rows) // len(FAMILIES)} of each family\n")
    calls = {"vote": 3, "best-of": 6, "any": 3}
    for system in rows[0].right:
        n = calls.get(system.split()[0], 1)
        say(system, f"{share([r.right[system] for r in rows])}  calls {n}")
    print("\nby family")
    for member in [f"tiny:{m}" for m in (*SPECIALISTS, *GENERALISTS)] + ["judge by itself"]:
        for family in FAMILIES:
            own = [r.right[member] for r in rows if r.question.family == family]
            say(f"{member} on {family}", share(own))
    print("\ndoes it help?")
    best = {
        kind: max(names, key=lambda name: accuracy(rows, f"tiny:{name}"))
        for kind, names in (("specialist", SPECIALISTS), ("generalist", GENERALISTS))
    }

    def minus(one: str, other: str) -> Callable[[Sequence[Row]], float]:
        return lambda some: accuracy(some, one) - accuracy(some, other)

    for one, other in (
        ("best-of over specialists", f"tiny:{best['specialist']}"),
        ("any specialist right", "best-of over specialists"),
        ("vote over specialists", f"tiny:{best['specialist']}"),
        ("best-of over specialists", "judge by itself"),
        ("vote over generalists", f"tiny:{best['generalist']}"),
        ("best-of over generalists", "judge by itself"),
    ):
        say(f"{one} − {other}", bootstrap(rows, minus(one, other)))
    say("judge: balanced accuracy", bootstrap(rows, balanced_accuracy))
    unread = sum(score is None for row in rows for _, score in row.verdicts)
    say(
        "judge: verdicts that could not be read",
        f"{unread} of {sum(len(r.verdicts) for r in rows)}",
    )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=600, help="test questions (default 600)")
    parser.add_argument("--engine", choices=["llamacpp", "mlx"], default="llamacpp")
    parser.add_argument("--json", type=Path, help="also write the report here")
    options = parser.parse_args()
    rows = asyncio.run(run(test_set(options.n), options.engine))
    lines = report(rows)
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
