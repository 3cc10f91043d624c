"""A jury on a merged answer: it judges what was written, not who wrote the parts."""

from __future__ import annotations

import json

import pytest
from stopped import stopped

from fusion_magics.backends.scripted import Script
from fusion_magics.fusion import fuse
from fusion_magics.modes.synthesis import joined
from fusion_magics.types import Fusion, Prompt, SamplingParams
from fusion_magics.views import bundle

MERGED = {"sentences": [{"text": "Yes and no.", "answers": [1, 2]}]}
ANALYSED = {
    "check": "",
    "consensus": [],
    "contradictions": [],
    "partial_coverage": [],
    "unique_insights": [],
    "blind_spots": [],
}


def juror(prompt: Prompt, params: SamplingParams) -> str:
    """Writes the analysis and the synthesis, and doubts the synthesis as a skeptic."""
    if '"sentences"' in prompt.text:
        return json.dumps(MERGED)
    if '"blind_spots"' in prompt.text:
        return json.dumps(ANALYSED)
    assert "Yes and no." in prompt.text
    ship = "You doubt every claim" not in prompt.text
    return json.dumps({"reason": "Because.", "ship": ship, "score": 80 if ship else 30})


async def merged(jury: str = "builder,skeptic") -> Fusion:
    pool = "scripted:yes,scripted:no"
    return await fuse("q", pool=pool, judge="scripted:juror", mode="merge", jury=jury)


@pytest.fixture(autouse=True)
def _juror(scripts: dict[str, Script]) -> None:
    scripts["juror"] = Script(juror)


async def test_a_jury_judges_the_merged_answer() -> None:
    fusion = await merged()
    assert fusion.text == "Yes and no."
    assert fusion.judgment is not None
    panel = fusion.judgment.panel
    assert panel is not None
    assert panel.of_answer
    assert [(b.juror, b.candidate, b.ship, b.score) for b in panel.ballots] == [
        ("builder", 0, True, 80),
        ("skeptic", 0, False, 30),
    ]
    assert panel.ship == (0.5,)
    # The candidates keep what the merge says of them.
    assert fusion.judgment.protocol == "merge"
    assert len(fusion.judgment.verdicts) == 2
    assert "scripted:juror wrote the merged answer, and sits in its jury." in fusion.notes
    assert len(fusion.calls) == 2 + 2 + 2


async def test_it_is_planned_saved_and_shown() -> None:
    plan = await fuse(
        "q",
        pool="scripted:yes,scripted:no",
        judge="scripted:juror",
        mode="merge",
        jury="builder,skeptic",
        dry_run=True,
    )
    assert "4" in str(plan)
    fusion = await merged()
    assert Fusion.from_json(fusion.to_json()) == fusion
    assert fusion.to_frame()["ship"].isna().all()
    for text in bundle(fusion).values():
        assert "Jury of two on the merged answer: split, 1 of 2" in text
        assert "every juror on every answer" not in text


def joined_text(fusion: Fusion) -> str:
    assert fusion.passages
    return joined(fusion.passages, "full")


async def test_a_stop_keeps_the_merged_answer_and_the_ballots_that_had_arrived(
    scripts: dict[str, Script],
) -> None:
    def slow(prompt: Prompt, params: SamplingParams) -> str:
        reply = juror(prompt, params)
        return reply + " " * 999 if "You doubt" in prompt.text else reply

    scripts["juror"] = Script(slow, gap=0.01)
    fusion = await stopped(merged(), 1.5)
    assert fusion.judgment is not None
    assert fusion.judgment.panel is not None
    assert fusion.judgment.panel.ballots[0].ship is True
    assert fusion.text == joined_text(fusion)
    assert [v.candidate for v in fusion.judgment.verdicts] == [0, 1]
    assert "Stopped before all was judged; what had arrived is kept." in fusion.notes
    assert Fusion.from_json(fusion.to_json()) == fusion
    bundle(fusion)
