"""What a reasoning model thinks, apart from what it answers.

Such models write their thinking first, between marks of their own. A judge, a vote or another
member must see the answer only. But an answer may speak of these marks too, so they count only
where a model puts them: at the very beginning of its text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# DeepSeek-R1, Qwen 3, Phi-4-reasoning and most others; Magistral and Ministral 3; Gemma 4.
_PAIRS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<|channel>thought", "<channel|>"),
)
# gpt-oss ("harmony"): messages in channels, of which "final" is the answer.
_HEADER = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>(analysis|commentary|final)\b[^\n<]*"
    r"(?:<\|constrain\|>[^\n<]*)?<\|message\|>"
)
_MESSAGE_ENDS = ("<|end|>", "<|return|>", "<|call|>")
# What stands between the end of thinking and the answer: all but the answer's own indentation.
_BLANK = re.compile(r"[ \t]*(?:\s*\n)?")
# A sentence about the marks goes on behind them: "<think> and </think> are tags."
_GOES_ON = re.compile(r"[ \t,.;:!?)'\"]")
_OPENED = re.compile(r"(?:<think>|\[THINK\]|<\|channel>thought)\s*\Z")

MARKS = frozenset(mark for pair in _PAIRS for mark in pair) | {
    "<|channel>",
    "<|channel|>",
    "<|message|>",
    "<|constrain|>",
    "<|start|>",
    "<|end|>",
}
"""Tokens without which thinking cannot be told from the answer: engines show them as text."""


class Thought(NamedTuple):
    """A model's text in two; ``answer`` is the whole text of a model that does not think."""

    thinking: str
    answer: str


def split_thinking(text: str, cut: bool = False) -> Thought:
    """Take the thinking at the beginning of ``text`` apart from the answer behind it.

    It stands between ``<think>`` and ``</think>``, ``[THINK]`` and ``[/THINK]``, ``<|channel>``
    and ``<channel|>``, or in gpt-oss's channels. Thinking that never ends is all there is: the
    answer is empty. Marks elsewhere, in a code fence for example, are text.

    Parameters
    ----------
    text : str
        All that the model wrote, with the mark that its template may have begun with.
    cut : bool
        Whether it was cut at the token limit: what began with a mark was then thinking, also where
        its mark does not stand in a line of its own.
    """
    bare = text.lstrip()
    if _HEADER.match(bare):
        return _of_channels(bare)
    for begin, end in _PAIRS:
        if bare.startswith(begin):
            thinking, closed, answer = bare[len(begin) :].partition(end)
            if _is_thinking(thinking, answer if closed else None, cut):
                return Thought(thinking.strip(), _BLANK.sub("", answer, count=1))
    return Thought("", text)


def _is_thinking(inside: str, behind: str | None, cut: bool) -> bool:
    """Whether marks hold thinking, and are not what a sentence is about."""
    in_lines = inside[:1] in ("\n", "\r") or inside.endswith("\n")
    if behind is None:
        return cut or in_lines
    return in_lines or not _GOES_ON.match(behind)


def _of_channels(text: str) -> Thought:
    thinking: list[str] = []
    headers = list(_HEADER.finditer(text))
    for n, header in enumerate(headers):
        if header[1] == "final":
            return Thought("\n\n".join(thinking), _message(text[header.end() :]))
        end = headers[n + 1].start() if n + 1 < len(headers) else len(text)
        thinking.append(_message(text[header.end() : end]).strip())
    return Thought("\n\n".join(thinking), "")


def _message(text: str) -> str:
    """A message of a channel, without the mark of its end."""
    for end in _MESSAGE_ENDS:
        text = text.removesuffix(end)
    return text


def opened_by(prompt: str) -> str:
    """The mark of thinking with which a rendered prompt ends, for the model to go on from.

    It belongs to what the model says: without it, its thinking has an end and no beginning. Empty
    if there is none.
    """
    found = _OPENED.search(prompt)
    return found[0] if found else ""
