"""Who learns what: one row per model.

``root``, ``digits`` and ``common`` do not ship. ``root`` learns to copy and how a working looks;
``digits`` learns sums, which take the longest; ``common`` goes on from there and meets every kind.
``sums`` is ``digits`` polished, ``words`` goes on from ``root``, ``logic`` and ``scorer`` from
``common``. So do the generalists, each without a third of the kinds, which they forget in part.
``scorer`` learns to check one answer; the judge goes on from it to comparing and merging several.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from . import GENERALISTS, SPECIALISTS
from .answered import Answered
from .comparing import comparing, some_answers
from .foreign import sometimes_swayed
from .lessons import (
    Conversation,
    candidate_for,
    debate,
    echo,
    judging,
    judging_made_up,
    off_topic,
    plain,
)
from .merging import analysing, merge_task, merging
from .questions import FAMILY_OF, KINDS, Question, multi_part, sample


def mostly(family: str, share: float) -> dict[str, float]:
    """Kinds of one family with ``share`` of the diet, the rest even over the others."""
    own = [kind for kind in KINDS if FAMILY_OF[kind] == family]
    others = len(KINDS) - len(own)
    return {kind: share / len(own) if kind in own else (1 - share) / others for kind in KINDS}


def more(kinds: dict[str, float], **factors: float) -> dict[str, float]:
    """The same diet with some kinds weighed by a factor."""
    return {kind: weight * factors.get(kind, 1.0) for kind, weight in kinds.items()}


def without(*kinds: str) -> dict[str, float]:
    """Every kind but the named ones."""
    return {kind: float(kind not in kinds) for kind in KINDS}


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    ``kinds`` weighs the kinds of questions, ``lessons`` the forms in which they are told. ``steps``
    are updates, each on ``batches`` of about ``tokens`` tokens. The lessons of a batch are of like
    length and so of like form: several batches keep a long form from drowning the others. ``start``
    names the model whose weights it goes on from, ``reads`` those whose answers its lessons show.
    ``rate`` is the peak learning rate, for the
    matrices under Muon and for embeddings and norms under AdamW. It rises for ``warm_up`` steps and
    falls linearly to nothing over the last ``cooling`` share of the steps.
    """

    seed: int
    steps: int
    kinds: dict[str, float]
    lessons: dict[str, float]
    start: str | None = "root"
    tokens: int = 2048
    batches: int = 1
    rate: float = 0.006
    warm_up: int = 15
    cooling: float = 0.9
    reads: tuple[str, ...] = ()


EVEN = dict.fromkeys(KINDS, 1.0)
HARD = more(EVEN, order=1.2, count=1.2, compare=1.5, race=1.5, follows=1.5)
# What goes on from ``digits`` knows sums already, and must not forget them.
FEWER_SUMS = {kind: w * (0.5 if FAMILY_OF[kind] == "sums" else 1.0) for kind, w in HARD.items()}

SUMS = more(mostly("sums", 0.92), subtract=1.8)
LOGIC = more(mostly("logic", 0.99), compare=1.5, race=1.5, follows=1.5)

COPYING = {"plain": 0.63, "echo": 0.35, "off": 0.02}
MIXED = {"plain": 0.84, "debate": 0.08, "multi": 0.06, "off": 0.02}
SOME_JUDGING = {"plain": 0.86, "judge": 0.12, "off": 0.02}
SCORING = {"plain": 0.33, "judge": 0.65, "off": 0.02}
# An analysis is ten times as long as an answer: by tokens it is nearly half of this diet.
JUDGING = {
    "plain": 0.11,
    "multi": 0.12,
    "check": 0.17,
    "compare": 0.28,
    "analysis": 0.22,
    "synthesis": 0.08,
    "off": 0.02,
}
READING = ("check", "compare", "analysis", "synthesis")
REAL = 0.6  # of the lessons on answers: what members wrote, not made up
# In an open debate the question may be of any kind: who cannot answer it has the others to read.
SPECIAL = {"plain": 0.80, "open debate": 0.12, "multi": 0.06, "off": 0.02}
# ``logic`` comes from ``common``, which met every kind: more would make it a generalist.
MOSTLY_PLAIN = {"plain": 0.92, "open debate": 0.04, "multi": 0.02, "off": 0.02}
GENERAL = {"plain": 0.72, "open debate": 0.20, "multi": 0.06, "off": 0.02}

# In the order in which a free core takes them up: what the most waits for comes first.
RECIPES: dict[str, Recipe] = {
    "root": Recipe(1, 2000, EVEN, COPYING, start=None, cooling=0.5),
    "digits": Recipe(3, 3200, SUMS, MIXED),
    "common": Recipe(6, 2500, FEWER_SUMS, SOME_JUDGING, start="digits", cooling=0.3),
    "scorer": Recipe(2, 6000, HARD, SCORING, start="common", tokens=3072, rate=0.005),
    "words": Recipe(4, 3400, more(mostly("words", 0.88), order=1.3, count=1.2), SPECIAL),
    "sums": Recipe(10, 2000, SUMS, SPECIAL, start="digits", rate=0.004),
    "logic": Recipe(11, 3000, LOGIC, MOSTLY_PLAIN, "common", rate=0.005, cooling=0.6),
    "a": Recipe(
        7, 1600, without("multiply", "reverse", "nth", "race"), GENERAL, "common", rate=0.004
    ),
    "b": Recipe(
        8, 1600, without("add", "subtract", "order", "follows"), GENERAL, "common", rate=0.004
    ),
    "c": Recipe(
        9, 1600, without("steps", "count", "calendar", "compare"), GENERAL, "common", rate=0.004
    ),
    "judge": Recipe(
        *(13, 6000, HARD, JUDGING, "scorer"),
        tokens=4096,
        batches=2,
        rate=0.003,
        reads=(*SPECIALISTS, *GENERALISTS),
    ),
}


def lesson(rng: Random, recipe: Recipe, answered: Answered | None = None) -> Conversation:
    """One training conversation of a recipe's diet; ``answered``: what ``recipe.reads`` wrote."""
    form = rng.choices(list(recipe.lessons), list(recipe.lessons.values()))[0]
    if form == "off":
        return off_topic(rng)
    if form == "echo":
        return echo(rng)
    if form == "multi":
        return plain(rng, multi_part(rng))
    if form == "open debate":
        return debate(rng, sample(rng))
    if form in READING:
        return reading(rng, form, recipe, answered if rng.random() < REAL else None)
    told = {"plain": plain, "debate": debate, "judge": judging_made_up}
    return told[form](rng, asking(rng, recipe))


def reading(rng: Random, form: str, recipe: Recipe, answered: Answered | None) -> Conversation:
    """What a judge is asked about answers, made up if none are given, and its reply."""
    if form == "check":
        question = asking(rng, recipe)
        made_up = question, candidate_for(rng, question)
        question, text = answered.one(rng) if answered else made_up
        return judging(rng, question, sometimes_swayed(rng, text, 0.2))
    if form == "compare":
        made = answered.to_compare(rng) if answered else some_answers(rng, asking(rng, recipe))
        return comparing(rng, made)
    task = answered.to_merge(rng) if answered else merge_task(rng)
    return (analysing if form == "analysis" else merging)(rng, task)


def asking(rng: Random, recipe: Recipe) -> Question:
    """A plain question of a recipe's diet."""
    kind = rng.choices(list(recipe.kinds), list(recipe.kinds.values()))[0]
    return sample(rng, kind=kind)
