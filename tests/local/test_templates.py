"""Our conversations in the chat templates of real models.

What is expected is written down by hand, from what each maker documents: Mistral's tokenizer guide
and mistral-common (V7, tekken), Meta's "Llama 3 model cards & prompt formats", the model cards of
Phi-3.5, Gemma and DeepSeek-R1, Qwen's "Key concepts" (ChatML), OpenAI's harmony guide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from vocabularies import FAMILIES, vocabulary

from fusion_magics.asking import Asking, Unreadable
from fusion_magics.backends import open_model
from fusion_magics.backends.scripted import Script
from fusion_magics.judges.pointwise import Reply, pointwise_prompt
from fusion_magics.local import chat
from fusion_magics.local.chat import Renderer, prompt_tokens
from fusion_magics.local.engines import Vocabulary
from fusion_magics.pool import Recorder
from fusion_magics.tiny.lessons import debate_request
from fusion_magics.types import Message, Prompt

# "…" stands for the middle of a maker's own long system prompt.
MISTRAL_SYSTEM = (
    "You are Mistral Small 3, a Large Language Model (LLM) created by Mistral AI, a French startup "
    "headquartered in Paris.\nYour knowledge base was last updated on 2023-10-01. The current date "
    "is 2025-06-20.\n\n…"
)
MINISTRAL_SYSTEM = (
    "# HOW YOU SHOULD THINK AND ANSWER\n\nFirst draft your thinking process (inner monologue)…"
    "[THINK]Your thoughts or/and draft,…[/THINK]Here, provide a self-contained response."
)
LLAMA_31 = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
    "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
)
LLAMA_32 = LLAMA_31.replace("26 Jul 2024", "20 Jun 2025")
LLAMA_ANSWER = "<|start_header_id|>assistant<|end_header_id|>\n\n"
QWEN_SYSTEM = (
    "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant."
    "<|im_end|>\n"
)
HARMONY = (
    "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n"
    "Knowledge cutoff: 2024-06\nCurrent date: 2025-06-20\n\nReasoning: medium\n\n"
    "# Valid channels: analysis, commentary, final. Channel must be included for every message."
    "<|end|>"
)


def llama(user: str) -> str:
    return f"<|start_header_id|>user<|end_header_id|>\n\n{user}<|eot_id|>"


def chatml(role: str, text: str) -> str:
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


# What a judge is asked: one user message, and no system message.
ONE = {
    "mistral-small-3.2": f"<s>[SYSTEM_PROMPT]{MISTRAL_SYSTEM}[/SYSTEM_PROMPT][INST]Q1[/INST]",
    "ministral-3": f"<s>[SYSTEM_PROMPT]{MINISTRAL_SYSTEM}[/SYSTEM_PROMPT][INST]Q1[/INST]",
    "llama-3.1": f"{LLAMA_31}<|eot_id|>{llama('Q1')}{LLAMA_ANSWER}",
    "llama-3.2": f"{LLAMA_32}<|eot_id|>{llama('Q1')}{LLAMA_ANSWER}",
    "qwen-2.5": f"{QWEN_SYSTEM}{chatml('user', 'Q1')}<|im_start|>assistant\n",
    "qwen-3": f"{chatml('user', 'Q1')}<|im_start|>assistant\n",
    "phi-3.5": "<|user|>\nQ1<|end|>\n<|assistant|>\n",
    "gemma-2": "<bos><start_of_turn>user\nQ1<end_of_turn>\n<start_of_turn>model\n",
    "gemma-4": "<bos><|turn>user\nQ1<turn|>\n<|turn>model\n<|channel>thought\n<channel|>",
    "deepseek-r1": "<｜begin▁of▁sentence｜><｜User｜>Q1<｜Assistant｜><think>\n</think>",
    "gpt-oss": f"{HARMONY}<|start|>user<|message|>Q1<|end|><|start|>assistant",
}
# A member with a system message of the user's.
WITH_SYSTEM = {
    "mistral-small-3.2": "<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Q1[/INST]",
    "ministral-3": "<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST]Q1[/INST]",
    "llama-3.1": f"{LLAMA_31}Be brief.<|eot_id|>{llama('Q1')}{LLAMA_ANSWER}",
    "llama-3.2": f"{LLAMA_32}Be brief.<|eot_id|>{llama('Q1')}{LLAMA_ANSWER}",
    "qwen-2.5": (f"{chatml('system', 'Be brief.')}{chatml('user', 'Q1')}<|im_start|>assistant\n"),
    "qwen-3": f"{chatml('system', 'Be brief.')}{chatml('user', 'Q1')}<|im_start|>assistant\n",
    "phi-3.5": "<|system|>\nBe brief.<|end|>\n<|user|>\nQ1<|end|>\n<|assistant|>\n",
    # Gemma 2 has no system role: its text goes in front of the user's.
    "gemma-2": ("<bos><start_of_turn>user\nBe brief.\n\nQ1<end_of_turn>\n<start_of_turn>model\n"),
    "gemma-4": (
        "<bos><|turn>system\nBe brief.<turn|>\n<|turn>user\nQ1<turn|>\n"
        "<|turn>model\n<|channel>thought\n<channel|>"
    ),
    "deepseek-r1": "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Q1<｜Assistant｜><think>\n</think>",
    "gpt-oss": (
        f"{HARMONY}<|start|>developer<|message|># Instructions\n\nBe brief.\n\n<|end|>"
        "<|start|>user<|message|>Q1<|end|><|start|>assistant"
    ),
}
# What may follow the first question: a reply or an answer, and what is said to it.
MORE = {
    "mistral-small-3.2": "A1</s>[INST]Q2[/INST]",
    "ministral-3": "A1</s>[INST]Q2[/INST]",
    "llama-3.1": f"A1<|eot_id|>{llama('Q2')}{LLAMA_ANSWER}",
    "llama-3.2": f"A1<|eot_id|>{llama('Q2')}{LLAMA_ANSWER}",
    "qwen-2.5": f"A1<|im_end|>\n{chatml('user', 'Q2')}<|im_start|>assistant\n",
    "qwen-3": f"A1<|im_end|>\n{chatml('user', 'Q2')}<|im_start|>assistant\n",
    "phi-3.5": "A1<|end|>\n<|user|>\nQ2<|end|>\n<|assistant|>\n",
    "gemma-2": "A1<end_of_turn>\n<start_of_turn>user\nQ2<end_of_turn>\n<start_of_turn>model\n",
    "gemma-4": ("A1<turn|>\n<|turn>user\nQ2<turn|>\n<|turn>model\n<|channel>thought\n<channel|>"),
    "deepseek-r1": "A1<｜end▁of▁sentence｜><｜User｜>Q2<｜Assistant｜><think>\n</think>",
    "gpt-oss": (
        "<|channel|>final<|message|>A1<|end|><|start|>user<|message|>Q2<|end|><|start|>assistant"
    ),
}
# What the prompt opens for the next answer only, and leaves out of earlier turns.
OPENED = {"gemma-4": "<|channel>thought\n<channel|>", "deepseek-r1": "<think>\n</think>"}

ENGINES = ("llamacpp", "mlx")
on_every_model = pytest.mark.parametrize("family", FAMILIES)
by_every_engine = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture(autouse=True)
def midsummer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day that templates see: 20 June 2025."""

    class Midsummer(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Midsummer:
            return cls(2025, 6, 20)

    monkeypatch.setattr(chat, "datetime", Midsummer)


def turns(*contents: str, system: str | None = None) -> list[Message]:
    """Questions and answers in turn, after an optional system message."""
    before = [Message("system", system)] if system is not None else []
    roles = ("user", "assistant") * len(contents)
    return [*before, *(Message(r, c) for r, c in zip(roles, contents, strict=False))]


def read(tokenizer: Vocabulary, messages: Sequence[Message]) -> str:
    """The prompt that the model gets, with control tokens by their names."""
    names = {s.token: s.text.encode() for s in tokenizer.specials}
    tokens = prompt_tokens(tokenizer, messages)
    return b"".join(names.get(t) or tokenizer.piece(t) for t in tokens).decode()


def is_as_documented(prompt: str, expected: str) -> bool:
    return bool(re.fullmatch(re.escape(expected).replace("…", r"[\s\S]+"), prompt))


def talk(first: str, family: str, rounds: int) -> str:
    """The documented prompt ``first``, then so many answers and further questions."""
    for n in range(1, rounds + 1):
        answered = first.removesuffix(OPENED.get(family, ""))
        more = MORE[family].replace("A1", f"A{n}").replace("Q2", f"Q{n + 1}")
        first = answered + more
    return first


@by_every_engine
@on_every_model
def test_one_question(family: str, engine: str) -> None:
    prompt = read(vocabulary(f"{family} by {engine}"), turns("Q1"))
    assert is_as_documented(prompt, ONE[family]), prompt


@by_every_engine
@on_every_model
def test_a_question_after_a_system_message(family: str, engine: str) -> None:
    prompt = read(vocabulary(f"{family} by {engine}"), turns("Q1", system="Be brief."))
    assert is_as_documented(prompt, WITH_SYSTEM[family]), prompt


@by_every_engine
@on_every_model
def test_an_answer_and_what_is_said_to_it(family: str, engine: str) -> None:
    """A judge asked again, a member in a debate, a follow-up."""
    prompt = read(vocabulary(f"{family} by {engine}"), turns("Q1", "A1", "Q2"))
    assert is_as_documented(prompt, talk(ONE[family], family, 1)), prompt


@by_every_engine
@on_every_model
def test_a_long_conversation_after_a_system_message(family: str, engine: str) -> None:
    messages = turns("Q1", "A1", "Q2", "A2", "Q3", "A3", "Q4", system="Be brief.")
    prompt = read(vocabulary(f"{family} by {engine}"), messages)
    assert is_as_documented(prompt, talk(WITH_SYSTEM[family], family, 3)), prompt


@by_every_engine
@on_every_model
@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_answer_of_nothing_is_a_turn_too(family: str, engine: str, empty: str) -> None:
    """Ministral's template refuses an empty answer; the judge's conversation goes on with it."""
    prompt = read(vocabulary(f"{family} by {engine}"), turns("Q1", empty, "Q2"))
    expected = talk(ONE[family], family, 1)
    assert any(is_as_documented(prompt, expected.replace("A1", e)) for e in {empty, ""}), prompt


def test_the_whole_vocabulary_of_phi_reads_the_same() -> None:
    tokenizer = vocabulary("phi-3, whole")
    prompt = read(tokenizer, turns("Q1", "A1", "Q2", system="Be brief."))
    # The file says that a begin token comes first, and that the turns' tokens swallow the white
    # space behind them; SentencePiece begins a text with a space.
    expected = talk(WITH_SYSTEM["phi-3.5"], "phi-3.5", 1)
    assert prompt.replace("> ", ">") == "<s>" + expected.replace(">\n", ">")


def test_the_whole_vocabulary_of_qwen_reads_the_same() -> None:
    prompt = read(vocabulary("qwen2, whole"), turns("Q1", "A1", "Q2"))
    assert prompt == talk(ONE["qwen-2.5"], "qwen-2.5", 1)


@on_every_model
def test_hugging_face_renders_the_same(family: str) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    of = FAMILIES[family]
    day = datetime(2025, 6, 20)
    on_the_day = re.sub(
        r'strftime_now\("(.+?)"\)', lambda found: repr(day.strftime(found[1])), of.jinja
    )
    for messages in (turns("Q1"), turns("Q1", "A1", "Q2"), turns("Q", "A </think> B", "Q")):
        dicts = [{"role": m.role, "content": m.content} for m in messages]
        rendered, _ = render_jinja_template(
            [dicts],
            chat_template=on_the_day,
            add_generation_prompt=True,
            bos_token=of.bos,
            eos_token=of.eos,
        )
        assert Renderer(of.jinja, of.bos, of.eos)(messages) == rendered[0]


# ── the conversations themselves ─────────────────────────────────────────────────────────────


@on_every_model
async def test_the_judges_own_conversations_trip_no_template(
    family: str, scripts: dict[str, Script]
) -> None:
    """What ``Asking`` really sends: a request, and the one that follows an unreadable reply."""
    seen: list[Prompt] = []
    scripts["judge"] = Script(lambda prompt, _: seen.append(prompt) or "")  # type: ignore[func-returns-value]
    asking = Asking(open_model("scripted", "judge"), Recorder().ask)
    with pytest.raises(Unreadable):
        await asking.reply(
            "judge", ["4"], lambda a: pointwise_prompt(Prompt.of("2 + 2?"), a[0], "full"), Reply
        )
    assert [len(p.messages) for p in seen] == [1, 3]
    for prompt in seen:
        text = read(vocabulary(f"{family} by llamacpp"), prompt.messages)
        assert all(m.content in text for m in prompt.messages)


@on_every_model
@pytest.mark.parametrize("system", [None, "Be brief."])
def test_a_debaters_conversation_trips_no_template(family: str, system: str | None) -> None:
    messages = turns("2 + 2?", "It is 5.", debate_request(["It is 4.", "4"]), system=system)
    text = read(vocabulary(f"{family} by llamacpp"), messages)
    places = [text.index(m.content) for m in messages]
    assert places == sorted(places)
