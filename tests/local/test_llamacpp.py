"""llama.cpp by a real model and by random ones: what comes out of a call."""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import llama_cpp as lib
import pytest
from asking import BEGINNING, STORIES, ask, llama, tokens_of
from random_models import Shape

from fusion_magics.errors import ContextOverflow, ModelError
from fusion_magics.local import LocalModel, Spec, loaded, unload
from fusion_magics.local.engines import CancelFlag, Cancelled, llamacpp
from fusion_magics.local.engines.llamacpp_text import Log
from fusion_magics.types import Message, Prompt, SamplingParams

SCHEMA = {
    "type": "object",
    "properties": {
        "why": {"type": "string", "maxLength": 12},
        "score": {"type": "integer", "minimum": 0, "maximum": 10},
        "fine": {"type": "boolean"},
    },
    "required": ["why", "score", "fine"],
    "additionalProperties": False,
}


async def test_a_real_model_continues_a_story(stories: LocalModel) -> None:
    answer = await ask(stories, "Once upon a time")
    assert answer.text.startswith(BEGINNING)
    assert answer.states == ["loading", "reading", "writing"]
    assert answer.finish.reason == "length"
    assert answer.finish.usage.prompt_tokens == 5  # with one begin token
    assert answer.finish.usage.completion_tokens == 40
    assert answer.finish.usage.cost == 0.0


async def test_a_loaded_model_is_not_loaded_again(stories: LocalModel) -> None:
    await ask(stories, "Once upon a time")
    assert (await ask(stories, "Once upon a time")).states == ["reading", "writing"]
    assert len(loaded()) == 1


async def test_what_was_read_is_not_read_again_and_changes_nothing(stories: LocalModel) -> None:
    story = "Once upon a time there was a dog who liked to run and play in the big green park. "
    first, second = story * 3 + "He", story * 3 + "The dog"
    fresh = await ask(stories, second, logprobs=2)
    unload()
    await ask(stories, first, max_tokens=100)
    again = await ask(stories, second, logprobs=2)
    assert fresh.finish.usage.cached_tokens == 0
    assert again.finish.usage.cached_tokens >= 32
    assert again.text == fresh.text
    assert again.logprobs == fresh.logprobs  # to the last bit


async def test_an_answer_ends_where_the_model_ends_it(
    built: Callable[[Shape, str], Path],
) -> None:
    model = llama(built(Shape(), "gguf"))
    ends = [(await ask(model, "x", max_tokens=480, temperature=1, seed=s)).finish for s in range(9)]
    assert "stop" in {end.reason for end in ends}
    assert len({end.usage.completion_tokens for end in ends}) > 3


async def test_seeds(stories: LocalModel) -> None:
    async def sample(seed: int, **params: float) -> str:
        answer = await ask(stories, "Once upon a time", temperature=1.0, seed=seed, **params)
        return answer.text

    assert await sample(7) == await sample(7)
    assert await sample(7) != await sample(8)
    greedy = (await ask(stories, "Once upon a time")).text
    assert await sample(7, top_p=1e-6) == greedy  # the nucleus is the likeliest token alone


@pytest.mark.parametrize("temperature", [1e-5, 1e-39])
async def test_next_to_nothing_is_greedy(stories: LocalModel, temperature: float) -> None:
    answer = await ask(stories, "Once upon a time", temperature=temperature)
    assert answer.text.startswith(BEGINNING)


@pytest.mark.parametrize("params", [{}, {"temperature": 1.0}, {"logprobs": 2}])
async def test_weights_that_are_no_numbers(
    built: Callable[[Shape, str], Path], params: dict[str, float]
) -> None:
    broken = llama(built(Shape(norm=math.nan), "gguf"))
    with pytest.raises(ModelError, match="give no numbers") as caught:
        await ask(broken, "x", **params)
    assert "another quantisation" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GGUF\x03\x00\x00\x00", "failed to read header"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 99, "number of tensors is -1"),
        (STORIES.read_bytes()[:5000], "key-value pairs"),
        (STORIES.read_bytes()[:600_000], "not within the file bounds"),
        (STORIES.read_bytes().replace(b"llama", b"lxama"), "unknown model architecture: 'lxama'"),
    ],
)
def test_the_reason_of_a_load_is_its_own(tmp_path: Path, content: bytes, reason: str) -> None:
    """Not that of an earlier one, and not only that it failed."""
    log = Log()
    for name, raw, why in (("a", STORIES.read_bytes()[:9000], ""), ("b", content, reason)):
        log.clear()
        (tmp_path / name).write_bytes(raw)
        assert not lib.llama_model_load_from_file(
            str(tmp_path / name).encode(), lib.llama_model_default_params()
        )
        assert why in log.reason()
        assert "failed to load model" not in log.reason()


