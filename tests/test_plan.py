"""A dry run asks nothing, and what it says is what a real run takes."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from fusion_magics import local, tiny
from fusion_magics import plan as module
from fusion_magics.backends import open_model
from fusion_magics.backends.scripted import Script
from fusion_magics.fusion import fuse
from fusion_magics.judges import JUDGES
from fusion_magics.local.footprint import needs
from fusion_magics.modes import MODES
from fusion_magics.plan import Plan
from fusion_magics.text import binary_size
from fusion_magics.types import Price, Prompt, SamplingParams


def replying(prompt: Prompt, params: SamplingParams) -> str:
    """A judge that reads any question: the least that its schema allows."""
    schema = params.schema
    return json.dumps(_least(dict(schema), prompt.text)) if schema else "Answer: 1"


def _least(schema: dict[str, object], shown: str, name: str = "") -> object:
    if "properties" in schema:
        parts: dict[str, dict[str, object]] = schema["properties"]  # type: ignore[assignment]
        return {key: _least(part, shown, key) for key, part in parts.items()}
    if name in ("ranking", "groups"):
        return [[n] for n in range(1, _answers(shown) + 1)]
    if name == "sentences":
        return [{"text": "One.", "answers": [1]}]
    kinds = {"string": "x", "integer": schema.get("minimum", 1), "boolean": True, "array": []}
    return kinds[str(schema["type"])]


def _answers(shown: str) -> int:
    return len(set(re.findall(r"^\[(\d+)\]$", shown, re.MULTILINE)))


def changing(prompt: Prompt, params: SamplingParams) -> str:
    """A debater that gives another answer in each round, so that no debate ends early; and a juror
    of what others wrote.
    """
    if params.schema:
        return replying(prompt, params)
    changing.count += 1  # type: ignore[attr-defined]
    return f"Answer: {changing.count}"  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _models(scripts: dict[str, Script]) -> None:
    changing.count = 0  # type: ignore[attr-defined]
    scripts["judge"] = Script(replying)
    scripts["other"] = Script(replying)
    scripts["changing"] = Script(changing)


async def plan(**options: object) -> Plan:
    given = {"pool": "scripted:changing*3", "judge": "scripted:judge"} | options
    result = await fuse("How many?", dry_run=True, **given)  # type: ignore[call-overload]
    assert isinstance(result, Plan)
    return result


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "judging",
    [
        *({"protocol": protocol} for protocol in JUDGES),
        {"jury": "builder,skeptic"},
        {"judge": "scripted:judge,scripted:other"},
        {"judge": "scripted:judge,scripted:changing"},
    ],
    ids=lambda options: next(iter(options.values())),
)
@pytest.mark.parametrize("more", [{}, {"samples": 1, "pool": "scripted:changing"}, {"rounds": 1}])
async def test_a_run_makes_the_calls_that_were_planned(
    mode: str, judging: dict[str, str], more: dict[str, object]
) -> None:
    options = {"mode": mode} | judging | more
    planned = {step.purpose: step.calls for step in (await plan(**options)).steps}
    assert changing.count == 0, "a plan asks nothing"  # type: ignore[attr-defined]
    given = {"pool": "scripted:changing*3", "judge": "scripted:judge"} | options
    fusion = await fuse("How many?", **given)  # type: ignore[call-overload]
    assert Counter(call.purpose for call in fusion.calls) == planned, fusion.notes


async def test_a_vote_by_meaning_asks_the_judge_once() -> None:
    assert [(s.purpose, s.calls) for s in (await plan(mode="vote", read="judge")).steps] == [
        ("member", 3),
        ("judge", 1),
    ]


async def test_tokens_and_cost_are_bounds(scripts: dict[str, Script]) -> None:
    scripts["judge"] = Script(replying, price=Price(0.001, 0.002))
    scripts["changing"] = Script(changing, price=Price(0.01, 0.02))
    for mode in MODES:
        planned = await plan(mode=mode)
        fusion = await fuse(
            "How many?", pool="scripted:changing*3", judge="scripted:judge", mode=mode
        )
        assert planned.cost is not None
        assert fusion.usage.cost is not None
        assert 0 < fusion.usage.cost < planned.cost
        assert fusion.usage.completion_tokens <= sum(step.written for step in planned.steps)


async def test_an_unknown_price_makes_the_cost_unknown(scripts: dict[str, Script]) -> None:
    scripts["changing"] = Script(changing, price=None)
    planned = await plan()
    assert planned.cost is None
    assert "unknown" in repr(planned)


async def test_it_shows_itself(scripts: dict[str, Script]) -> None:
    scripts["<b>"] = Script("x")
    planned = await plan(pool="scripted:<b>,scripted:yes", escalate=True)
    text, html = repr(planned), planned._repr_mimebundle_()["text/html"]
    for word in ("nothing was asked", "best-of of scripted:<b>, scripted:yes", "free", "least: 1"):
        assert word in text
    assert "<b>" not in html
    assert "scripted:&lt;b&gt;" in html
    assert "local model" not in text


@pytest.fixture
def tiny_need() -> int:
    """Bytes that the largest tiny model takes."""
    models = [open_model("tiny", name) for name in ("sums", "words", "judge")]
    return max(needs(model.spec).total for model in models)  # type: ignore[attr-defined]


def machine_with(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    local.unload()
    for user in (local.plan, module):
        monkeypatch.setattr(user, "capacity", lambda place="memory": room)


async def test_local_models_are_planned_for_memory(
    monkeypatch: pytest.MonkeyPatch, tiny_need: int
) -> None:
    machine_with(10 * tiny_need, monkeypatch)
    planned = await plan(pool="tiny:sums*3,tiny:words", judge="tiny:judge")
    assert [s.model for s in planned.memory] == ["tiny:sums", "tiny:words", "tiny:judge"]
    for share in planned.memory:
        size = tiny.weights(share.model.removeprefix("tiny:")).stat().st_size
        assert 0.9 * size < share.need.weights <= size
        assert share.need.total <= tiny_need
    assert planned.waves == 1
    assert planned.to_load == sum(s.need.total for s in planned.memory)
    assert f"may take {binary_size(planned.room)}" in repr(planned)
    assert "waves" not in repr(planned)
    (alone,) = (await plan(pool="tiny:sums", judge="tiny:judge", mode="vote")).memory
    assert alone.model == "tiny:sums", "a vote loads no judge"


async def test_what_does_not_fit_at_once_is_planned_in_waves(
    monkeypatch: pytest.MonkeyPatch, tiny_need: int
) -> None:
    machine_with(int(2.1 * tiny_need), monkeypatch)
    planned = await plan(pool="tiny:sums,tiny:words", judge="tiny:judge")
    assert [share.wave for share in planned.memory] == [1, 1, 2]
    text, html = repr(planned), planned._repr_mimebundle_()["text/html"]
    assert "runs in 2 waves" in text
    first, second = (line for line in text.splitlines() if line.startswith("wave "))
    drawn = [round(40 * share.need.total / planned.room) for share in planned.memory]
    assert [first.count("█"), first.count("▓"), second.count("█")] == drawn
    assert first.count("░") == 40 - sum(drawn[:2])
    assert html.count('role="img"') == 2
    assert 'aria-label="wave 2: ' in html
    assert f"tiny:judge {binary_size(planned.memory[2].need.total)}" in html


async def test_what_does_not_fit_at_all_is_said_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine_with(1, monkeypatch)
    planned = await plan(pool="tiny:sums", judge="tiny:judge")
    assert [share.wave for share in planned.memory] == [0, 0]
    text = repr(planned)
    assert "tiny:sums does not fit: it takes" in text
    assert "Take a smaller model, or close other programs." in text
    assert "wave 1" not in text


async def test_bad_input_is_an_error_of_the_plan_too() -> None:
    from fusion_magics.errors import UsageError

    with pytest.raises(UsageError, match="no mode 'x'"):
        await plan(mode="x")
