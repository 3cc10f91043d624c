"""A dry run asks nothing, and what it says is what a real run takes."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from fusion_magics import plan as module
from fusion_magics.backends.scripted import Script
from fusion_magics.fusion import fuse
from fusion_magics.judges import JUDGES
from fusion_magics.modes import MODES
from fusion_magics.plan import Plan
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
    assert [module._size(size) for size in (2**20, 19 * 2**30)] == ["1.0 MiB", "19.0 GiB"]


async def test_local_models_are_planned_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    from fusion_magics import local, tiny

    for model in local.loaded():  # by other tests
        local.unload(model.spec)
    planned = await plan(pool="tiny:sums*3,tiny:words", judge="tiny:judge")
    sizes = {w.model: w.size for w in planned.weights}
    assert list(sizes) == ["tiny:sums", "tiny:words", "tiny:judge"], "each once"
    assert sizes["tiny:sums"] == tiny.weights("sums").stat().st_size
    assert planned.to_load == sum(w.size for w in planned.weights if not w.loaded)
    assert f"of {module._size(planned.free_memory)} free" in repr(planned)
    assert "does not fit" not in repr(planned)
    monkeypatch.setattr(module, "free_memory", lambda: 1)
    small = await plan(pool="tiny:sums", judge="tiny:judge")
    assert "That does not fit: unload models" in repr(small)
    (alone,) = (await plan(pool="tiny:sums", judge="tiny:judge", mode="vote")).weights
    assert alone.model == "tiny:sums", "a vote loads no judge"


async def test_bad_input_is_an_error_of_the_plan_too() -> None:
    from fusion_magics.errors import UsageError

    with pytest.raises(UsageError, match="no mode 'x'"):
        await plan(mode="x")
