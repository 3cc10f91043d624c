"""Are our judges' statistics right, and does a jury beat its best judge? On recorded verdicts.

    python benchmarks/llmbar.py [PATH] [--json FILE]

100 pairs of answers with a human preference, and what six judges said of each pair in both orders
(LLMBar, Zeng et al. 2024). Each recorded judge is played by a script and asked by the package's own
`pairwise` protocol; its juries are made by the package's own weights. Conventions:

- A judge's accuracy is the mean over both orders of each pair; a verdict that cannot be read counts
  as wrong. A flip is a pair whose verdict changes with the order.
- A jury's judges vote once per pair; a judge that flips is tied with itself and does not vote. The
  side with more weight wins; where both have the same, the pair counts half.
- Weights are learned from the verdicts of both orders, so that a flip costs.
- Calibrated weights: 50 splits, ten shuffles each cut into five parts of 20 labelled pairs, the
  other 80 are measured; so every pair is measured 40 times.

Intervals are 95 %: of accuracies and differences by 10,000 resamples of pairs (percentiles), of
flips by Wilson (1927). Needs the `jury` extra.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from fusion_magics.asking import Asking, harmless
from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.judges import Pairwise, calibrate, reliability
from fusion_magics.judges.weights import weigh
from fusion_magics.pool import Recorder
from fusion_magics.types import Candidate, Judgment, Prompt, SamplingParams, Timing, Usage

DATA = Path(__file__).parent.parent / "tests" / "data" / "llmbar_natural_100.jsonl.gz"
LABELS = ("1", "2")
SHUFFLES, LABELLED, RESAMPLES = 10, 20, 10_000
SHOWN = re.compile(r"^\[\d\]\n<(\w{8})>\n(.*?)\n</\1>$", re.DOTALL | re.MULTILINE)

PerPair = NDArray[np.float64]
"""How right something is on each pair, 0 to 1; its mean is an accuracy."""


@dataclass(frozen=True)
class Pair:
    """A pair whose better output is known, and what the protocol made of each judge's verdicts."""

    truth: str
    judgments: dict[str, Judgment]

    def verdicts(self, judge: str) -> list[str | None]:
        """In the order (1, 2), then in the order (2, 1); None where it could not be read."""
        said = {one.order: one.ranking for one in self.judgments[judge].comparisons}
        return [LABELS[said[o][0][0]] if said[o] else None for o in ((0, 1), (1, 0))]

    def vote(self, judge: str) -> str | None:
        """The output that the protocol ranks first; None for a tie, or no verdict."""
        first = [v.candidate for v in self.judgments[judge].verdicts if v.rank == 1]
        return LABELS[first[0]] if len(first) == 1 else None


# ── the judges, played through the protocol ──────────────────────────────────────────────────


def replay(path: Path = DATA) -> list[Pair]:
    """Every recorded judge on every pair, asked by the ``pairwise`` protocol."""

    async def all_pairs() -> list[Pair]:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return [await pair_of(json.loads(line)) for line in lines]

    return asyncio.run(all_pairs())


async def pair_of(row: dict[str, Any]) -> Pair:
    """One line of the file, judged."""
    texts = row["output_1"], row["output_2"]
    members = [
        Candidate(label, t, Usage(), "stop", Timing(0.0))
        for label, t in zip(LABELS, texts, strict=True)
    ]
    judgments = {}
    for judge, recorded in row["verdicts"].items():
        model = ScriptedModel(judge, script_of(texts, recorded))
        protocol = Pairwise(Asking(model, Recorder().ask))
        judgments[judge] = await protocol(Prompt.of(row["instruction"]), members)
    return Pair(row["human"], judgments)


def script_of(texts: tuple[str, str], recorded: Sequence[str]) -> Script:
    """A model that says what the judge said of the outputs in the order in which it sees them."""

    def reply(prompt: Prompt, params: SamplingParams) -> str:
        swapped = SHOWN.findall(prompt.messages[0].content)[0][1] != harmless(texts[0])
        verdict = recorded[swapped]
        if verdict not in LABELS:
            return "I cannot say."
        best = 1 + ((verdict == "2") != swapped)  # the place at which the better one is shown
        return json.dumps({"check": "", "rationale": "", "ranking": [[best], [3 - best]]})

    return Script(reply)


# ── what is right ────────────────────────────────────────────────────────────────────────────


def judge_right(pairs: Sequence[Pair], judge: str) -> PerPair:
    """The share of the judge's two verdicts on each pair that are right."""
    return np.array([np.mean([v == p.truth for v in p.verdicts(judge)]) for p in pairs])


def jury_right(pairs: Sequence[Pair], weights: Mapping[str, float]) -> PerPair:
    """Whether the weighted majority of the judges is right on each pair; tied, half."""
    return np.array(
        [_right(weigh({j: p.vote(j) for j in weights}, weights), p.truth) for p in pairs]
    )


def _right(behind: Mapping[Any, float], truth: str) -> float:
    tops = [label for label in LABELS if behind.get(label, 0) == max(behind.values(), default=0)]
    return (truth in tops) / len(tops)


def flips(pairs: Sequence[Pair], judge: str) -> int:
    return sum(pair.judgments[judge].flips for pair in pairs)


# ── weights ──────────────────────────────────────────────────────────────────────────────────


def votes(pairs: Sequence[Pair]) -> dict[str, list[str | None]]:
    """Each judge's verdicts, both orders of each pair."""
    return {judge: [v for p in pairs for v in p.verdicts(judge)] for judge in pairs[0].judgments}


def calibrated(pairs: Sequence[Pair]) -> dict[str, float]:
    """Weights from labelled pairs."""
    return calibrate(votes(pairs), [pair.truth for pair in pairs for _ in LABELS])


