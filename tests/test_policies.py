"""Deadline, quorum, budget, samples, readers, juries and follow-ups, through ``fuse()``."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from stopped import stopped

from fusion_magics.backends.scripted import Script
from fusion_magics.errors import NoAnswerError, UsageError, kept
from fusion_magics.fusion import fuse
from fusion_magics.pool import waiting
from fusion_magics.types import Delta, Fusion, Message, Price, Prompt, SamplingParams
from fusion_magics.views import bundle


def scoring(prompt: Prompt, params: SamplingParams) -> str:
    if params.schema is None:
        return "Answer: maybe"
    parts = params.schema["properties"]
    right = "Answer: yes" in prompt.text
    if "ship" in parts:
        return json.dumps({"reason": "so", "ship": right, "score": 90 if right else 10})
    one = {"reason": "so", "score": 5 if right else 1}
    scores = dict.fromkeys(parts["scores"]["properties"], one)
    return json.dumps({"check": "", "rationale": "so", "scores": scores})


@pytest.fixture(autouse=True)
def _models(scripts: dict[str, Script], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LEAST_GRACE", 0.05)
    scripts["judge"] = Script(scoring)
    scripts["slow judge"] = Script(scoring, delay=0.6)
    scripts["later"] = Script("Later.\nAnswer: later", delay=0.45)
    scripts["endless"] = scripts["endless judge"] = Script("word " * 1000, gap=0.01)


async def ask(
    prompt: str | Prompt = "q?", pool: str = "scripted:no,scripted:yes", **options: object
) -> Fusion:
    fusion = await fuse(prompt, pool=pool, **{"judge": "scripted:judge"} | options)  # type: ignore[call-overload]
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing outlives a fusion"
    assert isinstance(fusion, Fusion)
    assert Fusion.from_json(fusion.to_json()) == fusion
    return fusion


# ── deadline and quorum ──────────────────────────────────────────────────────────────────────


async def test_late_answers_are_kept_and_take_no_part() -> None:
    pool = "scripted:endless,scripted:no,scripted:later,scripted:yes"
    began = time.perf_counter()
    fusion = await ask(pool=pool, judge="scripted:slow judge", deadline=0.2)
    assert time.perf_counter() - began < 3  # the endless one writes for 10 s
    assert fusion.text == "Yes.\nAnswer: yes"
    assert [c.member for c in fusion.candidates] == ["scripted:no", "scripted:yes"]
    assert [c.text for c in fusion.late] == ["Later.\nAnswer: later"]
    (failure,) = fusion.failures
    assert (failure.member, failure.kind) == ("scripted:endless", "late")
    assert failure.partial.count("word") > 20, "what it had written when the judge was done"
    frame = fusion.to_frame()
    assert list(frame["member"][frame["late"] == True]) == ["scripted:later"]  # noqa: E712
    assert list(frame["failure"].dropna()) == [f"late: {failure.message}"]
    assert all("scripted:endless" in shown for shown in bundle(fusion).values())


async def test_who_judges_need_not_finish_a_late_answer_first(scripts: dict[str, Script]) -> None:
    """A model of this machine answers one call after the other."""

    def both(prompt: Prompt, params: SamplingParams) -> str:
        return scoring(prompt, params) if params.schema else "word " * 1000

    scripts["both"] = Script(both, gap=0.01)
    fusion = await ask(pool="scripted:yes,scripted:both", judge="scripted:both", deadline=0.2)
    member = next(c for c in fusion.calls if c.label == "scripted:both")
    judge = next(c for c in fusion.calls if c.purpose == "judge")
    assert member.timing.ended is not None
    assert member.timing.ended <= judge.timing.queued


async def test_who_is_late_in_a_debate_is_stopped_before_its_next_turn(
    scripts: dict[str, Script],
) -> None:
    def debater(prompt: Prompt, params: SamplingParams) -> str:
        turn = len(prompt.messages) > 1
        return "slow " * 100 if turn and "Answer: 0" in prompt.text else "Answer: 1"

    def changes(prompt: Prompt, params: SamplingParams) -> str:
        return "### Revised answer\nAnswer: 2" if len(prompt.messages) > 1 else "Answer: 0"

    scripts["debater"], scripts["changes"] = Script(debater, gap=0.02), Script(changes)
    pool = "scripted:debater,scripted:changes"
    fusion = await ask(pool=pool, mode="debate", rounds=2, deadline=0.3)
    _, second, third = (c.timing for c in fusion.calls if c.label == "scripted:debater")
    assert second.ended is not None
    assert second.ended <= third.queued
    assert fusion.late == ()


async def test_who_was_not_asked_in_time_is_told_as_that(scripts: dict[str, Script]) -> None:
    scripts["n"] = Script(lambda p, s: f"Answer: {s.seed}", delay=0.15)
    fusion = await ask(pool="scripted:n*6", mode="vote", early_stop=True, deadline=0.2)
    assert len(fusion.calls) == 4
    messages = [f.message for f in fusion.failures]
    assert messages.count("No answer within 0.2 s.") == 2
    assert messages.count("Not asked: time was up.") == 2


async def test_a_quorum_is_enough() -> None:
    fusion = await ask(pool="scripted:yes,scripted:endless,scripted:no", quorum=2)
    assert len(fusion.candidates) == 2
    assert [f.kind for f in fusion.failures] == ["late"]


async def test_who_fails_after_the_deadline_has_its_own_cause(scripts: dict[str, Script]) -> None:
    scripts["breaks"] = Script("It goes well and then", gap=0.12, fail_after=4)
    pool = "scripted:yes,scripted:breaks"
    fusion = await ask(pool=pool, judge="scripted:slow judge", deadline=0.2)
    assert [(f.kind, f.partial) for f in fusion.failures] == [("failed", "It goes well and")]


async def test_no_answer_within_the_deadline_keeps_what_had_been_written() -> None:
    with pytest.raises(NoAnswerError) as error:
        await fuse("q", pool="scripted:endless*2", judge="scripted:judge", deadline=0.2)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert str(error.value).count("No answer within 0.2 s.") == 2
    assert all(f.partial.startswith("word word") for f in error.value.failures)


async def test_in_a_debate_the_deadline_is_of_each_round(scripts: dict[str, Script]) -> None:
    def debater(prompt: Prompt, params: SamplingParams) -> str:
        return "slow " * 100 if len(prompt.messages) > 1 else "Answer: 1"

    scripts["debater"] = Script(debater, gap=0.02)
    pool = "scripted:debater,scripted:yes"
    fusion = await ask(pool=pool, mode="debate", rounds=1, deadline=0.2)
    assert [f.kind for f in fusion.rounds[1].failures] == ["late"]
    assert [c.text for c in fusion.candidates] == ["Answer: 1", "Yes.\nAnswer: yes"]
    assert fusion.failures == ()


@pytest.mark.parametrize(
    "options",
    [
        {"deadline": 30.0},
        {"quorum": 2},
        {"deadline": 0.05},
        {"budget": "99999tok"},
        {"escalate": True},
        {"escalate": True, "deadline": 0.05},
        {"mode": "vote", "early_stop": True, "samples": 4},
        {"mode": "debate", "deadline": 0.05},
        {"jury": "builder,skeptic"},
    ],
)
@pytest.mark.parametrize("judge", ["judge", "endless"])
async def test_stopping_leaves_nothing_running(options: dict[str, object], judge: str) -> None:
    answered = asyncio.Event()

    def watch(label: str, purpose: str, delta: Delta) -> None:
        if delta.state == "done":
            answered.set()

    given = {"judge": f"scripted:{judge}", "watch": watch} | options
    asked = fuse("q?", pool="scripted:yes,scripted:endless", **given)  # type: ignore[call-overload]
    task = asyncio.create_task(asked)
    await answered.wait()
    await asyncio.sleep(0.1)
    if task.done():  # the deadline has passed and the judge was quick
        assert (await task).text
        return
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stop:
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    fusion = kept(stop.value)
    assert fusion is not None
    assert "Yes.\nAnswer: yes" in {c.text for c in fusion.candidates}
    assert {c.state for c in fusion.calls} <= {"done", "cancelled"}


async def test_an_answer_that_came_late_is_no_candidate_of_a_judge_that_was_stopped() -> None:
    """Its verdicts name candidates by their place: one more would shift them."""
    pool = "scripted:later,scripted:yes,scripted:endless"
    fusion = await stopped(ask(pool=pool, judge="scripted:endless judge", deadline=0.2), 0.8)
    assert [c.member for c in fusion.candidates] == ["scripted:yes"]
    assert [c.member for c in fusion.late] == ["scripted:later"]
    assert [f.member for f in fusion.failures] == ["scripted:endless"]


# ── budget ───────────────────────────────────────────────────────────────────────────────────


async def test_where_the_judge_is_too_dear_the_majority_decides() -> None:
    pool = "scripted:yes@max_tokens=16,scripted:no@max_tokens=16,scripted:yes@max_tokens=16"
    fusion = await ask(pool=pool, budget="400tok")
    assert fusion.text == "Yes.\nAnswer: yes"
    assert "so the majority did" in fusion.notes[0]
    assert "The budget of 400tok was reached (calls not made: 3" in fusion.notes[-1]
    usage = fusion.usage
    assert usage.prompt_tokens + usage.completion_tokens <= 400
    assert all("budget of 400tok was reached" in shown for shown in bundle(fusion).values())


async def test_a_reply_that_the_budget_cuts_is_told_as_that(scripts: dict[str, Script]) -> None:
    """It is not asked for again, and the answer was not too long for the judge's context."""
    scripts["long"] = Script("word " * 100 + "Answer: yes")
    scripts["wordy"] = Script(lambda p, s: " ".join(["so"] * 70))
    pool = "scripted:long@max_tokens=110"
    fusion = await ask(pool=pool, judge="scripted:wordy", budget="1880tok")
    assert [call.state for call in fusion.calls] == ["done", "failed"]
    majority, reached = fusion.notes
    assert "The budget cut the reply of scripted:wordy short." in majority
    assert reached.endswith("(calls not made: 0, cut short: 1).")


