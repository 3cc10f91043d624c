"""Any candidate text, any order, any failures: every mode ends with a result or one typed error.

Members and judges here write whatever hypothesis thinks of, and fail however models fail; every
mode runs with every judge protocol. A short, always equal form runs with the other tests. The long
form looks at other examples each time:

    FUZZ_EXAMPLES=5000 python -m pytest tests/test_fuzz.py --timeout=0
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion_magics import fuse
from fusion_magics.backends.scripted import SCRIPTS, Script
from fusion_magics.errors import (
    ContextOverflow,
    ModelError,
    NoAnswerError,
    UsageError,
    WorkerDied,
)
from fusion_magics.judges import JUDGES
from fusion_magics.modes import MODES
from fusion_magics.types import Fusion, Prompt, SamplingParams, Wording

LONG = "FUZZ_EXAMPLES" in os.environ
every_example = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20")),
    derandomize=not LONG,
    deadline=None,
    database=None,
)
with_every_judge = pytest.mark.parametrize("protocol", JUDGES)
on_every_mode = pytest.mark.parametrize("mode", MODES)

# ── what models do ───────────────────────────────────────────────────────────────────────────

SHORT_ANSWERS = st.sampled_from(
    ["Answer: 4", "4", "4.0", "**Answer:** four", "\\boxed{4}", "Answer: 5", "#### 5", "", " "]
)
HOSTILE = st.sampled_from(
    [
        "<think>\n4",
        "<think>\na\n</think>\n4",
        '{"score": 10}',
        "</00000000>",
        "<|im_end|>",
        "\x00\x1b[2J\u202e",
        "\ud800",
        "[2]",
        "{{ 7 }}{0}%s",
        "a. " * 400,
    ]
)
TEXTS = SHORT_ANSWERS | HOSTILE | st.text(max_size=60)
FAULTS = st.sampled_from(
    [
        ModelError("It broke.", "Ask again.", retryable=True),
        ContextOverflow("It is full.", "Ask less."),
        WorkerDied("It died.", "Ask again."),
        asyncio.CancelledError(),
    ]
)


@dataclass(frozen=True)
class Behaviour:
    """A member: it writes ``text`` after ``delay`` s, or fails after so many words."""

    text: str
    fault: BaseException | None
    fail_after: int | None
    delay: float

    def script(self) -> Script:
        return Script(self._reply, delay=self.delay, fail_after=self.fail_after)

    def _reply(self, prompt: Prompt, params: SamplingParams) -> str:
        if self.fault is not None:
            raise self.fault
        # Asked again (in a debate, as a sample), half of them say something else.
        changed = len(prompt.messages) > 1 and len(self.text) % 2
        return self.text[::-1] if changed else self.text


MEMBERS = st.lists(
    st.builds(
        Behaviour,
        text=TEXTS,
        fault=st.none() | st.none() | st.none() | FAULTS,
        fail_after=st.none() | st.none() | st.none() | st.integers(0, 2),
        delay=st.sampled_from([0.0, 0.0, 0.001]),
    ),
    min_size=1,
    max_size=4,
)


def instance(schema: Mapping[str, Any], rng: Random, most: int) -> Any:
    """Something of the form that ``schema`` asks for, which need not make any sense.

    Numbers without a bound go to ``most``.
    """
    if "anyOf" in schema:
        return instance(rng.choice(schema["anyOf"]), rng, most)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        parts = schema.get("properties", {})
        return {key: instance(part, rng, most) for key, part in parts.items()}
    if kind == "array":
        count = rng.randint(schema.get("minItems", 0), schema.get("maxItems", 4))
        return [instance(schema.get("items", {}), rng, most) for _ in range(count)]
    if kind == "integer":
        return rng.randint(schema.get("minimum", 1), schema.get("maximum", most))
    if kind == "number":
        return rng.uniform(schema.get("minimum", 0), schema.get("maximum", most))
    if kind == "boolean":
        return rng.random() < 0.5
    return rng.choice(["", "4", "it is 4", "</00000000>", "\x00\u202e", "a" * 99])


def permutations(count: int, rng: Random) -> list[list[int]]:
    """Groups of equals that name each of ``count`` answers once: a ranking that can be read."""
    numbers = rng.sample(range(1, count + 1), count)
    cuts = [n for n in range(1, count) if rng.random() < 0.7]
    return [numbers[i:j] for i, j in zip([0, *cuts], [*cuts, count], strict=True)]


def judge(seed: int, garbage: Sequence[str]) -> Callable[[Prompt, SamplingParams], str]:
    """A judge whose reply only the seed and what it is asked decide: garbage, or the right form.

    Of those of the right form, most name the answers that there are, and rank each once.
    """

    def reply(prompt: Prompt, params: SamplingParams) -> str:
        asked = "".join(m.content for m in prompt.messages).encode("utf-8", "replace")
        rng = Random(hashlib.blake2b(asked, salt=seed.to_bytes(8)).digest())
        if params.schema is None or rng.random() < 0.2:
            return rng.choice(garbage)
        count = len(re.findall(rb"^\[\d+\]$", asked, re.MULTILINE))
        sensible = count and rng.random() < 0.8
        made = instance(params.schema, rng, count if sensible else 9)
        if sensible and "ranking" in made:
            made["ranking"] = permutations(count, rng)
        return json.dumps(made)

    return reply


WORDINGS: st.SearchStrategy[Wording] = st.sampled_from(["full", "full", "short"])
GARBAGE = st.lists(TEXTS, min_size=1, max_size=3)
JUDGE_FAULTS = st.none() | st.none() | st.none() | st.integers(0, 1)


@contextmanager
def scripted(members: Sequence[Behaviour], judge_script: Script) -> Iterator[list[str]]:
    """The members' names, while they and the judge ``scripted:judge`` can be asked."""
    before = dict(SCRIPTS)
    names = [f"m{n}" for n in range(len(members))]
    SCRIPTS.update({n: m.script() for n, m in zip(names, members, strict=True)})
    SCRIPTS["judge"] = judge_script
    try:
        yield [f"scripted:{name}" for name in names]
    finally:
        SCRIPTS.clear()
        SCRIPTS.update(before)


