"""Saved fusions come back as they were, and what is none is named."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.types import (
    Answers,
    Candidate,
    CriterionScore,
    Failure,
    Fusion,
    Judgment,
    Panel,
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


POINT = {"text": "t", "candidates": [0, 1]}


def panel(**changes: object) -> dict[str, object]:
    """A panel of one juror, as JSON has it."""
    return {"jurors": ["a"], "models": ["m"], "ballots": []} | changes


def test_a_probability_of_zero_is_saved() -> None:
    token = TokenLogprob("3", -0.1, (("3", -0.1), ("4", -math.inf), ("5", -1e4)))
    saved = fusion(logprobs=(token, TokenLogprob("!", -math.inf))).to_json()
    assert "null" not in json.dumps(json.loads(saved)["candidates"][0]["logprobs"])
    assert Fusion.from_json(saved).candidates[0].logprobs == (
        token,
        TokenLogprob("!", -math.inf),
    )


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


# ── everything that names a candidate ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"best": 9}, "judgment.best names candidate 9, and it has 1"),
        ({"best": -1}, "judgment.best names candidate -1"),
        ({"ties": [0, 1]}, "judgment.ties names candidate 1"),
        ({"order": [1]}, "judgment.order names candidate 1"),
        ({"verdicts": [{"candidate": 5, "rank": 1}]}, "judgment.verdicts[…].candidate names"),
        ({"comparisons": [{"order": [0, 1]}]}, "judgment.comparisons[…].order names candidate 1"),
        (
            {"comparisons": [{"order": [0], "ranking": [[0], [7]]}]},
            "judgment.comparisons[…].ranking names candidate 7",
        ),
        (
            {"panel": panel(ballots=[{"juror": "a", "candidate": 2}])},
            "judgment.panel.ballots[…].candidate names candidate 2",
        ),
        ({"panel": panel(ship=[0.5, 1.0])}, "judgment.panel.ship is of 2, and there are 1 cand"),
        ({"panel": panel(models=["m", "n"])}, "judgment.panel.models is of 2, and there are 1 jur"),
        ({"panel": panel(weights=[1, 1])}, "judgment.panel.weights is of 2, and there are 1 juror"),
        *(
            ({"analysis": {part: [{"text": "t", "candidates": [1]}]}}, f"judgment.analysis.{part}[")
            for part in ("consensus", "partial_coverage", "unique_insights")
        ),
        (
            {"analysis": {"contradictions": [{"topic": "t", "stances": [POINT]}]}},
            "judgment.analysis.contradictions[…].stances[…].candidates names candidate 1",
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


@pytest.mark.parametrize("judged", [True, False])
def test_passages_are_checked_with_and_without_a_judgment(judged: bool) -> None:
    saved = json.loads(fusion().to_json()) | {"passages": [POINT]}
    saved["judgment"] = saved["judgment"] if judged else None
    with pytest.raises(UsageError, match=r"passages.* names candidate 1"):
        Fusion.from_json(json.dumps(saved))


def test_a_probability_of_zero_is_saved_in_late_answers_and_rounds_too() -> None:
    lost = fusion(logprobs=(TokenLogprob("!", -math.inf),)).candidates
    fused = replace(fusion(), late=lost, rounds=(Answers(lost),))
    assert Fusion.from_json(fused.to_json()) == fused


# ── data frames ──────────────────────────────────────────────────────────────────────────────


def test_a_frame_has_criteria_ship_supports_and_late() -> None:
    fused = fusion()
    (one,) = fused.candidates
    criteria = (CriterionScore("true", 9.0), CriterionScore("useful", 4.0))
    judgment = Judgment(
        (Verdict(0, 1, 6.5, criteria=criteria), Verdict(1, 2, 1.0, criteria=criteria[:1])),
        0,
        "jury",
        panel=Panel(("a",), ("m",), (), ship=(1.0, None)),
    )
    frame = replace(
        fused,
        candidates=(one, replace(one, member="two")),
        failures=(Failure("lost", "failed", "gone"),),
        judgment=judgment,
        passages=(Point("x", (0, 1)), Point("y", (0,)), Point("z")),
        late=(replace(one, member="slow"),),
    ).to_frame()
    assert list(frame.columns[:8]) == (
        ["member", "rank", "score", "score_true", "score_useful", "ship", "supports", "rationale"]
    )
    assert list(frame["member"]) == ["one", "two", "slow", "lost"]
    assert list(frame["score_true"])[:2] == [9.0, 9.0]
    assert frame["score_useful"].notna().tolist() == [True, False, False, False]
    assert list(frame["supports"])[:2] == [2, 1]
    assert frame["ship"].notna().tolist() == [True, False, False, False]
    assert list(frame["late"]) == [False, False, True, False]


def test_a_frame_without_a_rubric_has_no_such_columns() -> None:
    frame = fusion().to_frame()
    assert not [c for c in frame.columns if c.startswith("score_")]
    assert frame["ship"].isna().all()
    assert frame["supports"].isna().all()


# ── spreadsheets ─────────────────────────────────────────────────────────────────────────────


def csv_of(*texts: str) -> list[str]:
    """The texts of a fusion of these answers, as a CSV reader finds them."""
    (one,) = fusion().candidates
    many = tuple(replace(one, member=f"m{i}", text=text) for i, text in enumerate(texts))
    written = replace(fusion(), candidates=many).to_csv()
    return [row["text"] for row in csv.DictReader(io.StringIO(written, newline=""))]


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x")',
    "＝1",
    "-",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_text_is_a_formula(formula: str) -> None:
    assert csv_of(formula) == [f"'{formula}"]
    (one,) = fusion().candidates
    written = replace(fusion(), candidates=(replace(one, member=formula),)).to_csv()
    assert next(csv.DictReader(io.StringIO(written, newline="")))["member"] == f"'{formula}"


def test_numbers_and_other_texts_are_as_they_are() -> None:
    texts = ["-3", "+4.5e-7", ".5", "a,b", 'say "a"', "two\nlines\r\nor\rthree", "x=1", "", "ü"]
    assert csv_of(*texts) == texts
    negative = replace(fusion(), calls=())
    assert "'" not in negative.to_csv()


def test_the_csv_has_the_columns_of_the_frame() -> None:
    header = fusion().to_csv().split("\r\n")[0]
    assert header.split(",") == list(fusion().to_frame().columns)


def test_half_a_character_is_no_text_of_a_frame_or_a_file() -> None:
    assert fusion("half \ud83d").to_frame()["text"][0] == "half ?"
    assert fusion("half \ud83d").to_csv().encode()