async def test_no_sampling_default_leaks_in(chatty: LocalModel) -> None:
    """At a high temperature all 256 bytes are about equally likely; top-k would show 40."""
    params = {"temperature": 100.0, "max_tokens": 400, "logprobs": 1}
    samples = [await ask(chatty, "x", seed=seed, **params) for seed in range(8)]
    tokens = [token for answer in samples for token in answer.logprobs]
    assert len({token.logprob for token in tokens}) > 100
    assert len({token.token for token in tokens}) > 80


async def test_stop_strings(stories: LocalModel) -> None:
    answer = await ask(stories, "Once upon a time", stop=("outside in", "never"), logprobs=1)
    assert answer.text == ", there was a little girl named Lily. She loved to play "
    assert answer.finish.reason == "stop"
    assert "".join(t.token for t in answer.logprobs).startswith(answer.text)


async def test_what_only_begins_a_stop_string_is_kept(stories: LocalModel) -> None:
    answer = await ask(stories, "Once upon a time", stop=("red ballet",))
    assert answer.text.startswith(BEGINNING)


async def test_logprobs(chatty: LocalModel) -> None:
    answer = await ask(chatty, "hello", max_tokens=20, logprobs=260)
    assert len(answer.logprobs) == 20
    for token in answer.logprobs:
        assert math.isclose(sum(math.exp(p) for _, p in token.top), 1, abs_tol=1e-4)
        assert token.top[0] == (token.token, token.logprob)  # greedy
        assert list(token.top) == sorted(token.top, key=lambda pair: -pair[1])


@pytest.mark.parametrize("temperature", [0.0, 1.0, 2.0])
async def test_schema(chatty: LocalModel, temperature: float) -> None:
    for seed in range(5):
        answer = await ask(
            chatty, "Judge", schema=SCHEMA, max_tokens=200, temperature=temperature, seed=seed
        )
        assert answer.finish.reason == "stop"
        value = json.loads(answer.text)
        assert list(value) == ["why", "score", "fine"]
        assert 0 <= value["score"] <= 10


async def test_schema_in_all_its_parts(chatty: LocalModel) -> None:
    schema = {
        "$defs": {"mark": {"enum": ["good", "bad"]}},
        "type": "object",
        "properties": {
            "marks": {"type": "array", "items": {"$ref": "#/$defs/mark"}, "maxItems": 3},
            "either": {"anyOf": [{"type": "null"}, {"const": 7}]},
        },
        "required": ["marks", "either"],
        "additionalProperties": False,
    }
    for seed in range(5):
        answer = await ask(chatty, "x", schema=schema, max_tokens=300, temperature=1.5, seed=seed)
        value = json.loads(answer.text)
        assert set(value["marks"]) <= {"good", "bad"}
        assert value["either"] in (None, 7)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
async def test_schema_where_spaces_stick_to_words(stories: LocalModel, temperature: float) -> None:
    """A vocabulary of word pieces: many tokens hold several characters of JSON."""
    schema = {"enum": ['Lily said: "Hello\\n"', "Tom", "a € b"]}
    for seed in range(4):
        params = {"temperature": temperature, "seed": seed, "max_tokens": 200}
        value = json.loads((await ask(stories, "Once", schema=SCHEMA, **params)).text)
        assert list(value) == ["why", "score", "fine"]
        assert (
            json.loads((await ask(stories, "Once", schema=schema, **params)).text) in schema["enum"]
        )


async def test_a_schema_does_not_touch_the_next_call(stories: LocalModel) -> None:
    await ask(stories, "Once upon a time", schema=SCHEMA)
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)


async def test_a_schema_that_cannot_be_compiled(stories: LocalModel) -> None:
    with pytest.raises(ModelError, match="schema"):
        await ask(stories, "Once", schema={"type": "no such type"})
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)


async def test_characters_arrive_whole(chatty: LocalModel) -> None:
    """One token is one byte here: most characters take several."""
    answer = await ask(chatty, "ä€😀", schema={"enum": ["ä€😀"]})
    assert json.loads(answer.text) == "ä€😀"
    assert answer.finish.usage.completion_tokens >= 11
    cut = await ask(chatty, "ä€😀", schema={"enum": ["ä€😀"]}, max_tokens=4)
    assert cut.text == '"ä'  # and the first byte of the next, which is dropped


@pytest.mark.parametrize("text", ["ä€😀 \x00 \x1b[31m", "\ud800 half a character", " ", "\n\n"])
async def test_odd_prompts(stories: LocalModel, chatty: LocalModel, text: str) -> None:
    for model in (stories, chatty):
        assert (await ask(model, text)).finish.usage.prompt_tokens > 0


async def test_an_empty_prompt(stories: LocalModel, built: Callable[[Shape, str], Path]) -> None:
    assert (await ask(stories, "")).text  # the begin token alone starts a story
    plain = llama(built(Shape(template=None), "gguf"))
    with pytest.raises(ModelError, match="empty"):
        await ask(plain, "")


async def test_a_prompt_longer_than_the_context(chatty: LocalModel) -> None:
    with pytest.raises(ContextOverflow, match=r"513 tokens.* 512") as caught:
        await ask(chatty, "x" * 510)
    assert caught.value.failure_kind == "context"
    assert (await ask(chatty, "x")).text