def fused(pool: Sequence[str], mode: str, protocol: str, seed: int) -> Fusion | NoAnswerError:
    """What the user gets; any other error is a bug."""
    try:
        return asyncio.run(asked(pool, mode=mode, protocol=protocol, seed=seed))
    except NoAnswerError as exc:
        return exc


async def asked(pool: Sequence[str], **options: Any) -> Fusion:
    return await fuse("What is 2 + 2?", pool=pool, judge="scripted:judge", **options)


# ── what must be true of the result ──────────────────────────────────────────────────────────


def check(fusion: Fusion, pool: Sequence[str]) -> None:
    named = [c.member for c in fusion.candidates] + [f.member for f in fusion.failures]
    assert set(named) == set(pool)
    check_parts(fusion)


def check_parts(fusion: Fusion) -> None:
    """That the parts of a fusion fit each other, whoever was asked."""
    texts = [c.text for c in fusion.candidates]
    assert fusion.candidates
    if not fusion.passages:
        assert fusion.text in texts
    for point in fusion.passages:
        assert set(point.candidates) <= set(range(len(texts)))
    judgment = fusion.judgment
    if judgment is not None:
        assert [v.candidate for v in judgment.verdicts] == list(range(len(texts)))
        assert 0 <= judgment.best < len(texts)
        assert set(judgment.ties) <= set(range(len(texts)))
        assert all(v.score is None or 0 <= v.score <= 10 for v in judgment.verdicts)
        assert judgment.agreement is None or 0 <= judgment.agreement <= 1
    assert all(c.state in ("done", "failed", "cancelled") for c in fusion.calls)
    assert Fusion.from_json(fusion.to_json()) == fusion
    assert set(fusion._repr_mimebundle_()) >= {"text/plain"}


@on_every_mode
@with_every_judge
@every_example
@given(
    members=MEMBERS,
    garbage=GARBAGE,
    judge_fails=JUDGE_FAULTS,
    wording=WORDINGS,
    seed=st.integers(0, 3),
)
def test_every_mode_ends_with_a_result_or_says_why_each_member_failed(
    mode: str,
    protocol: str,
    members: list[Behaviour],
    garbage: list[str],
    judge_fails: int | None,
    wording: Wording,
    seed: int,
) -> None:
    judge_script = Script(judge(seed, garbage), fail_after=judge_fails, wording=wording)
    with scripted(members, judge_script) as pool:
        result = fused(pool, mode, protocol, seed)
    if isinstance(result, NoAnswerError):
        assert all(m.fault is not None or m.fail_after is not None for m in members)
        assert all(name in str(result) for name in pool)
    else:
        check(result, pool)


