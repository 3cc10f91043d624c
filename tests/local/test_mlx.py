"""MLX by random models: what llama.cpp's tests ask, of the other engine."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from asking import ask, child_pid, tokens_of
from random_models import Shape
from test_llamacpp import SCHEMA

from fusion_magics.errors import ContextOverflow, LoadError, ModelError, WorkerDied
from fusion_magics.local import LocalModel, Spec, loaded, unload
from fusion_magics.types import Prompt, SamplingParams


async def test_states_and_usage(mlx_chatty: LocalModel) -> None:
    answer = await ask(mlx_chatty, "hello")
    assert answer.states == ["loading", "reading", "writing"]
    assert answer.finish.reason == "length"
    assert answer.finish.usage.prompt_tokens == 8
    assert answer.finish.usage.completion_tokens == 40
    assert (await ask(mlx_chatty, "hello")).states == ["reading", "writing"]


async def test_both_engines_say_the_same(chatty: LocalModel, mlx_chatty: LocalModel) -> None:
    """The same weights: the likelihoods agree to the precision of 16 bits."""
    for text in ("hello", "Ünïcödé 😀", "x" * 100):
        ours = await ask(mlx_chatty, text, logprobs=260, max_tokens=1)
        theirs = await ask(chatty, text, logprobs=260, max_tokens=1)
        assert ours.finish.usage.prompt_tokens == theirs.finish.usage.prompt_tokens
        mine, other = (sorted(p for _, p in a.logprobs[0].top) for a in (ours, theirs))
        assert mine == pytest.approx(other, abs=0.02)


async def test_what_was_read_is_not_read_again_and_changes_nothing(mlx_chatty: LocalModel) -> None:
    text = "a prompt of some length that two calls have in common, and then "
    fresh = await ask(mlx_chatty, text + "this", logprobs=2)
    unload()
    await ask(mlx_chatty, text + "that")
    again = await ask(mlx_chatty, text + "this", logprobs=2)
    assert fresh.finish.usage.cached_tokens == 0
    assert again.finish.usage.cached_tokens >= 32
    assert again.text == fresh.text
    assert again.logprobs == fresh.logprobs


async def test_seeds(mlx_chatty: LocalModel) -> None:
    async def sample(seed: int, **params: float) -> str:
        return (await ask(mlx_chatty, "x", temperature=1.0, seed=seed, **params)).text

    assert await sample(7) == await sample(7)
    assert await sample(7) != await sample(8)
    assert await sample(7, top_p=1e-6) == (await ask(mlx_chatty, "x")).text


async def test_next_to_nothing_is_greedy(mlx_chatty: LocalModel) -> None:
    greedy = (await ask(mlx_chatty, "x")).text
    assert (await ask(mlx_chatty, "x", temperature=1e-39)).text == greedy


@pytest.mark.parametrize("params", [{}, {"temperature": 1.0}, {"logprobs": 2}])
async def test_weights_that_are_no_numbers(
    built: Callable[[Shape, str], Path], params: dict[str, float]
) -> None:
    folder = built(Shape(norm=math.nan), "folder")
    with pytest.raises(ModelError, match="give no numbers"):
        await ask(LocalModel("mlx:broken", Spec("mlx", str(folder))), "x", **params)


def test_a_model_without_an_end_stops_where_its_json_does(
    built: Callable[[Shape, str], Path],
) -> None:
    from fusion_magics.local.engines import CancelFlag, mlx

    engine = mlx.load(Spec("mlx", str(built(Shape(), "folder"))), CancelFlag())
    engine.vocabulary._ends = frozenset()
    params = SamplingParams(schema={"enum": ["yes"]}, logprobs=1)
    tokens = tokens_of(engine, [65, 66], params)
    assert b"".join(engine.vocabulary.piece(t.id) for t in tokens) == b'"yes"'


def test_weights_of_four_bits_are_counted_one_by_one(
    built: Callable[[Shape, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by the words they are packed in: pieces would be eight times too long."""
    import mlx.nn as nn

    from fusion_magics.local.engines import CancelFlag, mlx

    sizes: list[int] = []
    monkeypatch.setattr(mlx, "piece_size", lambda n, flops: sizes.append(n) or 32)
    folder = built(Shape(), "folder")
    files = mlx._files

    def quantised(path: str) -> tuple[nn.Module, object, dict[str, object]]:
        model, tokenizer, config = files(path)
        nn.quantize(model, 64, 4)
        return model, tokenizer, config

    mlx.load(Spec("mlx", str(folder)), CancelFlag())
    monkeypatch.setattr(mlx, "_files", quantised)
    mlx.load(Spec("mlx", str(folder)), CancelFlag())
    assert sizes[0] == sizes[1] > 0


