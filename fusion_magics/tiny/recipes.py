"""Who learns what: one row per model.

Rows that do not ship are stages: ``root``, where all start; ``common``, which goes on from
``sums-1`` because sums take the longest to learn; and the other numbered ones. The generalists
part after ``common``, each scant in some kinds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from .lessons import Conversation, debate, echo, judging_made_up, off_topic, plain
from .questions import BY_NAME, FAMILY_OF, KINDS, PRACTICE, multi_part, sample

FIRST = [kind for kind in KINDS if kind not in BY_NAME]
EVEN = dict.fromkeys(FIRST, 1.0)
# What goes on from ``digits`` knows sums already, and must not forget them.
FEWER_SUMS = {kind: 0.45 if FAMILY_OF[kind] == "sums" else 1.0 for kind in FIRST}


def mostly(family: str, share: float) -> dict[str, float]:
    """Kinds of one family with ``share`` of the diet, the rest even over the others."""
    own = [kind for kind in FIRST if FAMILY_OF[kind] == family]
    others = len(FIRST) - len(own)
    return {kind: share / len(own) if kind in own else (1 - share) / others for kind in FIRST}


def more(kinds: dict[str, float], **factors: float) -> dict[str, float]:
    """The same diet with some kinds weighed by a factor."""
    return {kind: weight * factors.get(kind, 1.0) for kind, weight in kinds.items()}


def scant(*kinds: str, share: float = 0.004) -> dict[str, float]:
    """Every kind that is asked, but hardly any of the named ones."""
    asked = [kind for kind in KINDS if kind not in PRACTICE]
    return {kind: share if kind in kinds else 1 / len(asked) for kind in asked}


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    ``kinds`` weighs the kinds of questions, ``lessons`` the forms in which they are told. ``steps``
    are updates of about ``tokens`` tokens each; ``start`` names the model whose weights it goes on
    from. ``rate`` is Muon's peak learning rate for the matrices; embeddings and norms take
    ``side_rate`` with AdamW. The rate rises for ``warm_up`` steps and falls linearly to nothing
    over the last ``cooling`` share of the steps. ``stop`` ends a stage before its last step. The
    workings of ``brief`` kinds do not restate the question first.
    """

    seed: int
    steps: int
    kinds: dict[str, float]
    lessons: dict[str, float] = field(
        default_factory=lambda: {"plain": 0.84, "debate": 0.08, "multi": 0.06, "off": 0.02}
    )
    start: str | None = "root"
    tokens: int = 2048
    rate: float = 0.006
    side_rate: float = 0.006
    warm_up: int = 15
    cooling: float = 0.8
    stop: int | None = None
    brief: tuple[str, ...] = ()


# What ``common`` is weakest at, on validation questions, gets more of the judge's time.
HARDER = more(EVEN, nth=1.7, compare=1.5, race=1.4, order=1.3)

# Once the practice is over.
ASKED = more(EVEN, compare=0.0, race=0.0, rules=1.8, nth=1.5, order=1.3)
WEAK = more(ASKED, order=1.5, count=1.4, reverse=0.7, nth=0.6, calendar=0.6)
LOGIC = more(mostly("logic", 0.92), compare=0.0, race=0.0, rules=2.5)

ROOT = {"plain": 0.63, "echo": 0.35, "off": 0.02}
COMMON = {"plain": 0.86, "judge": 0.12, "off": 0.02}
JUDGING = {"plain": 0.33, "judge": 0.65, "off": 0.02}

# For what knows much already: a lower rate, falling almost from the start.
GENTLY: dict[str, Any] = {"rate": 0.004, "side_rate": 0.004, "cooling": 0.9}

RULES = ("rules",)

RECIPES: dict[str, Recipe] = {
    "root": Recipe(1, 1200, EVEN, ROOT, start=None, cooling=0.5, brief=tuple(KINDS)),
    "sums-1": Recipe(3, 2600, mostly("sums", 0.94), brief=tuple(KINDS)),
    "words-1": Recipe(4, 1800, mostly("words", 0.86), brief=tuple(KINDS)),
    "logic-1": Recipe(5, 1800, mostly("logic", 0.86), brief=tuple(KINDS)),
    "common": Recipe(6, 1900, FEWER_SUMS, COMMON, start="sums-1", cooling=0.3, brief=tuple(KINDS)),
    "judge-1": Recipe(
        2, 3700, HARDER, JUDGING, "common", tokens=3072, stop=1133, brief=tuple(KINDS), **GENTLY
    ),
    "judge-2": Recipe(
        13, 2600, HARDER, JUDGING, "judge-1", tokens=3072, stop=1333, brief=RULES, **GENTLY
    ),
    "logic-2": Recipe(12, 1400, mostly("logic", 0.92), start="logic-1", brief=RULES, **GENTLY),
    "sums": Recipe(10, 800, mostly("sums", 0.90), start="sums-1", **GENTLY),
    "words": Recipe(
        11, 1000, more(mostly("words", 0.86), nth=2.2), start="words-1", brief=RULES, **GENTLY
    ),
    "logic-3": Recipe(14, 1000, LOGIC, start="logic-2", brief=RULES, **GENTLY),
    "logic": Recipe(16, 800, LOGIC, start="logic-3", **GENTLY),
    "judge-3": Recipe(
        15, 2300, ASKED, JUDGING, "judge-2", tokens=3072, stop=1572, brief=RULES, **GENTLY
    ),
    "judge": Recipe(17, 1600, WEAK, JUDGING, start="judge-3", tokens=3072, **GENTLY),
    "a": Recipe(7, 950, scant("add", "multiply", "nth"), start="common", **GENTLY),
    "b": Recipe(8, 950, scant("subtract", "reverse", "order"), start="common", **GENTLY),
    "c": Recipe(9, 950, scant("steps", "count", "calendar"), start="common", **GENTLY),
}


def lesson(rng: Random, recipe: Recipe) -> Conversation:
    """One training conversation of a recipe's diet."""
    form = rng.choices(list(recipe.lessons), list(recipe.lessons.values()))[0]
    if form == "off":
        return off_topic(rng)
    if form == "echo":
        return echo(rng)
    if form == "multi":
        return plain(rng, multi_part(rng, brief=recipe.brief))
    kind = rng.choices(list(recipe.kinds), list(recipe.kinds.values()))[0]
    question = sample(rng, kind=kind, brief=recipe.brief)
    return {"plain": plain, "debate": debate, "judge": judging_made_up}[form](rng, question)