async def test_no_budget_for_any_answer_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match="budget of 5tok has no room") as error:
        await fuse("q", pool="scripted:yes", judge="scripted:judge", budget="5tok")
    assert error.value.failures[0].kind == "budget"


async def test_a_budget_in_dollars_wants_prices(scripts: dict[str, Script]) -> None:
    scripts["dear"] = Script("Answer: 1", price=Price(0.001, 0.01))
    scripts["secret"] = Script("Answer: 1", price=None)
    fusion = await ask(pool="scripted:dear,scripted:yes", budget="100usd", mode="vote")
    assert fusion.usage.cost == pytest.approx(0.001 + 2 * 0.01)
    with pytest.raises(UsageError, match="that of scripted:secret is unknown") as error:
        await ask(pool="scripted:dear,scripted:secret", budget="100usd")
    assert "in tokens" in error.value.hint
    await ask(pool="scripted:secret", budget="9999tok", mode="vote")


async def test_with_a_budget_who_is_late_is_stopped_at_once() -> None:
    options = {"judge": "scripted:slow judge", "deadline": 0.2, "budget": "99999tok"}
    fusion = await ask(pool="scripted:later,scripted:yes", **options)
    assert fusion.late == ()
    assert [f.kind for f in fusion.failures] == ["late"]