async def test_code_that_comes_with_a_model_is_not_run(
    built: Callable[[Shape, str], Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(built(Shape(), "folder"), tmp_path / "m")
    described = json.loads((folder / "tokenizer_config.json").read_text())
    described |= {"tokenizer_class": "Own", "auto_map": {"AutoTokenizer": ["own.Own", None]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(described))
    (folder / "own.py").write_text("import os; os._exit(3)")
    with pytest.raises(LoadError, match="is not run here"):
        await ask(LocalModel("mlx:own", Spec("mlx", str(folder))), "x")


async def test_logprobs(mlx_chatty: LocalModel) -> None:
    answer = await ask(mlx_chatty, "hello", max_tokens=20, logprobs=260)
    assert len(answer.logprobs) == 20
    for token in answer.logprobs:
        assert math.isclose(sum(math.exp(p) for _, p in token.top), 1, abs_tol=1e-3)
        assert token.top[0] == (token.token, token.logprob)


@pytest.mark.parametrize("temperature", [0.0, 1.5])
async def test_schema(mlx_chatty: LocalModel, temperature: float) -> None:
    for seed in range(3):
        answer = await ask(
            mlx_chatty, "x", schema=SCHEMA, max_tokens=200, temperature=temperature, seed=seed
        )
        assert answer.finish.reason == "stop"
        value = json.loads(answer.text)
        assert list(value) == ["why", "score", "fine"]
        assert 0 <= value["score"] <= 10
    with pytest.raises(ModelError, match="schema"):
        await ask(mlx_chatty, "x", schema={"type": "no such type"})


async def test_likelihoods_under_a_schema_are_the_models_own(mlx_chatty: LocalModel) -> None:
    answer = await ask(mlx_chatty, "x", schema={"enum": ["only this"]}, logprobs=260)
    assert answer.text == '"only this"'
    assert answer.logprobs[0].logprob < -1  # a random model would hardly have begun with it


async def test_stop_strings_and_characters(mlx_chatty: LocalModel) -> None:
    schema = {"enum": ["ä€😀 and more"]}
    assert json.loads((await ask(mlx_chatty, "x", schema=schema)).text) == "ä€😀 and more"
    answer = await ask(mlx_chatty, "x", schema=schema, stop=("😀",))
    assert (answer.text, answer.finish.reason) == ('"ä€', "stop")


async def test_an_answer_ends_where_the_model_ends_it(built: Callable[[Shape, str], Path]) -> None:
    model = LocalModel("mlx:ends", Spec("mlx", str(built(Shape(), "folder"))))
    ends = [(await ask(model, "x", max_tokens=480, temperature=1, seed=s)).finish for s in range(6)]
    assert "stop" in {end.reason for end in ends}


async def test_context(mlx_chatty: LocalModel) -> None:
    with pytest.raises(ContextOverflow, match=r"513 tokens.* 512"):
        await ask(mlx_chatty, "x" * 510)
    answer = await ask(mlx_chatty, "x" * 497, max_tokens=100)
    assert (answer.finish.reason, answer.finish.usage.completion_tokens) == ("length", 12)


async def test_calls_are_made_together(mlx_chatty: LocalModel) -> None:
    alone = [(await ask(mlx_chatty, text)).text for text in ("a", "bc", "def")]
    together = await asyncio.gather(*(ask(mlx_chatty, text) for text in ("a", "bc", "def")))
    assert [a.text for a in together] == alone


async def test_a_child_that_is_killed(mlx_steady: LocalModel) -> None:
    deltas = mlx_steady.stream(Prompt.of("hello"), SamplingParams(max_tokens=4000))
    while (await anext(deltas)).state != "writing":
        pass
    os.kill(child_pid(mlx_steady), signal.SIGKILL)
    with pytest.raises(WorkerDied, match="SIGKILL"):
        _ = [d async for d in deltas]
    assert loaded() == []


@pytest.mark.parametrize("part", ["model.safetensors", "tokenizer.json", "config.json"])
async def test_a_damaged_folder(
    built: Callable[[Shape, str], Path], tmp_path: Path, part: str
) -> None:
    for file in built(Shape(ends=False), "folder").iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(
            content[: len(content) // 2] if file.name == part else content
        )
    with pytest.raises(LoadError) as caught:
        await ask(LocalModel("mlx:cut", Spec("mlx", str(tmp_path))), "x")
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint
