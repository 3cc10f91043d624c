"""Each mode by its word through ``fuse()``: saved and read back, shown, whatever the pool order."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from cases import scored

from fusion_magics.backends.scripted import Script
from fusion_magics.fusion import fuse
from fusion_magics.modes import MODES
from fusion_magics.types import Fusion, Prompt, SamplingParams
from fusion_magics.views import bundle


def fickle(prompt: Prompt, params: SamplingParams) -> str:
    """Says maybe, and then what others say most of."""
    if len(prompt.messages) == 1:
        return "Answer: maybe"
    others = prompt.text
    answer = "yes" if others.count("Answer: yes") > others.count("Answer: no") else "no"
    return f"They may be right.\n### Revised answer\nAnswer: {answer}"


def judge(prompt: Prompt, params: SamplingParams) -> str:
    """Thinks more of long answers; merges two sentences, one of its own."""
    sentences = [{"text": "Yes.", "answers": [1, 2]}, {"text": "And no.", "answers": []}]
    parts = ("consensus", "contradictions", "partial_coverage", "unique_insights")
    reply = scored(1 + len(prompt.text) % 5) | {"sentences": sentences}
    return json.dumps(reply | {key: [] for key in parts} | {"blind_spots": ["why"]})


@pytest.mark.parametrize("mode", MODES)
async def test_the_result_is_saved_shown_and_the_same_in_any_pool_order(
    scripts: dict[str, Script], mode: str
) -> None:
    scripts["judge"], scripts["fickle"] = Script(judge), Script(fickle)
    names = ["scripted:yes", "scripted:no", "scripted:fickle", "scripted:broken"]
    texts = set()
    for pool in permutations(names):
        fusion = await fuse("q", pool=pool, judge="scripted:judge", mode=mode)
        texts.add(fusion.text)
        assert [f.member for f in fusion.failures] == ["scripted:broken"]
    assert len(texts) == 1
    assert Fusion.from_json(fusion.to_json()) == fusion
    assert all(bundle(fusion).values())
    assert bool(fusion.passages) == (mode == "merge")
    assert bool(fusion.rounds) == bool(fusion.changes) == (mode == "debate")
