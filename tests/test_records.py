"""Saved fusions come back as they were, and what is none is named."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.types import (
    Answers,
    Candidate,
    Change,
    Fusion,
    Judgment,
    Point,
    Prompt,
    SamplingParams,
    Timing,
    TokenLogprob,
    Usage,
    Verdict,
)
from fusion_magics.views import bundle


def fusion(text: str = "Answer: 3", logprobs: tuple[TokenLogprob, ...] = ()) -> Fusion:
    candidate = Candidate("one", text, Usage(), "stop", Timing(0.0), logprobs)
    judgment = Judgment((Verdict(0, 1, 9.0),), 0, "pointwise", "j", order=(0,))
    prompt = Prompt.of("q")
    return Fusion(text, prompt, "best-of", ("one",), (candidate,), (), judgment, SamplingParams())


def test_a_probability_of_zero_is_saved() -> None:
    token = TokenLogprob("3", -0.1, (("3", -0.1), ("4", -math.inf), ("5", -1e4)))
    saved = fusion(logprobs=(token, TokenLogprob("!", -math.inf))).to_json()
    assert "null" not in json.dumps(json.loads(saved)["candidates"][0]["logprobs"])
    assert Fusion.from_json(saved).candidates[0].logprobs == (
        token,
        TokenLogprob("!", -math.inf),
    )


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"best": 9}, "judgment.best names candidate 9, and it has 1"),
        ({"best": -1}, "judgment.best names candidate -1"),
        ({"ties": [0, 1]}, "judgment.ties names candidate 1"),
        ({"order": [1]}, "judgment.order names candidate 1"),
        ({"verdicts": [{"candidate": 5, "rank": 1}]}, "judgment.verdicts[…].candidate names"),
        ({"comparisons": [{"order": [0, 2]}]}, "judgment.comparisons[…] names candidate 2"),
        (
            {"comparisons": [{"order": [0], "ranking": [[0], [3]]}]},
            "judgment.comparisons[…] names candidate 3",
        ),
        (
            {
                "panel": {
                    "jurors": ["j"],
                    "models": ["j"],
                    "ballots": [{"juror": "j", "candidate": 1}],
                }
            },
            "judgment.panel.ballots[…].candidate names candidate 1",
        ),
        (
            {"analysis": {"consensus": [{"text": "p", "candidates": [4]}]}},
            "judgment.analysis names candidate 4",
        ),
        (
            {
                "analysis": {
                    "contradictions": [
                        {"topic": "t", "stances": [{"text": "s", "candidates": [4]}]}
                    ]
                }
            },
            "judgment.analysis names candidate 4",
        ),
    ],
)
def test_a_judgment_of_a_candidate_that_is_not_there_is_named(
    changes: dict[str, object], where: str
) -> None:
    saved = json.loads(fusion().to_json())
    saved["judgment"] |= changes
    with pytest.raises(UsageError) as error:
        Fusion.from_json(json.dumps(saved))
    assert f"This is no saved fusion: {where}" in str(error.value)
    assert "to_json() writes one" in str(error.value)


def test_a_passage_of_a_candidate_that_is_not_there_is_named() -> None:
    saved = replace(fusion(), passages=(Point("it is 3", (0, 1)),)).to_json()
    with pytest.raises(UsageError, match="passages names candidate 1, and it has 1"):
        Fusion.from_json(saved)


def test_late_answers_and_rounds_come_back_as_they_were() -> None:
    (candidate,) = fusion(logprobs=(TokenLogprob("!", -math.inf),)).candidates
    whole = replace(
        fusion(),
        late=(replace(candidate, member="two"),),
        rounds=(Answers((candidate,)),),
        changes=(Change(1, "one", "2", "3", ("two",)),),
        passages=(Point("it is 3", (0,)), Point("its own")),
        saved_calls=4,
    )
    assert Fusion.from_json(whole.to_json()) == whole
    frame = whole.to_frame()
    assert list(frame["member"]) == ["one", "two"]
    assert list(frame["failure"][1:]) == ["late"]
    assert frame["text"][1] == "Answer: 3"


@pytest.mark.parametrize("text", ["", "{", "[]", '"\ud83d"', b"\xff", '{"text": 1}', "null"])
def test_what_is_no_fusion_is_one_error(text: str | bytes) -> None:
    with pytest.raises(UsageError, match="no saved fusion"):
        Fusion.from_json(text)


@pytest.mark.parametrize(
    "odd", [fusion("half \ud83d"), replace(fusion(), params=SamplingParams(schema={"a": object()}))]
)
def test_what_cannot_be_saved_is_one_error(odd: Fusion) -> None:
    with pytest.raises(UsageError, match="cannot be written as JSON"):
        odd.to_json()


def test_the_text_is_the_models_own_and_the_views_are_not() -> None:
    odd = fusion("\x1b[31mred")
    assert f"{odd}" == odd.text == "\x1b[31mred"
    assert all("\x1b" not in shown for shown in bundle(odd).values())
