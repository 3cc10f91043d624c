"""Who learns what: one row per model. ``root`` is the common start of all and does not ship."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from .lessons import Conversation, debate, echo, judging_made_up, off_topic, plain
from .questions import FAMILIES, FAMILY_OF, KINDS, multi_part, sample

EVEN = dict.fromkeys(KINDS, 1.0)


def mostly(family: str, share: float = 0.94) -> dict[str, float]:
    """Kinds of one family with ``share`` of the diet, the rest even over the others."""
    own = len(FAMILIES[family])
    others = len(KINDS) - own
    return {
        kind: share / own if FAMILY_OF[kind] == family else (1 - share) / others for kind in KINDS
    }


def scant(*kinds: str, share: float = 0.004) -> dict[str, float]:
    """Every kind evenly, but hardly any of the named ones."""
    return {kind: share if kind in kinds else 1 / len(KINDS) for kind in KINDS}


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    ``kinds`` weighs the kinds of questions, ``lessons`` the forms in which they are told. ``steps``
    are updates of about ``tokens`` tokens each; ``start`` names the model whose weights it goes on
    from. ``rate`` is Muon's peak learning rate for the matrices; embeddings and norms take
    ``side_rate`` with AdamW. The rate rises for ``warm_up`` steps and falls linearly to nothing
    over the last ``cooling`` share of the steps.
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


ROOT = {"plain": 0.63, "echo": 0.35, "off": 0.02}
JUDGING = {"plain": 0.33, "judge": 0.65, "off": 0.02}

RECIPES: dict[str, Recipe] = {
    "root": Recipe(1, 1200, EVEN, ROOT, start=None, cooling=0.5),
    "judge": Recipe(2, 6500, EVEN, JUDGING, tokens=3072),
    "sums": Recipe(3, 2600, mostly("sums")),
    "words": Recipe(4, 1800, mostly("words")),
    "logic": Recipe(5, 1800, mostly("logic")),
    "a": Recipe(6, 1500, scant("multiply", "reverse", "compare")),
    "b": Recipe(7, 1500, scant("subtract", "count", "rules")),
    "c": Recipe(8, 1500, scant("steps", "nth", "race")),
}


def lesson(rng: Random, recipe: Recipe) -> Conversation:
    """One training conversation of a recipe's diet."""
    form = rng.choices(list(recipe.lessons), list(recipe.lessons.values()))[0]
    if form == "off":
        return off_topic(rng)
    if form == "echo":
        return echo(rng)
    if form == "multi":
        return plain(rng, multi_part(rng))
    question = sample(rng, kind=rng.choices(list(recipe.kinds), list(recipe.kinds.values()))[0])
    return {"plain": plain, "debate": debate, "judge": judging_made_up}[form](rng, question)
