"""Checkpoints → the files that ship: weights, model cards, and the table of how good they are.

``python -m fusion_magics.tiny.release --out build/tiny`` does it for every model that has been
trained. Cards tell test results; tuning looks at ``--split validation`` only, which writes none.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch

from ..answers import final_answer
from . import GENERALISTS, NAMES, SPECIALISTS, weights
from .comparing import Task
from .evaluate import Share, answers, by, marks, parts, scores, second_thoughts, share
from .evaluate_judge import PAIRS, on_comparing, on_merging
from .export import write_gguf
from .generate import load
from .model import Shape, TinyLlama
from .questions import FAMILIES, Question, even_set, join_parts, two_parts
from .recipes import REAL, RECIPES, Recipe

DEBATES, TWO_PARTS, MERGED = 300, 100, 200
JUDGE_LIMITS = (
    "Its scores are 0 or 10, and only for such questions; its rankings have two groups, right and",
    "wrong. What it merges it has worked out itself, and no better than asked alone. Its analyses",
    "are often wrong in some detail, and sometimes in who supports what.",
)
GOOD = 5  # a score above this says that the answer is right


@dataclass(frozen=True)
class Report:
    """What the table and the cards tell, from one set of questions."""

    questions: list[Question]
    texts: dict[str, list[str]]
    right: dict[str, list[bool]]
    scores: dict[str, list[float | None]]
    others: dict[str, dict[str, Share]]
    """Per member: debates and two-part questions; the judge: comparing and merging."""

    def judged(self) -> dict[str, Share]:
        """The judge on the specialists' answers: right ones found, wrong ones found, unread."""
        pairs = [
            (score, right)
            for name in self.scores
            for score, right in zip(self.scores[name], self.right[name], strict=True)
        ]
        return {
            "right answers accepted": share([s is not None and s > GOOD for s, r in pairs if r]),
            "wrong answers refused": share(
                [s is not None and s <= GOOD for s, r in pairs if not r]
            ),
            "replies that could be read": share([s is not None for s, _ in pairs]),
        }

    def judged_by_kind(self) -> dict[str, Share]:
        """Verdicts that are true, by kind of question."""
        questions, found = [], []
        for name in self.scores:
            for question, score, right in zip(
                self.questions, self.scores[name], self.right[name], strict=True
            ):
                questions.append(question)
                found.append(score is not None and (score > GOOD) == right)
        return by("kind", questions, found)

    def best_of(self) -> list[bool]:
        """Whether the highest-scored specialist's answer is right; ties go to the first."""
        chosen = []
        for i in range(len(self.questions)):
            best = max(self.scores, key=lambda name: self.scores[name][i] or 0.0)
            chosen.append(self.right[best][i])
        return chosen

    def any_right(self, names: tuple[str, ...]) -> list[bool]:
        """Whether one of the members is right."""
        return [any(marks) for marks in zip(*(self.right[name] for name in names), strict=True)]

    def vote(self, names: tuple[str, ...]) -> list[bool]:
        """Whether the most frequent final answer is right; ties go to the earliest."""
        chosen = []
        for i in range(len(self.questions)):
            finals = [final_answer(self.texts[name][i]) for name in names]
            winner = finals.index(Counter(finals).most_common(1)[0][0])
            chosen.append(self.right[names[winner]][i])
        return chosen


def measure(out: Path, questions: list[Question]) -> Report:
    """Every trained model's greedy answers, and the judge's scores of the specialists'."""
    names = [name for name in NAMES if (out / f"{name}.pt").exists()]
    texts = {name: answers(load(name, out), questions) for name in names}
    right = {name: marks(questions, texts[name]) for name in names}
    judged: dict[str, list[float | None]] = {}
    if "judge" in names:
        judge = load("judge", out)
        judged = {n: scores(judge, questions, texts[n]) for n in SPECIALISTS if n in names}
    others = {}
    for name in names:
        model = load(name, out)
        if name != "judge":
            others[name] = second_thoughts(model, questions[:DEBATES]) | parts(model, TWO_PARTS)
        elif set(judged) == set(SPECIALISTS):
            plain = tasks([(question,) for question in questions], questions, texts)
            others[name] = on_comparing(model, plain) | on_merging(model, two_part_tasks(out))
    return Report(questions, texts, right, judged, others)


