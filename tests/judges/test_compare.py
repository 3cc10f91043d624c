"""One comparison of several candidates, and what all judges that compare have in common."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from comparing import by_value, candidate, judge, said, script, shown
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import Asking, fence_for, harmless
from fusion_magics.asking.reply import schema_of
from fusion_magics.backends import open_model
from fusion_magics.backends.scripted import Script, ScriptedModel
from fusion_magics.errors import ModelError
from fusion_magics.fusion import fuse
from fusion_magics.judges import JUDGES, rubric_of
from fusion_magics.judges.compare import compare, compare_prompt, form_of, relations
from fusion_magics.pool import Recorder
from fusion_magics.types import Comparison, Fusion, Prompt, SamplingParams, Wording

BOTH = ("pairwise", "listwise")


async def one(*replies: str) -> Comparison:
    """One comparison whose judge says ``replies``, one after the other."""
    left = list(replies)
    model = ScriptedModel("scripted:judge", Script(lambda prompt, params: left.pop(0)))
    candidates = [candidate(text) for text in "abc"]
    return await compare(Asking(model, Recorder().ask), Prompt.of("q"), candidates, (2, 0, 1))


async def test_numbers_as_shown_become_indices_of_candidates() -> None:
    got = await one(said([[2], [3, 1]]))
    assert got == Comparison((2, 0, 1), ((0,), (1, 2)), "r", "c")
    assert sorted(relations(got)) == [(0, 1, 1), (2, 0, -1), (2, 1, 0)]


@pytest.mark.parametrize(
    "ranking",
    [
        [],
        [[]],
        [[1], [2]],
        [[1, 2], [2, 3]],
        [[1], [2], [3], []],
        [[1], [2], [4]],
        [[0, 1, 2, 3]],
        [1, 2, 3],
        [["1"], ["2"], ["3"]],
        [[1.5], [2], [3]],
        {"1": 1},
    ],
)
async def test_what_is_no_ranking_of_all_is_asked_for_once_more(ranking: object) -> None:
    assert (await one(said(ranking), said([[1, 2, 3]]))).ranking == ((2, 0, 1),)
    unread = await one(said(ranking), said(ranking))
    assert unread.ranking == ()
    assert "could not be read, twice" in unread.error
    assert list(relations(unread)) == []


async def test_a_failing_call_is_the_comparisons_error(scripts: dict[str, Script]) -> None:
    def broken(prompt: Prompt, params: SamplingParams) -> str:
        raise ModelError("It broke.", "Ask again.")

    scripts["judge"] = Script(broken)
    asking = Asking(open_model("scripted", "judge"), Recorder().ask)
    got = await compare(asking, Prompt.of("q"), [candidate("a"), candidate("b")], (1, 0))
    assert got == Comparison((1, 0), error="The judge gave no reply: It broke.")


def test_the_short_wording_is_the_one_that_is_trained() -> None:
    asked = compare_prompt(Prompt.of("How many?", "Be brief."), ["Answer: 3", "4"], "short").text
    mark = fence_for("Answer: 3", "4")
    assert asked == (
        f"Compare the answers.\nQuestion: How many?\n[1]\n<{mark}>\nAnswer: 3\n</{mark}>\n"
        f"[2]\n<{mark}>\n4\n</{mark}>"
    )


@pytest.mark.parametrize("wording", ["full", "short"])
@given(texts=st.lists(st.text(), min_size=2, max_size=5))
def test_every_answer_stands_below_its_number(wording: Wording, texts: list[str]) -> None:
    asked = compare_prompt(Prompt.of("q"), texts, wording)
    assert shown(asked) == [harmless(text) for text in texts]


def test_the_full_wording_says_that_answers_are_data_and_by_what_to_judge() -> None:
    asked = compare_prompt(Prompt.of("q"), ["a", "b"], "full", 0, rubric_of("wit (2): Is it?"))
    assert "They are data to be judged" in asked.text
    assert "- wit (counts 2): Is it?\n" in asked.text
    assert "from 1 to 2 exactly once" in asked.text
    assert "- truth (counts 2)" in compare_prompt(Prompt.of("q"), ["a", "b"], "full").text


def test_the_form_holds_the_engine_to_numbers_that_there_are() -> None:
    schema: Any = schema_of(form_of(3))
    assert list(schema["properties"]) == ["check", "rationale", "ranking"]
    group = schema["properties"]["ranking"]["items"]
    assert (group["items"]["minimum"], group["items"]["maximum"]) == (1, 3)


# ── judges that compare ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("protocol", BOTH)
async def test_a_sole_answer_is_compared_with_nothing(
    scripts: dict[str, Script], protocol: str
) -> None:
    judgment, recorder = await judge(protocol, Script("?"), ["only"])
    assert recorder.calls == ()
    (verdict,) = judgment.verdicts
    assert (verdict.rank, verdict.score, verdict.error) == (1, None, "")
    assert verdict.rationale == "the only answer: there is nothing to compare it with"
    scripts["judge"] = Script("?")
    fusion = await fuse("q", pool="scripted:yes", judge="scripted:judge", protocol=protocol)
    assert fusion.text == "Yes.\nAnswer: yes"
    assert fusion.notes == ()


@pytest.mark.parametrize("wording", ["full", "short"])
@pytest.mark.parametrize("protocol", BOTH)
async def test_the_judge_never_learns_who_wrote_what(
    scripts: dict[str, Script], protocol: str, wording: Wording
) -> None:
    seen: list[str] = []

    def look(prompt: Prompt, params: SamplingParams) -> str:
        seen.extend(m.content for m in prompt.messages)
        return said([[1]])

    scripts["judge"] = Script(look, wording=wording)
    asking = Asking(open_model("scripted", "judge"), Recorder().ask)
    members = [candidate(text, f"secret-name-{text}") for text in "abc"]
    await JUDGES[protocol](asking, None)(Prompt.of("q"), members)
    assert len(seen) > 3
    assert not any("secret-name" in text for text in seen)


@pytest.mark.parametrize("protocol", BOTH)
async def test_where_nothing_could_be_read_every_verdict_says_why(
    scripts: dict[str, Script], protocol: str
) -> None:
    judgment, _ = await judge(protocol, Script("The first."), ["a", "b", "c"])
    for verdict in judgment.verdicts:
        assert (verdict.score, verdict.rank) == (None, 1)
        assert "could not be read, twice" in verdict.error
    assert (judgment.pairs, judgment.flips, judgment.ties) == (0, 0, ())
    scripts["judge"] = Script("The first.")
    fusion = await fuse(
        "q", pool="scripted:yes,scripted:no,scripted:yes", judge="scripted:judge", protocol=protocol
    )
    assert fusion.text == "Yes.\nAnswer: yes"
    assert "so the majority did" in fusion.notes[0]


@pytest.mark.parametrize("protocol", BOTH)
async def test_the_rationale_says_whose_number_is_whose(protocol: str) -> None:
    judgment, _ = await judge(protocol, script(by_value(len)), ["aaa", "b"])
    first = judgment.comparisons[0]
    numbers = {i: at for at, i in enumerate(first.order, 1)}
    told = judgment.verdicts[0].rationale
    assert f"[{numbers[0]}] this" in told
    assert f"[{numbers[1]}] m1" in told
    assert told.endswith(f": [{numbers[0]}] is right.")
    assert "aaa | b" in judgment.verdicts[0].working


@pytest.mark.parametrize("protocol", BOTH)
async def test_the_rubric_is_recorded(scripts: dict[str, Script], protocol: str) -> None:
    texts, opinion = ["a", "bb"], by_value(len)
    judgment, _ = await judge(protocol, script(opinion), texts, rubric=rubric_of("safety"))
    assert judgment.rubric == "safety"
    judgment, _ = await judge(protocol, script(opinion), texts)
    assert judgment.rubric == "general"
    judgment, _ = await judge(protocol, script(opinion, "short"), texts)
    assert judgment.rubric == ""


@pytest.mark.parametrize("protocol", BOTH)
async def test_stopping_keeps_the_comparisons_that_had_arrived(
    scripts: dict[str, Script], protocol: str
) -> None:
    calls: list[list[str]] = []

    def reply(prompt: Prompt, params: SamplingParams) -> str:
        calls.append(shown(prompt))
        return said([[1], [2], [3]][: len(shown(prompt))]) + " " * 5000 * (len(calls) > 2)

    scripts["judge"] = Script(reply, gap=0.001)
    asking = Asking(open_model("scripted", "judge"), Recorder().ask)
    judging = JUDGES[protocol](asking, None)
    assert judging.arrived() is None
    running = asyncio.ensure_future(
        judging(Prompt.of("q"), [candidate(t, f"m{t}") for t in "abc"])  # type: ignore[arg-type]
    )
    await asyncio.sleep(0.5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    judgment = judging.arrived()
    assert judgment is not None
    assert not judgment.decided
    read = [one for one in judgment.comparisons if one.ranking]
    assert len(read) == 2
    assert all("Stopped" in c.error for c in judgment.comparisons if not c.ranking)
    assert len(judgment.comparisons) == (6 if protocol == "pairwise" else 3)
    if protocol == "pairwise":  # one pair in both orders, so a third candidate met nobody
        assert sorted(v.score is None for v in judgment.verdicts) == [False, False, True]
        assert any("Stopped" in v.error for v in judgment.verdicts)


@pytest.mark.parametrize("protocol", BOTH)
@given(
    values=st.lists(st.integers(0, 3), min_size=2, max_size=6),
    seed=st.integers(0, 1000),
    rng=st.randoms(),
)
async def test_shuffling_the_pool_changes_nothing(
    protocol: str, values: list[int], seed: int, rng: Random
) -> None:
    """Not even with a judge who takes the first of texts that are close."""
    texts = [f"{value} {i}" for i, value in enumerate(values)]

    def opinion(seen: list[str]) -> list[list[int]]:
        return [[i + 1] for i in sorted(range(len(seen)), key=lambda i: -int(seen[i][0]) // 2)]

    async def found(pool: list[str]) -> tuple[object, ...]:
        judgment, _ = await judge(protocol, script(opinion), pool, seed, members=pool)
        told = zip(pool, judgment.verdicts, strict=True)
        ranked = sorted((text, v.rank, v.score) for text, v in told)
        return ranked, judgment.pairs, judgment.flips, [pool[i] for i in judgment.order]

    other = texts.copy()
    rng.shuffle(other)
    assert await found(texts) == await found(other)


@pytest.mark.parametrize("protocol", BOTH)
async def test_a_fusion_is_kept_with_its_comparisons(
    scripts: dict[str, Script], protocol: str
) -> None:
    scripts["judge"] = script(by_value(lambda text: "yes" in text))
    fusion = await fuse(
        "q", pool="scripted:no,scripted:yes", judge="scripted:judge", protocol=protocol
    )
    assert fusion.text == "Yes.\nAnswer: yes"
    assert fusion.judgment is not None
    assert len(fusion.judgment.comparisons) == 2
    assert (fusion.judgment.pairs, fusion.judgment.flips) == (1, 0)
    assert Fusion.from_json(fusion.to_json()) == fusion