# ── how answers are compared ─────────────────────────────────────────────────────────────────


async def test_several_judges_are_a_jury_and_so_are_personas(scripts: dict[str, Script]) -> None:
    scripts["other"] = scripts["judge"]
    for options, jurors in (
        ({"judge": "scripted:judge,scripted:other"}, ("scripted:judge", "scripted:other")),
        ({"judge": ["scripted:judge", "scripted:other"]}, ("scripted:judge", "scripted:other")),
        ({"jury": "builder,skeptic"}, ("builder", "skeptic")),
        ({"jury": ["builder", "skeptic"], "aggregate": "majority"}, ("builder", "skeptic")),
    ):
        fusion = await ask(**options)  # type: ignore[arg-type]
        assert fusion.text == "Yes.\nAnswer: yes"
        assert fusion.judgment is not None
        assert fusion.judgment.panel is not None
        assert fusion.judgment.panel.jurors == jurors
        assert fusion.judgment.panel.aggregate == options.get("aggregate", "mean")


async def test_a_rubric_reaches_the_judge_and_the_jury() -> None:
    fusion = await ask(rubric="safety")
    assert fusion.judgment is not None
    assert fusion.judgment.rubric == "safety"
    own = await ask(rubric="brevity: few words", jury="builder,skeptic", aggregate="majority")
    assert own.text == "Yes.\nAnswer: yes"
    assert own.judgment is not None
    assert own.judgment.rubric == "own"


async def test_a_judge_that_is_a_member_is_flagged(scripts: dict[str, Script]) -> None:
    fusion = await ask(pool="scripted:judge,scripted:yes")
    assert "scripted:judge judges and is a member too" in fusion.notes[0]
    assert (await ask(pool="scripted:judge,scripted:yes", mode="vote")).notes == ()


async def test_readers_reach_the_vote(scripts: dict[str, Script]) -> None:
    for i, text in enumerate(("It is 5 now", "5", "so 6", "Answer: nothing")):
        scripts[f"n{i}"] = Script(text)
    pool = "scripted:n0,scripted:n1,scripted:n2,scripted:n3"
    fusion = await ask(pool=pool, mode="vote", read="number")
    assert fusion.judgment is not None
    assert fusion.judgment.agreement == 0.5
    last = await ask(pool=pool, mode="vote", read=lambda text: text[-1:])
    assert last.judgment is not None
    assert last.judgment.agreement == 0.25