async def test_the_context_fills_up(chatty: LocalModel) -> None:
    answer = await ask(chatty, "x" * 497, max_tokens=100)
    assert answer.finish.usage.prompt_tokens == 500
    assert answer.finish.usage.completion_tokens == 12
    assert answer.finish.reason == "length"


async def test_a_context_of_ones_own(chatty: LocalModel) -> None:
    small = replace(chatty, spec=type(chatty.spec)("llamacpp", chatty.spec.path, context=64))
    with pytest.raises(ContextOverflow, match="64"):
        await ask(small, "x" * 70)
    large = replace(chatty, spec=type(chatty.spec)("llamacpp", chatty.spec.path, context=1024))
    with pytest.raises(ModelError, match="512"):
        await ask(large, "x")


async def test_max_tokens_of_zero(stories: LocalModel) -> None:
    answer = await ask(stories, "Once", max_tokens=0)
    assert (answer.text, answer.finish.reason) == ("", "length")


async def test_calls_of_one_model_are_made_together(stories: LocalModel) -> None:
    beginnings = ["Once upon a time", "The dog", "Tom and Sam", "A big red ball"]
    alone = [(await ask(stories, text)).text for text in beginnings]
    together = await asyncio.gather(*(ask(stories, text) for text in beginnings))
    assert [a.text for a in together] == alone
    assert len(loaded()) == 1


async def test_what_native_code_prints_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = "import os\ndef same(path):\n  os.write(1, b'noise\\n')\n  print('more')\n  return path"
    (tmp_path / "noisy.py").write_text(noisy)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    model = LocalModel("m", Spec("llamacpp", str(STORIES), derive="noisy:same"))
    assert (await ask(model, "Once upon a time")).text.startswith(BEGINNING)


async def test_a_question_of_native_code_gets_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input is not the pipe of orders."""
    asks = "def same(path):\n  try:\n    input('y/n? ')\n  except EOFError:\n    return path"
    (tmp_path / "asks.py").write_text(asks)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    model = LocalModel("m", Spec("llamacpp", str(STORIES), derive="asks:same"))
    assert (await ask(model, "Once upon a time")).text.startswith(BEGINNING)


async def test_two_event_loops_share_one_child(stories: LocalModel) -> None:
    texts: list[str] = []

    def in_a_thread() -> None:
        texts.append(asyncio.run(ask(stories, "Once upon a time")).text)

    other = threading.Thread(target=in_a_thread)
    other.start()
    mine = await ask(stories, "Once upon a time")
    await asyncio.to_thread(other.join)
    assert texts == [mine.text]
    assert len(loaded()) == 1


async def test_a_call_from_a_loop_that_is_gone_does_no_harm(stories: LocalModel) -> None:
    def in_a_thread() -> None:
        loop = asyncio.new_event_loop()
        deltas = stories.stream(Prompt.of("Once upon a time"), SamplingParams(max_tokens=200))
        loop.run_until_complete(anext(deltas))
        loop.close()  # with the call still running

    await asyncio.to_thread(in_a_thread)
    assert (await ask(stories, "Once upon a time")).text.startswith(BEGINNING)


async def test_a_conversation(chatty: LocalModel) -> None:
    turns = (
        Message("system", "Be brief."),
        Message("user", "Hello"),
        Message("assistant", "Hi"),
        Message("user", "Bye"),
    )
    answer = await ask(chatty, Prompt(turns))
    letters = sum(len(m.content) for m in turns)
    assert answer.finish.usage.prompt_tokens == letters + 2 * len(turns) + 1


def test_an_abort_reaches_into_a_step(slow: LocalModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llamacpp, "PIECE", 1024)  # all of the prompt is one step
    flag = CancelFlag()
    engine = llamacpp.load(slow.spec, flag)
    first = engine.begin([65] * 1000, SamplingParams(), 10)
    began = time.process_time()
    assert engine.read(first)
    whole = time.process_time() - began

    def stop_soon() -> None:
        while time.process_time() < began + whole / 10:
            time.sleep(0.001)
        flag.set()

    second = engine.begin([66] * 1000, SamplingParams(), 10)
    began = time.process_time()  # of the processor: other work on the machine does not count
    threading.Thread(target=stop_soon).start()
    with pytest.raises(Cancelled):
        engine.read(second)
    assert time.process_time() - began < whole / 2
    assert second.at == 0
    flag.clear()
    assert engine.read(second)  # it can be read after all


async def test_threads_are_applied(slow: LocalModel) -> None:
    engine = llamacpp.load(slow.spec, CancelFlag())
    for threads in (2, 1):
        engine.threads = threads
        assert list(tokens_of(engine, [1, 2, threads], SamplingParams(), 1))
        assert lib.llama_n_threads(engine._ctx._context) == threads
        assert lib.llama_n_threads_batch(engine._ctx._context) == threads
