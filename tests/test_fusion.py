"""fuse() from end to end on scripted models; the real ones are in tests/tiny and tests/kernel."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Coroutine
from typing import Any

import pytest
from stopped import stopped

from fusion_magics.backends.scripted import Script
from fusion_magics.errors import NoAnswerError, UsageError, kept
from fusion_magics.fusion import fuse
from fusion_magics.types import Fusion, Message, Prompt, SamplingParams
from fusion_magics.views import bundle


def scoring(prompt: Prompt, params: SamplingParams) -> str:
    score = 9 if "Answer: yes" in prompt.text else 1
    return json.dumps({"check": "", "rationale": f"worth {score}", "score": score})


@pytest.fixture(autouse=True)
def _judge(scripts: dict[str, Script]) -> None:
    scripts["judge"] = Script(scoring, wording="short")


async def ask(
    prompt: str | Prompt = "q?", pool: str = "scripted:no,scripted:yes", **options: object
) -> Fusion:
    return await fuse(prompt, pool=pool, **{"judge": "scripted:judge"} | options)  # type: ignore[arg-type]


async def test_best_of_over_a_pool_with_a_failure() -> None:
    fusion = await ask(pool="scripted:no,scripted:broken,scripted:yes")
    assert fusion.text == str(fusion) == "Yes.\nAnswer: yes"
    assert fusion.pool == ("scripted:no", "scripted:broken", "scripted:yes")
    assert [c.member for c in fusion.candidates] == ["scripted:no", "scripted:yes"]
    assert [f.member for f in fusion.failures] == ["scripted:broken"]
    assert fusion.judgment is not None
    assert fusion.judgment.best == 1
    assert len(fusion.calls) == 5
    assert fusion.usage.completion_tokens == sum(c.usage.completion_tokens for c in fusion.timeline)


async def test_the_result_does_not_depend_on_pool_order() -> None:
    pools = ["scripted:no,scripted:yes,scripted:echo", "scripted:echo,scripted:yes,scripted:no"]
    for mode in ("best-of", "vote"):
        texts = {(await ask(pool=pool, mode=mode)).text for pool in pools}
        assert len(texts) == 1


async def test_json_gives_the_same_fusion_back() -> None:
    fusion = await ask(system="be kind", seed=3)
    assert Fusion.from_json(fusion.to_json()) == fusion
    with pytest.raises(UsageError, match=r"to_json\(\) writes one"):
        Fusion.from_json('{"text": 1}')


async def test_half_a_character_is_replaced_and_saved() -> None:
    fusion = await ask("half \ud83d?")
    assert fusion.prompt.text == "half ??"
    assert Fusion.from_json(fusion.to_json()) == fusion


@pytest.mark.parametrize("mode", ["best-of", "vote"])
async def test_half_a_character_of_a_model_costs_nothing(
    scripts: dict[str, Script], mode: str
) -> None:
    scripts["half"] = Script("half \ud83d here")
    fusion = await ask(pool="scripted:half,scripted:yes", mode=mode)
    assert fusion.candidates[0].text == "half ? here"
    assert Fusion.from_json(fusion.to_json()) == fusion


async def test_a_fusion_cannot_be_changed() -> None:
    fusion = await ask()
    with pytest.raises(dataclasses.FrozenInstanceError):
        fusion.text = "other"  # type: ignore[misc]


async def test_the_frame_has_one_row_per_member() -> None:
    frame = (await ask(pool="scripted:no,scripted:broken,scripted:yes")).to_frame()
    assert list(frame["member"]) == ["scripted:no", "scripted:yes", "scripted:broken"]
    assert list(frame["score"][:2]) == [1, 9]
    assert "3 words" in frame["failure"][2]
    assert frame["judge_error"].isna().all()


async def test_the_frame_says_why_there_is_no_score(scripts: dict[str, Script]) -> None:
    scripts["judge"] = Script("no JSON")
    frame = (await ask()).to_frame()
    assert frame["score"].isna().all()
    assert all("could not be read" in error for error in frame["judge_error"])


async def test_no_answer_at_all_says_why_for_each() -> None:
    with pytest.raises(NoAnswerError) as error:
        await ask(pool="scripted:broken*2")
    assert str(error.value).count("broke off after 3 words") == 2
    assert len(error.value.failures) == 2


async def test_cut_answers_are_noted() -> None:
    fusion = await ask(pool="scripted:yes@max_tokens=1,scripted:no")
    assert fusion.notes == ("Cut at the token limit: scripted:yes.",)


BEFORE = Fusion("", Prompt.of("q"), "vote", (), (), (), None, SamplingParams())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "  \n"}, ["empty"]),
        (
            {"prompt": Prompt((Message("tool", "4"), Message("user", "hi")))},
            ["no role 'tool'", "assistant"],
        ),
        ({"mode": "best"}, ["mode 'best'", "Did you mean best-of?"]),
        ({"protocol": "pointwize"}, ["Did you mean pointwise?"]),
        ({"temperature": -1.0}, ["temperature is -1.0"]),
        ({"max_tokens": 0}, ["max_tokens is 0"]),
        ({"max_tokens": 10**30}, ["max_tokens is 1000", "from 1 to 2147483647"]),
        ({"seed": -1}, ["seed is -1"]),
        ({"seed": 1.5}, ["seed cannot be 1.5", "whole number"]),
        ({"max_tokens": None, "temperature": "hot"}, ["temperature cannot be 'hot'", "a number"]),
        ({"prompt": float("nan")}, ["nan is no prompt", "float", "a str"]),
        ({"prompt": None}, ["None is no prompt"]),
        ({"pool": []}, ["no members"]),
        ({"pool": ""}, ["no members"]),
        ({"mode": "vote", "judge": "nobody"}, ["'nobody' is no member name"]),
        ({"pool": "openia:gpt"}, ["openia"]),
        ({"deadline": 0}, ["deadline cannot be 0.", "Give seconds, more than 0."]),
        ({"deadline": "soon"}, ["deadline cannot be 'soon'."]),
        ({"deadline": float("nan")}, ["deadline cannot be nan."]),
        ({"quorum": 3}, ["quorum cannot be 3.", "a whole number from 1 to 2"]),
        ({"quorum": 0}, ["quorum cannot be 0."]),
        ({"rounds": 0}, ["rounds cannot be 0.", "from 1 to 10"]),
        ({"rounds": 11}, ["rounds cannot be 11."]),
        ({"rounds": 1.5}, ["rounds cannot be 1.5."]),
        ({"samples": 0}, ["samples cannot be 0.", "from 1 to 1000"]),
        ({"early_stop": 2}, ["early_stop cannot be 2.", "between 0.5 and 1"]),
        ({"early_stop": "x"}, ["early_stop cannot be 'x'."]),
        ({"budget": "5eur"}, ["The budget cannot be '5eur'.", "0.05usd, 20000tok"]),
        ({"budget": 5}, ["The budget cannot be 5."]),
        ({"read": "nunber"}, ["no reader 'nunber'", "Did you mean number?"]),
        ({"aggregate": "max"}, ["no aggregate 'max'", "mean, majority, reliability"]),
        ({"rubric": "safty"}, ["no rubric 'safty'", "Did you mean safety?"]),
        ({"jury": "bilder"}, ["no persona 'bilder'", "Did you mean builder?"]),
        ({"judge": ""}, ["There is no judge."]),
        ({"continue_": "first"}, ["'first' cannot be continued: it is of type str."]),
        ({"continue_": BEFORE}, ["without an answer cannot be continued"]),
    ],
)
async def test_bad_input_is_named_with_its_cure(
    options: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(UsageError) as error:
        await ask(**options)  # type: ignore[arg-type]
    for word in words:
        assert word in str(error.value)


async def test_sampling_options_reach_every_member(scripts: dict[str, Script]) -> None:
    scripts["params"] = Script(lambda _, p: f"{p.temperature} {p.top_p} {p.max_tokens} {p.seed}")
    fusion = await ask(pool="scripted:params", temperature=0.5, top_p=0.9, max_tokens=77, seed=5)
    assert fusion.text == "0.5 0.9 77 5"


async def test_numbers_of_numpy_and_text_are_numbers(scripts: dict[str, Script]) -> None:
    numpy = pytest.importorskip("numpy")
    for seed in numpy.arange(2):
        fusion = await ask(
            seed=seed, max_tokens=numpy.int64(77), top_p=numpy.float64(0.5), temperature="0.25"
        )
        assert fusion.params == SamplingParams(0.25, 0.5, 77, int(seed))
        assert Fusion.from_json(fusion.to_json()) == fusion


async def test_the_system_option_goes_before_the_system_message_of_a_prompt() -> None:
    prompt = Prompt.of("hi", "of the prompt")
    assert (await ask(prompt)).prompt == prompt
    assert (await ask(prompt, system="of the call")).prompt == Prompt.of("hi", "of the call")
    assert (await ask(prompt, system="")).prompt == Prompt.of("hi")


async def test_stopping_keeps_what_has_arrived(scripts: dict[str, Script]) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)
    fusion = await stopped(ask(pool="scripted:yes,scripted:endless"), 0.1)
    assert fusion.text == ""
    assert [c.text for c in fusion.candidates] == ["Yes.\nAnswer: yes"]
    (failure,) = fusion.failures
    assert (failure.member, failure.kind) == ("scripted:endless", "cancelled")
    assert failure.partial.startswith("word word")
    assert fusion.judgment is None


async def test_stopping_the_judge_keeps_the_verdicts_that_had_arrived(
    scripts: dict[str, Script],
) -> None:
    def judge(prompt: Prompt, params: SamplingParams) -> str:
        slow = "No." in prompt.text
        return json.dumps({"check": "x " * 1000 * slow, "rationale": "Right.", "score": 9})

    scripts["judge"] = Script(judge, gap=0.01, wording="short")
    fusion = await stopped(ask(pool="scripted:no,scripted:yes"), 0.3)
    assert fusion.text == ""
    assert fusion.judgment is not None
    assert not fusion.judgment.decided
    assert [v.score for v in fusion.judgment.verdicts] == [None, 9]
    assert "Stopped" in fusion.judgment.verdicts[0].error
    assert Fusion.from_json(fusion.to_json()) == fusion
    for shown in bundle(fusion).values():
        assert "not decided" in shown
        assert "Right." in shown
    assert "chosen" not in bundle(fusion)["text/plain"]


async def test_time_limits_of_asyncio_work_and_what_had_arrived_is_their_cause() -> None:
    def slow() -> Coroutine[Any, Any, Fusion]:
        return ask(pool="scripted:slow,scripted:yes", mode="vote")

    with pytest.raises(TimeoutError) as late:
        async with asyncio.timeout(0.1):
            await slow()
    assert late.value.__cause__ is not None
    fusion = kept(late.value.__cause__)
    assert fusion is not None
    assert [c.member for c in fusion.candidates] == ["scripted:yes"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(slow(), 0.1)


async def test_in_the_body_of_a_task_group_whose_task_fails() -> None:
    async def fails() -> None:
        await asyncio.sleep(0.1)
        raise ZeroDivisionError

    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await ask(pool="scripted:slow")

    with pytest.raises(BaseExceptionGroup) as several:
        await body()
    assert [type(e) for e in several.value.exceptions] == [ZeroDivisionError]
