"""Replies of a fixed form: validated, asked for once more, and shortened prompts said so."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
import pytest

from fusion_magics.asking import Asking, Reply, Unreadable, fence_for, numbered
from fusion_magics.asking.reply import read, schema_of
from fusion_magics.asking.shortening import LEAST
from fusion_magics.backends import open_model
from fusion_magics.backends.scripted import Script
from fusion_magics.errors import ContextOverflow
from fusion_magics.pool import Recorder
from fusion_magics.types import Delta, Finish, Prompt, SamplingParams, Usage


class Form(msgspec.Struct):
    check: str
    score: Annotated[int, msgspec.Meta(ge=0, le=10)]


def said(score: object, **more: object) -> str:
    return json.dumps({"check": "c", "score": score, **more})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "[]",
        said(11),
        said(-1),
        said(7.5),
        said("7"),
        '{"score": 7}',
        said(7) + said(8),
        "Sure! " + said(7),
        said(7)[:-3],
        said(2)[:-1] + ', "score": 9}',
        said(2)[:-1] + ', "more": ' + "[" * 5000,
    ],
)
def test_replies_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the texts are those of msgspec)
        read(text, Form)


@pytest.mark.parametrize("form", ["{}", "  {}\n", "```json\n{}\n```", "```\n{}\n```"])
def test_replies_in_a_code_fence_are_read(form: str) -> None:
    assert read(form.replace("{}", said(7)), Form) == Form("c", 7)


def test_the_schema_asks_for_the_reply_in_its_order() -> None:
    fields = [f.name for f in msgspec.structs.fields(Form)]
    assert list(schema_of(Form)["properties"]) == schema_of(Form)["required"] == fields


# ── long candidates against a small context ──────────────────────────────────────────────────


class Small:
    """A model with one token per character, and a context of so many; it writes ``reply``."""

    wording = "full"
    most_tokens = None

    def __init__(self, context: int, reply: str = said(5)) -> None:
        self.name = "scripted:small"
        self.context, self.reply = context, reply
        self.prompts: list[str] = []

    async def stream(self, prompt: Prompt, params: SamplingParams):  # type: ignore[no-untyped-def]
        yield Delta(state="reading")
        self.prompts.append(prompt.text)
        size = sum(len(m.content) for m in prompt.messages)
        room = self.context - size
        if room < 1:
            raise ContextOverflow(f"The prompt has {size} tokens.", "Shorten it.")
        text = self.reply[: min(room, params.max_tokens)]
        yield Delta(text=text)
        reason = "stop" if text == self.reply else "length"
        yield Delta(finish=Finish(reason, Usage(size, len(text))))


def shown(texts: Sequence[str]) -> Prompt:
    return Prompt.of("Judge.\n" + numbered(texts, fence_for(*texts)))


async def ask(
    model: Small, *texts: str, prompt_of: Callable[[Sequence[str]], Prompt] = shown, most: int = 100
) -> tuple[Asking, Recorder, Reply[Form]]:
    recorder = Recorder()
    asking = Asking(model, recorder.ask)  # type: ignore[arg-type]
    return asking, recorder, await asking.reply("judge", texts, prompt_of, Form, None, most)


def long(size: int, end: str = "Answer: 5") -> str:
    return "word " * (size // 5) + end


async def test_what_fits_is_shown_whole_and_nothing_is_said() -> None:
    model = Small(3000)
    asking, _, _ = await ask(model, long(1000), long(1000))
    assert model.prompts == [shown([long(1000), long(1000)]).text]
    assert asking.notes == []


async def test_the_longest_is_shortened_and_it_is_said_from_how_many_to_how_many() -> None:
    model = Small(2000)
    asking, recorder, reply = await ask(model, long(6000), "Answer: 4")
    assert reply.value.score == 5
    last = model.prompts[-1]
    assert "Answer: 5\n</" in last
    assert "\nAnswer: 4\n" in last
    assert len(last) <= 2000 - 100
    texts = re.findall(r"<([0-9a-f]{8})>\n([\s\S]*?)\n</\1>", last)
    length = len(texts[0][1])
    (note,) = asking.notes
    assert f"6,009 → {length:,})" in note
    assert "scripted:small" in note
    assert len(recorder.calls) <= 5


async def test_a_prompt_that_leaves_no_room_for_the_reply_is_too_long_as_well() -> None:
    """It would be cut in the middle, and then be called unreadable."""
    reply = said(5, more="x" * 60)
    text = long(500)
    room = 40
    model = Small(len(shown([text]).text) + room, reply)
    asking, recorder, got = await ask(model, text, most=150)
    assert got.value.score == 5
    assert len(model.prompts[-1]) <= model.context - 150
    assert len(recorder.calls) == 2
    assert len(asking.notes) == 1


async def test_a_reply_that_is_simply_too_long_shortens_no_answer() -> None:
    model = Small(5000, said(5, more="x" * 200))
    with pytest.raises(Unreadable, match="could not be read, twice"):
        await ask(model, long(500))
    assert long(500) in model.prompts[0]
    assert len(model.prompts) == 2


async def test_nor_does_one_that_is_cut_where_the_model_never_writes_more() -> None:
    class Brief(Small):
        """It writes 60 tokens at most, however many are asked for."""

        most_tokens = 60

        async def stream(self, prompt: Prompt, params: SamplingParams):  # type: ignore[no-untyped-def]
            async for delta in super().stream(prompt, replace(params, max_tokens=60)):
                yield delta

    with pytest.raises(Unreadable, match="twice"):
        await ask(model := Brief(5000, said(5, more="x" * 200)), long(500))
    assert len(model.prompts) == 2


async def test_every_text_is_said_once_however_often_it_is_asked_about() -> None:
    recorder, model = Recorder(), Small(1500)
    asking = Asking(model, recorder.ask)  # type: ignore[arg-type]
    a, b, c = long(2000), long(3000), long(100)
    for texts in ((a, b), (b, a), (a, c), (b, c)):
        await asking.reply("judge", texts, shown, Form, None, 100)
    (note,) = asking.notes
    assert note.count("2,009 →") == note.count("3,009 →") == 1
    assert "109" not in note


async def test_other_notes_stay() -> None:
    asking = Asking(Small(1000), Recorder().ask)  # type: ignore[arg-type]
    asking.notes.append("first")
    for size in (2000, 3000):
        await asking.reply("judge", [long(size)], shown, Form, None, 100)
        asking.notes.append("more")
    assert [note[:5] for note in asking.notes] == ["first", "more", "Answe", "more"]


async def test_where_no_shortening_helps_the_models_error_stands() -> None:
    def asked(texts: Sequence[str]) -> Prompt:
        return Prompt.of(f"{'question ' * 1000}\n{texts[0]}")

    model = Small(2000)
    with pytest.raises(ContextOverflow, match="tokens"):
        await ask(model, long(100_000), prompt_of=asked)
    assert len(model.prompts) <= 14
    assert len(model.prompts[-1]) <= 9001 + LEAST


async def test_short_texts_are_not_tried_twice() -> None:
    model = Small(20)
    with pytest.raises(ContextOverflow):
        await ask(model, "short", "texts")
    assert len(model.prompts) == 1


async def test_what_a_text_hides_is_not_read() -> None:
    model = Small(3000)
    await ask(model, "a\u200bb\x1b[2J", "<0123abcd>\n[1]")
    assert "\nab[2J\n" in model.prompts[0]
    assert "⟨0123abcd⟩\n⟦1⟧" in model.prompts[0]


async def test_log_probabilities_are_asked_for_where_they_are_wanted(
    scripts: dict[str, Script],
) -> None:
    seen: list[int] = []

    def look(prompt: Prompt, params: SamplingParams) -> str:
        seen.append(params.logprobs)
        return said(5)

    scripts["judge"] = Script(look)
    asking = Asking(open_model("scripted", "judge"), Recorder().ask)
    await asking.reply("judge", ["a"], shown, Form)
    await asking.reply("judge", ["a"], shown, Form, logprobs=7)
    assert seen == [0, 7]


@pytest.mark.parametrize("context", [1024, 512])
async def test_the_tiny_judge_reads_long_answers_shortened(context: int) -> None:
    from fusion_magics.judges.pointwise import Reply as Verdict
    from fusion_magics.judges.pointwise import pointwise_prompt

    model = open_model("tiny", "judge", {"context": str(context)})
    recorder = Recorder()
    asking = Asking(model, recorder.ask)
    question = Prompt.of("What is 348 + 267?")
    text = "8+7=15. " * 700 + "\nAnswer: 615"

    def asked(texts: Sequence[str]) -> Prompt:
        return pointwise_prompt(question, texts[0], "short")

    async with asyncio.timeout(120):
        reply = await asking.reply("judge", [text], asked, Verdict, logprobs=5)
    assert reply.answer.finish_reason == "stop"
    assert reply.answer.logprobs
    assert reply.answer.usage.prompt_tokens + 150 < context
    assert len(asking.notes) == 1
    assert "5,612 →" in asking.notes[0]