@pytest.mark.parametrize("more", [{}, {"escalate": True}, {"dry_run": True}])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"judge": "scripted:small"}, "scripted:small cannot group"),
        ({"early_stop": True}, "cannot be counted while they come in"),
    ],
)
async def test_what_the_judge_cannot_group_is_said_before_anybody_is_asked(
    scripts: dict[str, Script], options: dict[str, object], words: str, more: dict[str, object]
) -> None:
    def never(prompt: Prompt, params: SamplingParams) -> str:
        raise AssertionError

    scripts["small"] = Script("", wording="short")
    scripts["never"] = Script(never)
    with pytest.raises(UsageError, match=words) as error:
        await ask(pool="scripted:never*2", mode="vote", read="judge", **options, **more)
    assert error.value.hint


async def test_weights_and_samples_reach_the_vote() -> None:
    fusion = await ask(pool="scripted:no@weight=3,scripted:yes", mode="vote", samples=2)
    assert fusion.pool == ("scripted:no#1", "scripted:no#2", "scripted:yes#1", "scripted:yes#2")
    assert fusion.text == "No.\nAnswer: no"


async def test_an_early_stop_saves_calls() -> None:
    fusion = await ask(pool="scripted:yes*40", mode="vote", early_stop=0.9)
    assert fusion.saved_calls == 40 - len(fusion.calls) > 20


async def test_a_stopped_vote_keeps_the_order_of_the_pool(scripts: dict[str, Script]) -> None:
    """With an early stop members are asked in a drawn order."""
    for name in "abcdef":
        scripts[name] = Script(f"Answer: {name}", gap=0.1)
    pool = ",".join(f"scripted:{name}*2" for name in "abcdef")
    task = asyncio.create_task(ask(pool=pool, mode="vote", early_stop=True))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as stop:
        await task
    fusion = kept(stop.value)
    assert fusion is not None
    given = [c.member for c in fusion.candidates]
    assert len(given) == 6
    assert given == [label for label in fusion.pool if label in given]


async def test_rounds_reach_the_debate() -> None:
    assert len((await ask(mode="debate", rounds=1)).rounds) == 2


# ── follow-ups ───────────────────────────────────────────────────────────────────────────────


async def test_a_follow_up_sees_the_conversation_so_far(scripts: dict[str, Script]) -> None:
    scripts["tell"] = Script(lambda p, _: " | ".join(f"{m.role} {m.content}" for m in p.messages))
    first = await ask("one", pool="scripted:yes", system="Be brief.")
    second = await ask("two", pool="scripted:yes", continue_=first)
    third = await ask("three", pool="scripted:tell", continue_=second)
    told = "user one | assistant Yes.\nAnswer: yes | user two | assistant Yes.\nAnswer: yes"
    assert third.text == f"system Be brief. | {told} | user three"
    assert third.prompt.text == "three"
    other = await ask("three", pool="scripted:tell", continue_=second, system="Be long.")
    assert other.text == f"system Be long. | {told} | user three"
    own = Prompt((Message("system", "Own."), Message("user", "three")))
    assert (await ask(own, pool="scripted:tell", continue_=second)).text == (
        f"system Own. | {told} | user three"
    )


# ── bad input ────────────────────────────────────────────────────────────────────────────────


async def test_a_jury_has_no_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    from fusion_magics.judges import JUDGES

    monkeypatch.setitem(JUDGES, "other", JUDGES["pointwise"])
    with pytest.raises(UsageError, match=r"other is not for it\.\nLeave the protocol out"):
        await ask(protocol="other", jury="builder")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"mode": "best-of", "rounds": 3}, "best-of has no use for: rounds."),
        ({"mode": "debate", "early_stop": 0.9}, "debate has no use for: early_stop."),
        ({"mode": "vote", "protocol": "pairwise"}, "vote has no use for: protocol."),
        (
            {"mode": "vote", "jury": "builder", "rubric": "safety", "aggregate": "majority"},
            "vote has no use for: rubric, jury, aggregate.",
        ),
        ({"mode": "best-of", "aggregate": "majority"}, "best-of has no use for: aggregate."),
        ({"mode": "vote", "early_stop": 0.9, "read": "text"}, ""),
        ({"mode": "debate", "rounds": 1, "rubric": "safety"}, ""),
        ({"mode": "best-of", "jury": "builder", "aggregate": "majority"}, ""),
    ],
)
async def test_what_was_chosen_in_vain_is_said(options: dict[str, object], told: str) -> None:
    fusion = await fuse("q?", pool="scripted:yes,scripted:no", judge="scripted:judge", **options)  # type: ignore[call-overload]
    assert [note for note in fusion.notes if "no use for" in note] == ([told] if told else [])
