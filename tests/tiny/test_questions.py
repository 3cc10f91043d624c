"""Questions: the split holds, the answers are right, the wordings vary."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from fusion_magics.tiny.questions import (
    FAMILIES,
    KINDS,
    Question,
    multi_part,
    near_miss,
    sample,
    split_of,
)
from fusion_magics.tiny.questions import (
    test_set as every_test_question,
)
from fusion_magics.tiny.questions.logic import DAYS, MONTHS
from fusion_magics.tiny.questions.vocabulary import GROUPS


def drawn(kind: str, n: int, split: str = "train", seed: int = 0) -> list[Question]:
    rng = Random(f"{kind}{seed}")
    return [sample(rng, split, kind=kind) for _ in range(n)]


@pytest.mark.parametrize("seed", range(20))
def test_training_draws_only_training_problems(seed: int) -> None:
    rng = Random(seed)
    for _ in range(300):
        assert split_of(sample(rng).key) == "train"
        assert {split_of(key) for key in multi_part(rng).key.split(" + ")} == {"train"}


def test_no_test_problem_can_be_drawn_for_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer the training sampler each test problem, then a training one: it takes the second."""
    for question in every_test_question(600):
        kind = KINDS[question.kind]
        allowed = sample(Random(1), kind=question.kind)
        offers = [tuple(q.key.split("/")[1:]) for q in (question, allowed)]
        offering = type(kind)(
            kind.name, lambda rng, o=offers: o.pop(0), kind.ask, kind.solve, kind.near,
            kind.canonical,
        )  # fmt: skip
        monkeypatch.setitem(KINDS, question.kind, offering)
        assert sample(Random(2), kind=question.kind).key == allowed.key
        assert not offers
        monkeypatch.setitem(KINDS, question.kind, kind)


def test_the_order_of_a_sum_does_not_matter_to_the_split() -> None:
    add = KINDS["add"]
    assert add.canonical(("348", "67")) == add.canonical(("67", "348"))


def test_test_set_is_fixed_and_even() -> None:
    first, second = every_test_question(600), every_test_question(600)
    assert first == second
    assert all(split_of(question.key) == "test" for question in first)
    assert set(Counter(q.family for q in first).values()) == {200}
    for family, kinds in FAMILIES.items():
        counts = Counter(q.kind for q in first if q.family == family)
        assert set(counts) == set(kinds)
        assert max(counts.values()) - min(counts.values()) <= 1
    few = [q.key for q in first if q.kind == "calendar"]  # 418 problems in all
    assert len({question.key for question in first}) - len(set(few)) >= 0.97 * (600 - len(few))


@pytest.mark.parametrize("kind", KINDS)
def test_wordings_vary(kind: str) -> None:
    """Numbers, names and made-up words out, at least fifteen openings or endings are left."""
    shapes = set()
    for question in drawn(kind, 1500):
        text = question.text
        for word in question.key.split("/")[1:]:
            text = text.replace(word, "_") if word else text
        shapes.add(re.sub(r"\d+|\b[A-Z][a-z]+\b", "_", text)[:60])
    assert len(shapes) >= 15


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_tidy(kind: str) -> None:
    for question in drawn(kind, 200):
        for text in (question.text, question.working, question.answer):
            assert text
            assert text == text.strip()
            assert text.isascii()
            assert not re.search(r"[{}\n\\]|  ", text)
        assert len(question.text) < 260
        assert len(question.working) < 125
        assert '"' not in question.working + question.answer


@pytest.mark.parametrize("kind", ["add", "subtract", "multiply"])
def test_sums(kind: str) -> None:
    for question in drawn(kind, 300):
        expression, steps = question.working.split(": ")
        assert eval(expression) == int(question.answer)
        for step in steps.split(", "):
            left, right = step.split("=")
            assert eval(left) == int(right)
        numbers = {int(n) for n in re.findall(r"\d+", question.text)}
        assert {int(n) for n in re.findall(r"\d+", expression)} == numbers


def test_steps() -> None:
    for question in drawn("steps", 300):
        assert int(question.answer) == eval("".join(question.key.split("/")[1:]))
        total = 0
        for part in question.working.split("; "):
            expression = part.split(": ")[0]
            first = int(re.split(r"[+-]", expression)[0])
            assert first == (total or first)
            total = eval(expression)
        assert total == int(question.answer)


def test_count() -> None:
    for question in drawn("count", 300):
        _, word, letter = question.key.split("/")
        assert int(question.answer) == word.count(letter)
        restated, spelled = question.working.split(": ")
        assert restated == letter
        assert re.sub(r"[\d ]", "", spelled) == word


def test_strawberry() -> None:
    assert KINDS["count"].solve(("strawberry", "r")) == ("s t r1 a w b e r2 r3 y", "3")


def test_reverse_and_nth() -> None:
    for question in drawn("reverse", 200):
        assert question.answer == question.key.split("/")[1][::-1]
    for question in drawn("nth", 200):
        _, word, place = question.key.split("/")
        assert question.answer == word[int(place) - 1]


def test_order() -> None:
    for question in drawn("order", 200):
        _, which, *words = question.key.split("/")
        assert question.answer == (min(words) if which == "first" else max(words))
        assert all(word in question.text for word in words)
        asked, restated, ordered = question.working.split(": ")
        assert asked == which
        assert ordered == " < ".join(sorted(word[0] for word in words)) + f"; {question.answer[0]}"
        assert restated.split(", ") == [
            w[0] for w in re.findall(r"\w+", question.text) if w in words
        ]