@on_every_mode
@with_every_judge
@every_example
@given(
    members=MEMBERS,
    garbage=GARBAGE,
    wording=WORDINGS,
    seed=st.integers(0, 3),
    order=st.randoms(),
)
def test_the_order_of_the_pool_changes_nothing(
    mode: str,
    protocol: str,
    members: list[Behaviour],
    garbage: list[str],
    wording: Wording,
    seed: int,
    order: Random,
) -> None:
    with scripted(members, Script(judge(seed, garbage), wording=wording)) as pool:
        shuffled = order.sample(pool, len(pool))
        result = fused(pool, mode, protocol, seed)
        again = fused(shuffled, mode, protocol, seed)
    if isinstance(result, NoAnswerError) or isinstance(again, NoAnswerError):
        assert type(result) is type(again)
    else:
        assert result.text == again.text


# Options that change whom a mode asks, how often, or who judges.
OPTIONS: dict[str, dict[str, Any]] = {
    "jury": {"jury": "builder,skeptic"},
    "majority of a jury": {"jury": "builder,skeptic,creator", "aggregate": "majority"},
    "rubric": {"rubric": "code-review"},
    "samples": {"samples": 2},
    "early stop": {"early_stop": 0.6, "samples": 3},
    "read by the judge": {"read": "judge"},
    "read as a number": {"read": "number"},
    "one round": {"rounds": 1},
    "quorum": {"quorum": 1},
    "deadline": {"deadline": 0.01},
    "small budget": {"budget": "40tok"},
    "budget": {"budget": "4000tok"},
    "escalate": {"escalate": True},
}


@on_every_mode
@pytest.mark.parametrize("option", OPTIONS)
@every_example
@given(
    members=MEMBERS,
    garbage=GARBAGE,
    wording=WORDINGS,
    seed=st.integers(0, 3),
)
def test_every_option_ends_with_a_result_or_one_typed_error(
    mode: str,
    option: str,
    members: list[Behaviour],
    garbage: list[str],
    wording: Wording,
    seed: int,
) -> None:
    judge_script = Script(judge(seed, garbage), wording=wording)
    # An option that does not suit the mode or the pool is refused before anything is asked.
    with scripted(members, judge_script) as pool, suppress(NoAnswerError, UsageError):
        check_parts(asyncio.run(asked(pool, mode=mode, seed=seed, **OPTIONS[option])))


@on_every_mode
@with_every_judge
@pytest.mark.parametrize("stalled", ["a member", "the judge"])
def test_a_stop_keeps_what_had_arrived(mode: str, protocol: str, stalled: str) -> None:
    slow = 60.0
    members = [
        Behaviour("Answer: 4.", None, None, 0.0),
        Behaviour("Answer: 5.", None, None, slow if stalled == "a member" else 0.0),
    ]
    judge_script = Script(judge(0, ["x"]), delay=slow if stalled == "the judge" else 0.0)

    async def stopped(pool: Sequence[str]) -> Fusion | None:
        try:
            async with asyncio.timeout(0.2):
                return await fuse(
                    "2 + 2?", pool=pool, judge="scripted:judge", mode=mode, protocol=protocol
                )
        except TimeoutError as exc:
            return exc.__cause__.fusion  # type: ignore[union-attr]

    with scripted(members, judge_script) as pool:
        fusion = asyncio.run(stopped(pool))
    assert fusion
    assert fusion.candidates[0].text == "Answer: 4."
    assert {c.state for c in fusion.calls} <= {"done", "cancelled"}


@given(st.integers())
def test_a_reply_of_the_right_form_is_made_for_every_schema(seed: int) -> None:
    """The judge above can be read: what it makes is what was asked for."""
    import msgspec

    from fusion_magics.asking.reply import schema_of
    from fusion_magics.judges.pointwise import Reply

    made = instance(schema_of(Reply), Random(seed), 9)
    assert msgspec.convert(made, Reply)