def tasks(
    parts: list[tuple[Question, ...]], questions: list[Question], texts: dict[str, list[str]]
) -> list[Task]:
    """What the judge is given to read: each question with every specialist's text."""
    rows = zip(*(texts[name] for name in SPECIALISTS), strict=True)
    return [Task(*found) for found in zip(questions, parts, rows, strict=True)]


def two_part_tasks(out: Path, split: str = "test", n: int = MERGED) -> list[Task]:
    """The specialists' own answers to ``n`` questions in two parts."""
    rng = Random(53)
    parts = [two_parts(rng, split) for _ in range(n)]
    questions = [join_parts(rng, *found) for found in parts]
    texts = {name: answers(load(name, out), questions, 320) for name in SPECIALISTS}
    return tasks(list(parts), questions, texts)


def table(report: Report) -> str:
    """The whole report as lines of text."""
    lines = []
    for name, right in report.right.items():
        families = by("family", report.questions, right)
        cells = "  ".join(f"{family} {found}" for family, found in families.items())
        lines.append(f"{name:6} all {share(right)}  {cells}")
        kinds = by("kind", report.questions, right)
        lines.append("       " + ", ".join(f"{k} {_percent(s)}" for k, s in kinds.items()))
        lines += [f"       {what}: {found}" for what, found in report.others.get(name, {}).items()]
    for names in (SPECIALISTS, GENERALISTS):
        if all(name in report.right for name in names):
            lines.append(f"any of {', '.join(names)}: {share(report.any_right(names))}")
            lines.append(f"vote of {', '.join(names)}: {share(report.vote(names))}")
    if report.scores:
        lines += [f"judge, {what}: {found}" for what, found in report.judged().items()]
        kinds = report.judged_by_kind()
        lines.append("judge by kind: " + ", ".join(f"{k} {_percent(s)}" for k, s in kinds.items()))
        lines.append(f"best-of over the specialists: {share(report.best_of())}")
    return "\n".join(lines)


def _percent(found: Share) -> int:
    return round(100 * found.right / found.asked)


def card(name: str, report: Report, out: Path) -> str:
    """A model's card in Markdown."""
    recipe = RECIPES[name]
    facts = json.loads((out / f"{name}.json").read_text())
    shape = Shape()
    lessons = ", ".join(f"{form} {part:.0%}" for form, part in recipe.lessons.items())
    whole = sum(recipe.kinds.values())
    diet = ", ".join(f"{kind} {part / whole:.1%}" for kind, part in recipe.kinds.items() if part)
    lines = [
        f"# tiny:{name}",
        "",
        f"{NAMES[name].capitalize()}.",
        "",
        "A language model of the Llama architecture, made from scratch by",
        "`python -m fusion_magics.tiny.train all` in this repository, which also wrote this card.",
        "Apache-2.0.",
        "",
        "## How it was made",
        "",
        f"- {TinyLlama(shape).parameter_count():,} parameters: width {shape.width}, "
        f"{shape.layers} layers, {shape.heads} heads, inner width {shape.inner}; "
        "bytes as tokens; F16.",
        "- Data: questions generated by `fusion_magics/tiny/questions`, train split only.",
        f"- Kinds of questions: {diet}.",
        f"- Lessons: {lessons}.",
        f"- {facts['step']:,} steps, {facts['tokens'] / 1e6:.1f} million tokens, "
        f"seed {recipe.seed}; "
        f"{facts['seconds'] / 60:.0f} minutes on a shared machine of two cores.",
    ]
    if recipe.reads:
        lines.append(
            f"- The answers in its lessons: {REAL:.0%} were written by {', '.join(recipe.reads)}, "
            "to questions of the train split; the rest is made up."
        )
    lines += _starts(recipe, out)
    lines += ["", "## How good it is", "", *_results(name, report), "", *_limits(name)]
    return "\n".join(lines) + "\n"