def _order_from_facts(text: str, patterns: dict[str, bool]) -> list[str]:
    """People from most to least, from the facts in a text alone; ``True``: first one is more."""
    pairs = []
    for pattern, straight in patterns.items():
        for x, y in re.findall(pattern, text):
            pairs.append((x, y) if straight else (y, x))
    people = {person for pair in pairs for person in pair}
    below = dict(pairs)
    top = next(p for p in people if p not in below.values())
    order = [top]
    while order[-1] in below:
        order.append(below[order[-1]])
    return order


def _check_working(question: Question, order: list[str]) -> None:
    """Every fact once, in the text's order, as told and then the right way round; the order."""
    _, facts_told, chain = question.working.split(": ")
    told, turned = (part.split(", ") for part in facts_told.split("; "))
    for fact, other in zip(told, turned, strict=True):
        x, sign, y = fact.split()
        assert other == (f"{x} > {y}" if sign == ">" else f"{y} > {x}")
    ordered, counted = chain.split("; ")
    assert ordered == " > ".join(person[0] for person in order)
    assert counted.split() == [
        f"{i}{person[0]}" for i, person in enumerate(order[: order.index(question.answer) + 1], 1)
    ]
    _check_restated(", ".join(turned), question.text, order)


def _check_restated(restated: str, text: str, order: list[str]) -> None:
    """Every fact once, in the text's order, the right way round."""
    by_initial = {person[0]: person for person in order}
    assert len(by_initial) == len(order)
    facts = [[by_initial[i] for i in fact.split(" > ")] for fact in restated.split(", ")]
    assert len(facts) == len(order) - 1
    for x, y in facts:
        assert order.index(y) == order.index(x) + 1
    sentences = [s for s in re.split(r"[.?:]", text) if sum(p in s.split() for p in order) == 2]
    assert all(set(fact) <= set(s.split()) for fact, s in zip(facts, sentences, strict=True))


def test_compare() -> None:
    more = "taller|older|faster|heavier|richer|stronger"
    less = "shorter|younger|slower|lighter|poorer|weaker"
    patterns = {
        rf"(\w+) is (?:{more}) than (\w+)\.": True,
        rf"(\w+) is (?:{less}) than (\w+)\.": False,
        r"(\w+) is not as \w+ as (\w+)\.": False,
    }
    for question in drawn("compare", 300):
        order = _order_from_facts(question.text, patterns)
        _check_working(question, order)
        place = {"most": 0, "second": 1, "least": -1}[question.key.split("/")[2]]
        assert question.answer == order[place]
        word = re.search(rf"\b({more}|{less})\b[^.]*\?", question.text)
        if word and len(order) == 2:  # who is taller, who is shorter
            assert question.answer == order[word[1] in less.split("|")]


def test_race() -> None:
    patterns = {
        r"(\w+) (?:finished before|was faster than|beat) (\w+)\.": True,
        r"(\w+) (?:came in after|finished behind|lost to) (\w+)\.": False,
    }
    places = ("first", "second", "third", "fourth")
    for question in drawn("race", 300):
        order = _order_from_facts(question.text, patterns)
        place = next(i for i, word in enumerate(places) if re.search(rf"\b{word}\b", question.text))
        assert question.answer == order[place]
        _check_working(question, order)


def test_calendar() -> None:
    for question in drawn("calendar", 300):
        _, start, shift = question.key.split("/")
        names = DAYS if start in DAYS else MONTHS
        assert question.answer == names[(names.index(start) + int(shift)) % len(names)]
        assert start in question.text
        assert shift[1:] in question.text


def test_follows() -> None:
    """The answer follows from the facts in the text, and only one thing does."""
    for question in drawn("follows", 300):
        name, *_, end = question.key.split("/")[1:]
        facts = dict(re.findall(r"(\w+) (?:is|works as) an? (\w+)\.", question.text))
        facts |= dict(re.findall(r"Every (\w+) (?:is a|wears|likes) (\w+)\.", question.text))
        facts |= dict(re.findall(r"All (\w+?)s (?:wear|like) (\w+)\.", question.text))
        facts |= dict(re.findall(r"All (\w+?)s are (\w+?)s\.", question.text))
        facts |= dict(re.findall(r"a (\w+), you (?:are a|wear|like) (\w+)\.", question.text))
        reached = name
        while reached in facts:
            reached = facts[reached]
        assert reached == end == question.answer
        restated, chain = question.working.split(": ")
        rules = [rule.split(" > ") for rule in restated.split(", ")]
        ends = set(facts.values()) - set(GROUPS)
        short = {word: word if word in ends else word[0] for word in (*facts, *facts.values())}
        assert len({short[word] for word in facts}) == len(facts)
        assert {(short[x], short[y]) for x, y in facts.items()} == {(x, y) for x, y in rules}
        assert chain.split(" > ") == [short[word] for word in question.key.split("/")[1:]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_near_miss_is_wrong(kind: str) -> None:
    rng = Random(5)
    found = [near_miss(rng, question) for question in drawn(kind, 200)]
    misses = [miss for miss in found if miss]
    assert len(misses) > 100
    for question, miss in zip(drawn(kind, 200), found, strict=True):
        assert miss is None or miss[1] != question.answer


def test_multi_part_questions_join_two_families() -> None:
    rng = Random(3)
    for _ in range(100):
        question = multi_part(rng, "test")
        kinds = [key.split("/")[0] for key in question.key.split(" + ")]
        assert len({next(f for f, ks in FAMILIES.items() if k in ks) for k in kinds}) == 2
        assert len(question.working.splitlines()) == 2
        assert len(question.answer.split("; ")) == 2


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError):
        sample(Random(1), family="cooking")
    with pytest.raises(ValueError, match="split is one of"):
        sample(Random(1), "everything")
