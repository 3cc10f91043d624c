"""Logic: who is taller, who came second, which day, what follows from rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from .kinds import Kind, Problem
from .vocabulary import COLOURS, GROUPS, NAMES, TREATS, listed

# Relation: (more, less, most, least); the problem lists people from most to least.
RELATIONS = {
    "tall": ("taller", "shorter", "tallest", "shortest"),
    "old": ("older", "younger", "oldest", "youngest"),
    "fast": ("faster", "slower", "fastest", "slowest"),
    "heavy": ("heavier", "lighter", "heaviest", "lightest"),
    "rich": ("richer", "poorer", "richest", "poorest"),
    "strong": ("stronger", "weaker", "strongest", "weakest"),
}
MORE = ("{x} is {r} than {y}.", "{y} is not as {a} as {x}.")
SUPERLATIVE = (
    "{f} Who is the {s}?",
    "{f} Who is {s}?",
    "Who is the {s}? {f}",
    "{f} Who is the {s} of them?",
    "{f} Which of them is the {s}?",
    "{f} So who is the {s}?",
    "{f} Name the {s}.",
    "Tell me who is the {s}. {f}",
    "{f} Who must be the {s}?",
    "{f} The {s} one is who?",
)
OF_TWO = (
    "{f} Who is {c}?",
    "Who is {c}? {f}",
    "{f} Which of them is {c}?",
    "{f} So who is {c}?",
    "{f} Which of the two is {c}?",
    "{f} Who is the {c} one?",
    "{f} Name the {c} one.",
)
SECOND = (
    "{f} Who is the second {s}?",
    "Who is the second {s}? {f}",
    "{f} Who is second {s}?",
    "{f} Which of them is the second {s}?",
    "{f} Name the second {s}.",
)

BEFORE = (
    "{x} finished before {y}.",
    "{x} was faster than {y}.",
    "{y} came in after {x}.",
    "{y} finished behind {x}.",
    "{x} beat {y}.",
    "{y} lost to {x}.",
)
PLACES = ("first", "second", "third", "fourth")
RACE = (
    "{f} Who came {p}?",
    "{f} Who finished {p}?",
    "At the school race: {f} Who came {p}?",
    "{f} Who was {p} in the race?",
    "Who came {p}? {f}",
    "{f} Who took {p} place?",
    "At the swimming race: {f} Who was {p}?",
    "{f} So who ended up {p}?",
    "Some friends ran a race. {f} Who was {p}?",
    "Some friends ran a race. {f} Who came {p}?",
    "{f} Who gets the prize for {p} place?",
    "{f} Tell me who came in {p}.",
    "A race: {f} Who is {p}?",
    "{f} Which runner came {p}?",
    "{f} The runner in {p} place is who?",
)

DAYS = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = listed(
    "January February March April May June July August September October November December"
)
AHEAD = (
    "Today is {d}. What day is it in {n} days?",
    "If today is {d}, what day will it be in {n} days?",
    "It is {d}. Which day comes {n} days later?",
    "What day is {n} days after {d}?",
    "{p} leaves on {d} and returns {n} days later. On what day is that?",
    "The parcel was sent on {d} and takes {n} days. On which day does it arrive?",
    "It's {d}. The party is in {n} days. What day is the party?",
    "Count {n} days on from {d}. What day is it?",
)
AGO = (
    "Today is {d}. What day was it {n} days ago?",
    "If today is {d}, what day was it {n} days ago?",
    "What day is {n} days before {d}?",
    "It is {d}. {p} left {n} days ago. On what day was that?",
    "It's {d} and the milk was bought {n} days ago. On which day?",
    "Go back {n} days from {d}. What day is it?",
)
MONTH_AHEAD = (
    "It is {d}. What month is it in {n} months?",
    "If it is {d} now, which month will it be in {n} months?",
    "What month is {n} months after {d}?",
    "{p} starts a job in {d} and stays {n} months. In which month does it end?",
    "The baby is due {n} months after {d}. Which month is that?",
)
MONTH_AGO = (
    "It is {d}. What month was it {n} months ago?",
    "What month is {n} months before {d}?",
    "{p} moved here {n} months ago. It is {d} now. In which month was that?",
    "Go back {n} months from {d}. Which month is it?",
)

COLOUR_RULES = {
    "end": ("Every {x} wears {y}.", "All {x}s wear {y}.", "If you are a {x}, you wear {y}."),
    "ask": (
        "{f} What colour does {p} wear?",
        "What colour does {p} wear? {f}",
        "{f} Which colour is {p} wearing?",
        "{f} So what colour does {p} wear?",
        "{f} In what colour do we see {p}?",
        "{f} Tell me the colour {p} wears.",
        "Rules of the town: {f} What colour does {p} wear?",
        "{f} What follows: which colour does {p} wear?",
    ),
}
TREAT_RULES = {
    "end": ("Every {x} likes {y}.", "All {x}s like {y}.", "If you are a {x}, you like {y}."),
    "ask": (
        "{f} What does {p} like?",
        "What does {p} like? {f}",
        "{f} What food or drink does {p} like?",
        "{f} So what does {p} like?",
        "{f} What should I bring for {p}?",
        "{f} What would make {p} happy?",
        "{p} is my guest. {f} What do I serve?",
        "{f} What follows: what does {p} like?",
    ),
}
MEMBER = ("{p} is a {x}.", "We know that {p} is a {x}.", "{p} works as a {x}.")
SUBSET = ("Every {x} is a {y}.", "All {x}s are {y}s.", "If you are a {x}, you are a {y}.")


def _facts(rng: Random, facts: list[str]) -> str:
    return " ".join(rng.sample(facts, len(facts)))


def _swap_neighbours(rng: Random, people: tuple[str, ...]) -> Problem:
    at = rng.randrange(len(people) - 1)
    changed = list(people)
    changed[at : at + 2] = reversed(changed[at : at + 2])
    return tuple(changed)


def _another(rng: Random, pool: list[str], *used: str) -> str:
    return rng.choice([word for word in pool if word not in used])


def _initials(people: Sequence[str]) -> str:
    """From most to least by first letter: ``A > B > C``. No two people share one."""
    return " > ".join(person[0] for person in people)


def _facts_in_order(text: str, people: Sequence[str], asked: str) -> str:
    """Who is asked for and the facts of a text: as told, then with the one who has more first.

    ``2: C < B, A > B; B > C, A > B``; ``people`` go from most to least.
    """
    found = ([word for word in re.findall(r"\w+", s) if word in people] for s in _sentences(text))
    told = [pair for pair in found if len(pair) == 2]
    sign = {True: "<", False: ">"}
    signs = (f"{x[0]} {sign[people.index(x) > people.index(y)]} {y[0]}" for x, y in told)
    pairs = (_initials(sorted(pair, key=people.index)) for pair in told)
    return f"{asked}: {', '.join(signs)}; {', '.join(pairs)}"


def _sentences(text: str) -> list[str]:
    return re.split(r"[.?:]", text)


def _ranked(people: Sequence[str], place: int) -> tuple[str, str]:
    """All people in order, then counted up to the one asked for: ``A > B > C; 1A 2B``."""
    counted = " ".join(f"{i}{person[0]}" for i, person in enumerate(people[:place], 1))
    return f"{_initials(people)}; {counted}", people[place - 1]


def _told_apart(rng: Random, pool: list[str], count: int) -> list[str]:
    """So many words of a list, no two with one initial: workings write initials."""
    while True:
        words = rng.sample(pool, count)
        if len({word[0] for word in words}) == count:
            return words


def _people(rng: Random) -> list[str]:
    return _told_apart(rng, NAMES, rng.choice((2, 3, 3, 3, 4)))


def _draw_compare(rng: Random) -> Problem:
    people = _people(rng)
    asked = rng.choice(("most", "least") if len(people) == 2 else ("most", "least", "second"))
    return rng.choice(list(RELATIONS)), asked, *people


def _ask_compare(rng: Random, problem: Problem) -> str:
    adjective, asked, *people = problem
    more, less, most, least = RELATIONS[adjective]
    facts = []
    for x, y in pairwise(people):
        straight = MORE[rng.random() < 0.2].format(x=x, y=y, r=more, a=adjective)
        facts.append(straight if rng.random() < 0.6 else f"{y} is {less} than {x}.")
    wordings = OF_TWO if len(people) == 2 else SECOND if asked == "second" else SUPERLATIVE
    return rng.choice(wordings).format(
        f=_facts(rng, facts),
        s=least if asked == "least" else most,
        c=less if asked == "least" else more,
    )


def _solve_compare(problem: Problem) -> tuple[str, str]:
    _, asked, *people = problem
    return _ranked(people, {"most": 1, "second": 2, "least": len(people)}[asked])


def _near_compare(rng: Random, problem: Problem) -> Problem:
    if rng.random() < 0.3:
        asked = ["most", "least"] if len(problem) == 4 else ["most", "least", "second"]
        return problem[0], _another(rng, asked, problem[1]), *problem[2:]
    return *problem[:2], *_swap_neighbours(rng, problem[2:])


def _draw_race(rng: Random) -> Problem:
    people = _people(rng)
    return str(rng.randint(1, len(people))), *people


def _ask_race(rng: Random, problem: Problem) -> str:
    place, *people = problem
    pairs = pairwise(people)
    facts = _facts(rng, [rng.choice(BEFORE).format(x=x, y=y) for x, y in pairs])
    return rng.choice(RACE).format(f=facts, p=PLACES[int(place) - 1])


def _solve_race(problem: Problem) -> tuple[str, str]:
    place, *people = problem
    return _ranked(people, int(place))


def _near_race(rng: Random, problem: Problem) -> Problem:
    if rng.random() < 0.3:
        places = [str(i) for i in range(1, len(problem))]
        return _another(rng, places, problem[0]), *problem[1:]
    return problem[0], *_swap_neighbours(rng, problem[1:])


def _draw_calendar(rng: Random) -> Problem:
    names = rng.choice((DAYS, MONTHS))
    return rng.choice(names), rng.choice("+-") + str(rng.randint(2, 12))


def _ask_calendar(rng: Random, problem: Problem) -> str:
    start, shift = problem
    if start in DAYS:
        wordings: tuple[str, ...] = AHEAD if shift[0] == "+" else AGO
    else:
        wordings = MONTH_AHEAD if shift[0] == "+" else MONTH_AGO
    return rng.choice(wordings).format(d=start, n=shift[1:], p=rng.choice(NAMES))


def _solve_calendar(problem: Problem) -> tuple[str, str]:
    start, shift = problem
    names = DAYS if start in DAYS else MONTHS
    step = 1 if shift[0] == "+" else -1
    passed = [
        names[(names.index(start) + step * i) % len(names)] for i in range(1, int(shift[1:]) + 1)
    ]
    return ", ".join(f"{i} {name[:3]}" for i, name in enumerate(passed, 1)), passed[-1]


def _near_calendar(rng: Random, problem: Problem) -> Problem:
    start, shift = problem
    if rng.random() < 0.25:
        return start, ("-" if shift[0] == "+" else "+") + shift[1:]
    count = max(1, int(shift[1:]) + rng.choice((-2, -1, 1, 2)))
    return start, shift[0] + str(count)


def _draw_follows(rng: Random) -> Problem:
    groups = _told_apart(rng, GROUPS, rng.choice((1, 2, 2)))
    return rng.choice(NAMES), *groups, rng.choice(rng.choice((COLOURS, TREATS)))


def _ask_follows(rng: Random, problem: Problem) -> str:
    """The facts that the answer follows from, and mostly a rule that does not matter.

    Where such a rule is rare, a model learns to copy whichever colour it sees.
    """
    name, *groups, end = problem
    ends, rules = (COLOURS, COLOUR_RULES) if end in COLOURS else (TREATS, TREAT_RULES)
    facts = [rng.choice(MEMBER).format(p=name, x=groups[0])]
    facts += [rng.choice(SUBSET).format(x=x, y=y) for x, y in pairwise(groups)]
    facts.append(rng.choice(rules["end"]).format(x=groups[-1], y=end))
    if rng.random() < 0.75:
        initials = {group[0] for group in groups}
        other = rng.choice([group for group in GROUPS if group[0] not in initials])
        facts.append(rng.choice(rules["end"]).format(x=other, y=_another(rng, ends, end)))
    return rng.choice(rules["ask"]).format(f=_facts(rng, facts), p=name)


def _solve_follows(problem: Problem) -> tuple[str, str]:
    *chain, end = problem
    return f"{_initials(chain)} > {end}", end


def _rules(_: Problem, text: str) -> str:
    """The rules of a text in its order: ``Z > d, b > red, d > green``."""
    short = {w: w for w in (*COLOURS, *TREATS)} | {w: w[0] for w in (*NAMES, *GROUPS)}
    found = []
    for sentence in _sentences(text):
        words = sentence.replace(",", "").split()
        singular = (w[:-1] if w[:-1] in GROUPS else w for w in words)
        found.append([short[w] for w in singular if w in short])
    return ", ".join(" > ".join(rule) for rule in found if len(rule) == 2)


def _near_follows(rng: Random, problem: Problem) -> Problem:
    ends = COLOURS if problem[-1] in COLOURS else TREATS
    return *problem[:-1], _another(rng, ends, problem[-1])


KINDS = (
    Kind(
        "compare",
        _draw_compare,
        _ask_compare,
        _solve_compare,
        _near_compare,
        restate=lambda problem, text: _facts_in_order(text, problem[2:], problem[1]),
    ),
    Kind(
        "race",
        _draw_race,
        _ask_race,
        _solve_race,
        _near_race,
        restate=lambda problem, text: _facts_in_order(text, problem[1:], problem[0]),
    ),
    Kind(
        "calendar",
        _draw_calendar,
        _ask_calendar,
        _solve_calendar,
        _near_calendar,
        restate=lambda problem, _: f"{problem[0][:3]} {problem[1]}",
    ),
    Kind("follows", _draw_follows, _ask_follows, _solve_follows, _near_follows, restate=_rules),
)