def _starts(recipe: Recipe, out: Path) -> list[str]:
    """What came before, one line per stage that does not ship."""
    lines = []
    while recipe.start:
        facts = json.loads((out / f"{recipe.start}.json").read_text())
        lines.append(
            f"- Before that, `{recipe.start}` (not shipped): {facts['step']:,} steps, "
            f"{facts['tokens'] / 1e6:.1f} million tokens, {facts['seconds'] / 60:.0f} minutes."
        )
        recipe = RECIPES[recipe.start]
    return lines


def _results(name: str, report: Report) -> list[str]:
    questions = report.questions
    groups = {"all": share(report.right[name])}
    for field in ("family", "kind"):
        groups |= by(field, questions, report.right[name])
    if name != "judge":
        groups |= report.others[name]
    lines = [
        f"Percent right, greedy, on {len(questions)} test questions drawn evenly from the "
        "families (Wilson 95 % interval):",
        "",
        "| questions | right |",
        "| --- | --- |",
        *(f"| {group} | {found} |" for group, found in groups.items()),
    ]
    if name == "judge":
        verdicts = report.judged() | report.judged_by_kind()
        lines += [
            "",
            "Verdicts on the specialists' own answers to the same questions:",
            "",
            "| verdicts | percent |",
            "| --- | --- |",
            *(f"| {group} | {found} |" for group, found in verdicts.items()),
            "",
            f"Comparing the specialists' own answers to the same questions (two answers: the first "
            f"{PAIRS} of them), and merging those to {MERGED} test questions in two parts:",
            "",
            "| task | percent |",
            "| --- | --- |",
            *(f"| {group} | {found} |" for group, found in report.others.get(name, {}).items()),
        ]
    return lines


def _limits(name: str) -> list[str]:
    families = ", ".join(f"{family} ({', '.join(kinds)})" for family, kinds in FAMILIES.items())
    uses = (
        "For demonstrations and tests of consensus among models, where nothing may be downloaded."
    )
    return [
        "## What it is for, and what not",
        "",
        uses,
        f"It knows English questions of these kinds and nothing else: {families}.",
        "Numbers up to 999, words up to 10 letters, up to four people. On anything else it says",
        "that it does not know, or answers wrongly in good order; never rely on it.",
        "Text unlike anything it has met (other scripts, hundreds of signs) can send it into",
        "repeating itself until the token limit.",
        "Calendar questions come from 418 problems, so a test set repeats some in other words",
        "and their interval is too narrow.",
        *(JUDGE_LIMITS if name == "judge" else []),
    ]


def write(report: Report, out: Path) -> None:
    """Write GGUF and card of every measured model to where the package finds them."""
    for name in report.right:
        state = torch.load(out / f"{name}.pt", weights_only=True)["model"]
        path = weights(name)
        path.parent.mkdir(exist_ok=True)
        write_gguf(state, Shape(), name, path)
        path.with_suffix(".md").write_text(card(name, report, out))


def main(arguments: list[str] | None = None) -> None:
    """Measure and print; on the test split also write the files that ship."""
    parser = argparse.ArgumentParser(description="Release the trained tiny models.")
    parser.add_argument("--out", type=Path, default=Path("build/tiny"))
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("-n", type=int, default=600, help="questions")
    options = parser.parse_args(arguments)
    report = measure(options.out, even_set(options.split, options.n, seed=0))
    print(table(report))
    if options.split == "test":
        write(report, options.out)


if __name__ == "__main__":
    main()
