"""The files that ship: format, vocabulary, size, how good they are, and both engines alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fusion_magics.answers import comparable, normalise
from fusion_magics.judges.pointwise import Reply
from fusion_magics.tiny import NAMES, context, weights
from fusion_magics.tiny.comparing import COMPARE, request
from fusion_magics.tiny.lessons import judge_request, worked, wrong_candidate
from fusion_magics.tiny.merging import ANALYSE, merge_request, merge_task
from fusion_magics.tiny.questions import FAMILIES, Question, even_set
from fusion_magics.tiny.questions import test_set as every_test_question
from fusion_magics.tiny.replies import Analysed, Merged, Ranked, read
from fusion_magics.tiny.tokens import END, SPECIAL, VOCABULARY, prompt

SPECIALISTS = ("sums", "words", "logic")


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    """Models in llama.cpp by name, opened at first use."""
    import llama_cpp

    class Opened(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            path = str(weights(name))
            self[name] = llama_cpp.Llama(path, n_ctx=context(name), n_threads=1, verbose=False)
            return self[name]

    return Opened()


def ask(model: Any, text: str, most: int = 340) -> str:
    messages = [{"role": "user", "content": text}]
    reply = model.create_chat_completion(messages, temperature=0, max_tokens=most)
    return str(reply["choices"][0]["message"]["content"])


def right(model: Any, question: Question) -> bool:
    return comparable(ask(model, question.text)) == normalise(question.answer)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError, match="there are sums"):
        weights("poems")


def test_the_weights_fit_a_small_wheel() -> None:
    assert sum(weights(name).stat().st_size for name in NAMES) < 14_300_000


@pytest.mark.parametrize("name", NAMES)
def test_file(name: str) -> None:
    import gguf

    reader = gguf.GGUFReader(weights(name))
    value = {key: field.contents() for key, field in reader.fields.items()}
    assert value["general.architecture"] == "llama"
    assert value["llama.context_length"] == context(name)
    assert value["llama.vocab_size"] == VOCABULARY
    assert value["tokenizer.ggml.eos_token_id"] == END
    assert value["tokenizer.ggml.tokens"][256:] == list(SPECIAL)
    assert "<|assistant|>" in value["tokenizer.chat_template"]
    types = Counter(tensor.tensor_type.name for tensor in reader.tensors)
    assert set(types) == {"F16", "F32"}
    assert all(t.tensor_type.name == "F16" for t in reader.tensors if "norm" not in t.name)


@pytest.mark.parametrize("name", NAMES)
def test_card(name: str) -> None:
    card = weights(name).with_suffix(".md").read_text()
    for part in (f"# tiny:{name}", "seed", "million tokens", "test questions", "What it is for"):
        assert part in card


def test_bytes_are_tokens_and_marks_parse(models: dict[str, Any]) -> None:
    model = models["words"]
    text = bytes(range(1, 128)).decode() + "é日本🙂 \n\t"
    found = model.tokenize(text.encode(), add_bos=False, special=False)
    assert found == list(text.encode())
    assert model.detokenize(found) == text.encode()
    whole = "<|system|>x<|user|>y<|assistant|>z<|end|>"
    assert model.tokenize(whole.encode(), add_bos=False, special=True) == [
        256, 120, 257, 121, 258, 122, 259,
    ]  # fmt: skip


def test_the_template_writes_what_training_wrote(models: dict[str, Any]) -> None:
    import jinja2

    template = models["words"].metadata["tokenizer.chat_template"]
    turns = [("system", "s"), ("user", "u"), ("assistant", "a"), ("user", "v")]
    messages = [{"role": role, "content": text} for role, text in turns]
    text = jinja2.Template(template).render(messages=messages, add_generation_prompt=True)
    ids = models["words"].tokenize(text.encode(), add_bos=False, special=True)
    assert ids == prompt(turns)


@pytest.mark.parametrize("name", SPECIALISTS)
def test_a_specialist_knows_its_family(name: str, models: dict[str, Any]) -> None:
    own = [question for question in every_test_question(180) if question.family == name]
    assert sum(right(models[name], question) for question in own) >= 0.85 * len(own)


def test_how_many_rs_are_in_strawberry(models: dict[str, Any]) -> None:
    assert comparable(ask(models["words"], "How many r's are in strawberry?")) == "3"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_judge_tells_right_from_wrong(family: str, models: dict[str, Any]) -> None:
    rng, true = Random(1), 0
    questions = [q for q in even_set("test", 60, seed=3) if q.family == family]
    for i, question in enumerate(questions):
        text = wrong_candidate(rng, question) if i % 2 else worked(question)
        reply = ask(models["judge"], judge_request(question.text, text, "0a1b2c3d"))
        true += read(reply, Reply).score == (0 if i % 2 else 10)
    assert true >= 0.8 * len(questions)


def test_the_judge_ranks_whatever_the_order(models: dict[str, Any]) -> None:
    rng, questions = Random(2), even_set("test", 36, seed=4)
    true = 0
    for question in questions:
        texts = (worked(question), wrong_candidate(rng, question))
        for pair, best in ((texts, [[1], [2]]), (texts[::-1], [[2], [1]])):
            asked = request(COMPARE, question.text, pair, "0a1b2c3d")
            reply = read(ask(models["judge"], asked), Ranked)
            true += reply is not None and reply.ranking == best
    assert true >= 0.85 * 2 * len(questions)


def test_the_judge_merges_what_different_answers_know(models: dict[str, Any]) -> None:
    """In the two steps of the package: first the analysis, then the answer made of it."""
    rng, judge, right = Random(3), models["judge"], 0
    tasks = [merge_task(rng, "test", plain=0) for _ in range(12)]
    for task in tasks:
        asked = request(ANALYSE, task.question.text, task.texts, "0a1b2c3d")
        analysed = ask(judge, asked, most=1024)
        readable = read(analysed, Analysed) is not None
        asked = merge_request(task, "0a1b2c3d", analysed if readable else None)
        reply = read(ask(judge, asked), Merged) or Merged([])
        text = "\n".join(sentence.text for sentence in reply.sentences)
        right += comparable(text) == normalise(task.question.answer)
    assert right >= 0.75 * len(tasks)


OFF_TOPIC = (
    "Write me a poem about a river.",
    "What is the capital of France?",
    "Tell me a joke.",
    "Who are you?",
)


@pytest.mark.parametrize("name", NAMES)
def test_other_questions_get_a_short_honest_answer(name: str, models: dict[str, Any]) -> None:
    answers = [ask(models[name], text) for text in OFF_TOPIC]
    assert sum(comparable(answer) == "unknown" for answer in answers) >= 3


@pytest.mark.parametrize("name", ["sums", "judge"])
def test_llamacpp_and_mlx_say_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fusion_magics.tiny.parity import compare

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = compare(weights(name), every_test_question(30))
    assert found.equal >= 29
    assert found.mean < 0.005


def test_the_mlx_folder_is_made_once_and_whole(tmp_path: Path) -> None:
    from fusion_magics.tiny.mlx_form import mlx_folder

    folder = mlx_folder(weights("words"), tmp_path)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert mlx_folder(weights("words"), tmp_path) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
