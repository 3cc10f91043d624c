"""Foreign text in lessons: it stands beside an answer and changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from random import Random

from fusion_magics.tiny.foreign import LONGEST, foreign, sometimes_swayed, swayed
from fusion_magics.tiny.lessons import is_right, judging, worked
from fusion_magics.tiny.questions import sample
from fusion_magics.tiny.recipes import RECIPES, lesson


def test_it_is_short_and_of_many_kinds() -> None:
    rng = Random(0)
    texts = [foreign(rng) for _ in range(2000)]
    assert max(map(len, texts)) <= LONGEST
    assert len(set(texts)) > 1900
    assert 0.05 < sum(not text.isascii() for text in texts) / len(texts) < 0.3


def test_an_answer_stands_in_it_whole() -> None:
    rng = Random(2)
    places: Counter[bool] = Counter()
    for _ in range(300):
        text = worked(sample(rng))
        found = swayed(rng, text)
        assert text in found
        assert len(found) > len(text)
        places[found.startswith(text)] += 1
    assert places[True] > 2 * places[False] > 0


def test_the_verdict_is_about_the_stated_answer() -> None:
    rng = Random(3)
    for _ in range(500):
        question = sample(rng)
        text = swayed(rng, worked(question))
        score = json.loads(judging(rng, question, text)[1][1])["score"]
        assert score == (10 if is_right(question, text) else 0)


def test_the_share_of_swayed_answers() -> None:
    rng = Random(4)
    assert sum(sometimes_swayed(rng, "x", 0.2) != "x" for _ in range(2000)) in range(330, 470)
    checks = [lesson(rng, RECIPES["judge"])[0][1] for _ in range(3000)]
    asked = [text for text in checks if text.startswith("Check the answer.")]
    behind = [text.rpartition("Answer: ")[2].count("\n") > 1 for text in asked]
    assert 0.1 < sum(behind) / len(behind) < 0.4