def splits(count: int) -> Iterator[tuple[list[int], list[int]]]:
    """Labelled and measured pairs: each shuffle is cut into parts, each once the labelled one."""
    dice = np.random.default_rng(0)
    for _ in range(SHUFFLES):
        shuffled = dice.permutation(count)
        for start in range(0, count, LABELLED):
            labelled = shuffled[start : start + LABELLED]
            yield labelled.tolist(), np.setdiff1d(shuffled, labelled).tolist()


def held_out(pairs: Sequence[Pair]) -> tuple[PerPair, PerPair]:
    """How right the calibrated jury is on pairs whose labels it did not see, and how right the one
    judge is that does best on the labelled pairs: a row per split, NaN where a pair was labelled.
    """
    alone = {judge: judge_right(pairs, judge) for judge in pairs[0].judgments}
    jury, picked = np.full((2, SHUFFLES * len(pairs) // LABELLED, len(pairs)), np.nan)
    for row, (labelled, measured) in enumerate(splits(len(pairs))):
        weights = calibrated([pairs[i] for i in labelled])
        jury[row, measured] = jury_right([pairs[i] for i in measured], weights)
        best = max(alone, key=lambda judge: alone[judge][labelled].mean())
        picked[row, measured] = alone[best][measured]
    return jury, picked


# ── the report ───────────────────────────────────────────────────────────────────────────────


def resampled(right: PerPair) -> tuple[float, float]:
    """The 95 % interval of a mean over pairs, in points."""
    dice = np.random.default_rng(0)
    means = right[dice.integers(len(right), size=(RESAMPLES, len(right)))].mean(axis=1)
    low, high = np.percentile(100 * means, [2.5, 97.5])
    return float(low), float(high)


def accuracy(right: PerPair) -> str:
    low, high = resampled(right)
    return f"{100 * right.mean():.1f} % [{low:.1f}, {high:.1f}]"


def difference(one: PerPair, other: PerPair) -> str:
    low, high = resampled(one - other)
    return f"{100 * (one - other).mean():+.1f} points [{low:+.1f}, {high:+.1f}]"


def beats(one: PerPair, other: PerPair) -> bool:
    return resampled(one - other)[0] > 0


def wilson(count: int, of: int) -> str:
    interval = binomtest(count, of).proportion_ci(0.95, "wilson")
    return f"{count} of {of} [{100 * interval.low:.1f} %, {100 * interval.high:.1f} %]"


def report(pairs: Sequence[Pair]) -> dict[str, str]:
    """Print the tables; what they say, by name."""
    lines: dict[str, str] = {}

    def say(name: str, text: str) -> None:
        lines[name] = text
        print(f"  {name:52s} {text}")

    alone = {judge: judge_right(pairs, judge) for judge in pairs[0].judgments}
    best = max(alone, key=lambda judge: alone[judge].mean())
    print(f"\n{len(pairs)} pairs; right, and verdicts that flip with the order\n")
    for judge, right in alone.items():
        say(judge, f"{accuracy(right):24s} flips {wilson(flips(pairs, judge), len(pairs))}")

    majority = jury_right(pairs, dict.fromkeys(alone, 1.0))
    weights = reliability(votes(pairs))
    reliable = jury_right(pairs, weights)
    print("\njuries of all six, without labels, on all pairs\n")
    say("majority", f"{accuracy(majority)}, of these {np.sum(majority == 0.5)} tied: half right")
    say("weights by reliability (Dawid–Skene)", accuracy(reliable))
    say("its weights", ", ".join(f"{judge} {weight:.2f}" for judge, weight in weights.items()))
    say("reliability − majority", difference(reliable, majority))
    say(f"majority − {best}", difference(majority, alone[best]))

    by_split, picked_by_split = held_out(pairs)
    jury, picked = np.nanmean(by_split, axis=0), np.nanmean(picked_by_split, axis=0)
    gains = np.nanmean(by_split - majority, axis=1)
    print(f"\n{LABELLED} labelled pairs, measured on the others: mean of {len(gains)} splits\n")
    say("weights calibrated on the labelled pairs", accuracy(jury))
    say("majority, same pairs", accuracy(majority))
    say("the judge that is best on the labelled pairs", accuracy(picked))
    say(f"{best} (best in hindsight), same pairs", accuracy(alone[best]))
    say("calibrated − majority", difference(jury, majority))
    below = np.sum(gains < -1e-9)
    say("splits where calibrated is below the majority", f"{below} of {len(gains)}")
    say("the worst split, the best", f"{100 * gains.min():+.1f}, {100 * gains.max():+.1f} points")
    say("calibrated − best on the labelled pairs", difference(jury, picked))
    say(f"calibrated − {best}", difference(jury, alone[best]))

    juries = {"the majority": majority, "reliability": reliable, "the calibrated jury": jury}
    print()
    say("in words", in_words(juries, best, alone[best]))
    return lines


def in_words(juries: Mapping[str, PerPair], best: str, judge: PerPair) -> str:
    """Who beats whom: only where the whole interval of the difference says so."""
    majority = juries["the majority"]
    said = [
        f"{j} beats the best single judge, {best}" for j, r in juries.items() if beats(r, judge)
    ]
    if not said:
        said = [f"nothing beats the best single judge, {best}"]
    said += [f"{j} beats the majority" for j, r in juries.items() if beats(r, majority)]
    said += [f"the majority beats {j}" for j, r in juries.items() if beats(majority, r)]
    return "; ".join(said) + "."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "path", type=Path, nargs="?", default=DATA, help="of llmbar_natural_100.jsonl.gz"
    )
    parser.add_argument("--json", type=Path, help="also write the report here")
    options = parser.parse_args()
    lines = report(replay(options.path))
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
