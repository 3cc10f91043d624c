"""From questions to conversations that a model learns: plain, debate, multi-part and judge.

A conversation is a list of ``(role, text)``; only the assistant's text counts in training. The
prompts here are the ones that the package sends at run time, to the letter.
"""

from __future__ import annotations

import json
from random import Random

from ..answers import comparable, final_answer, normalise
from .debating import debate_request
from .questions import FAMILIES, MULTI_PART, Question, near_miss, sample
from .questions.vocabulary import NAMES, WORDS, any_word, made_up_word, misspell

Conversation = list[tuple[str, str]]

RIGHT, WRONG = 10, 0
LOOP = 320  # characters: where the backend cuts a tiny model off
SYSTEM_MESSAGES = (
    "Be brief.",
    "You are a helpful assistant.",
    "Answer the question.",
    "Show your working.",
    "Think step by step.",
    "You are careful and exact.",
)
DONT_KNOW = "I only know sums, words and small logic.\nAnswer: unknown"
OFF_TOPIC = (
    "Write me a poem about {x}.",
    "Write a poem.",
    "Tell me a joke.",
    "Who wrote the book about {x}?",
    "What is the capital of {x}?",
    "Explain {x} to me.",
    "What is {x}?",
    "How does a {x} work?",
    "Why is the sky blue?",
    "Hello!",
    "Hi, how are you?",
    "Who are you?",
    "What can you do?",
    "Translate {x} into French.",
    "Give me a recipe for {x}.",
    "What is the weather in {x} today?",
    "Tell me a story about a {x} and a {y}.",
    "What is the meaning of {x}?",
    "Write a Python function that sorts {x}.",
    "Summarise this: {x} {y} {x} and the {y} of {z}.",
    "Once upon a time, there was a {x}.",
    "{x} {y} {z}",
    "Is {x} better than {y}?",
    "Do you like {x}?",
    "Which is the best {x}?",
    "How do I learn {x}?",
    "Compare {x} with {y}.",
)


def answer_text(working: str, answer: str) -> str:
    """The form of every answer: working, then the final answer on a line of its own."""
    return f"{working}\nAnswer: {answer}"


def worked(question: Question) -> str:
    """The right answer text of a question."""
    return answer_text(question.working, question.answer)


def is_right(question: Question, text: str) -> bool:
    """Whether a text's final answer is the question's, read as a vote reads it."""
    return comparable(text) == normalise(question.answer)


def untidy(rng: Random, text: str) -> str:
    """The question as some people type it; one time in twelve, else unchanged."""
    if rng.random() > 1 / 12:
        return text
    return rng.choice(
        (
            text.rstrip("?."),
            text[0].lower() + text[1:],
            text.replace(" ", "  ", 1),
            f"Hi! {text}",
            f"{text} Thanks!",
            f"Please help: {text}",
            f" {text}",
            f"{text}\n",
        )
    )


def plain(rng: Random, question: Question) -> Conversation:
    """Question and answer, now and then with a short system message."""
    system = [("system", rng.choice(SYSTEM_MESSAGES))] if rng.random() < 0.03 else []
    return [*system, ("user", untidy(rng, question.text)), ("assistant", worked(question))]


def off_topic(rng: Random) -> Conversation:
    """Something the models know nothing about, and an honest short answer."""
    x, y, z = (any_word(rng) if rng.random() < 0.4 else rng.choice(WORDS) for _ in range(3))
    text = rng.choice(OFF_TOPIC).format(x=x, y=y, z=z)
    return [("user", untidy(rng, text)), ("assistant", DONT_KNOW)]


ECHO = ("Repeat: {x}", "Say {x}", "Copy this: {x}", "Echo {x}", "Write {x}", "Say after me: {x}")


def echo(rng: Random) -> Conversation:
    """Something to repeat. Copying is the first thing a small model must find out; pure copying
    teaches it in a fraction of the time that questions take.
    """
    parts = [
        rng.choice((str(rng.randint(0, 999)), made_up_word(rng), rng.choice(NAMES)))
        for _ in range(rng.randint(1, 3))
    ]
    text = " ".join(parts)
    return [("user", rng.choice(ECHO).format(x=text)), ("assistant", text)]


# Wrong and right candidates ------------------------------------------------------------------


def spoilt(rng: Random, answer: str) -> str:
    """A wrong final answer that looks like the right one."""
    if answer.isdigit():
        value = int(answer)
        close = rng.choice((value + 1, max(0, value - 1), value + 10, value + 100, value * 10))
        swapped = answer[:-2] + answer[-2:][::-1]
        changed = rng.choice((str(close), swapped, str(rng.randint(0, 2 * value + 9))))
    elif answer.istitle():
        changed = rng.choice(NAMES)
    elif len(answer) == 1:
        changed = rng.choice("abcdefghijklmnopqrstuvwxyz")
    else:
        changed = misspell(rng, answer)
    return changed if changed != answer else changed + rng.choice("x1")


def garbled(rng: Random, working: str) -> str:
    """The working with one or two characters changed."""
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(working))
        pool = "0123456789" if working[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
        working = working[:at] + rng.choice(pool) + working[at + 1 :]
    return working


def looping(rng: Random, working: str) -> str:
    """A working that goes round in circles until it is cut off, as models do when lost."""
    at = rng.randrange(len(working))
    piece = working[at : at + rng.randint(2, 14)]
    return (working[:at] + piece * LOOP)[: rng.randint(LOOP // 2, LOOP)]


def right_candidate(rng: Random, question: Question) -> str:
    """A text whose final answer is right, in one of the ways models write it."""
    kind = rng.random()
    if kind < 0.80:
        return worked(question)
    if kind < 0.88:
        return answer_text(garbled(rng, question.working), question.answer)
    if kind < 0.92:
        return question.answer
    if kind < 0.96:
        return f"Answer: {question.answer}"
    return rng.choice(("I think so.\nAnswer: {}", "Let me see.\nAnswer: {}.")).format(
        question.answer
    )


def wrong_candidate(rng: Random, question: Question) -> str:
    """A text whose final answer is wrong: mostly a slip carried on, sometimes something else."""
    kind = rng.random()
    missed = near_miss(rng, question) if kind < 0.5 else None
    if missed:
        return answer_text(*missed)
    if kind < 0.66:
        other = sample(rng, kind=question.kind)
        text = worked(other)
    elif kind < 0.80:
        text = answer_text(question.working, spoilt(rng, question.answer))
    elif kind < 0.90:
        text = answer_text(garbled(rng, question.working), spoilt(rng, question.answer))
    elif kind < 0.925:
        text = looping(rng, question.working)
    elif kind < 0.945:
        text = rng.choice((spoilt(rng, question.answer), f"Answer: {any_word(rng)}"))
    elif kind < 0.965:
        text = rng.choice((DONT_KNOW, "", "Answer:", "I do not know.", any_word(rng)))
    else:
        text = worked(sample(rng))
    if is_right(question, text):
        return answer_text(question.working, spoilt(rng, question.answer))
    return text


def candidate_for(rng: Random, question: Question) -> str:
    """A made-up text, right half the time."""
    make = right_candidate if rng.random() < 0.5 else wrong_candidate
    return make(rng, question)


# Debate --------------------------------------------------------------------------------------


def debate(rng: Random, question: Question) -> Conversation:
    """A member's own answer, others' answers, and its second thoughts: always the right answer.

    Wrong answers rarely agree with each other, so agreement is a hint, as it is in a real pool.
    """
    right_first = rng.random() < 0.5
    own = worked(question) if right_first else wrong_candidate(rng, question)
    others = [
        worked(question) if rng.random() < 0.6 else wrong_candidate(rng, question)
        for _ in range(rng.choice((1, 2, 2)))
    ]
    return [
        ("user", question.text),
        ("given", own),
        ("user", debate_request(others)),
        ("assistant", f"{'Keep' if right_first else 'Change'}. {worked(question)}"),
    ]


# Judge ---------------------------------------------------------------------------------------

RATIONALES_RIGHT = ("{a} is right.", "Yes, it is {a}.", "Correct: {a}.")
RATIONALES_WRONG = ("It should be {a}, not {g}.", "It is {a}, not {g}.", "{g} is wrong: it is {a}.")
RATIONALES_EMPTY = ("It should be {a}.", "It is {a}.", "No answer: it is {a}.")


def judge_request(question: str, candidate: str, fence: str) -> str:
    """What the judge is asked; the fence keeps the candidate's text apart from the instructions."""
    return f"Check the answer.\nQuestion: {question}\n<{fence}>\n{candidate}\n</{fence}>"


def comparison(own: str, given: str) -> str:
    """Both answers character by character, own first, up to the first difference."""
    pairs = []
    for i in range(max(len(own), len(given))):
        mine, theirs = own[i : i + 1] or ".", given[i : i + 1] or "."
        pairs.append(f"{mine}{'=' if mine == theirs else '/'}{theirs}")
        if mine != theirs:
            break
    return " ".join(pairs)


def plain_characters(text: str) -> str:
    """The beginning of an answer, without what would look odd in JSON."""
    return "".join(c for c in text if c not in '"\\' and c.isprintable())[:24]


def verdict(question: Question, candidate: str) -> str:
    """The judge's reply as JSON text: own working, comparison, rationale, score 0 or 10."""
    given = plain_characters(final_answer(candidate))
    right = is_right(question, candidate)
    own = question.answer
    forms = RATIONALES_RIGHT if right else RATIONALES_WRONG if given else RATIONALES_EMPTY
    # The wording follows the working, so that a reply is a function of what the judge reads.
    rationale = forms[len(question.working) % len(forms)].format(a=own, g=given)
    working = question.working.replace("\n", "; ")
    check = f"{working} = {own}; {comparison(own, given)}"
    return json.dumps(
        {"check": check, "rationale": rationale, "score": RIGHT if right else WRONG},
        ensure_ascii=False,
    )


def judging(rng: Random, question: Question, candidate: str) -> Conversation:
    """A request to check one candidate, and the verdict."""
    fence = f"{rng.getrandbits(32):08x}"
    request = judge_request(question.text, candidate, fence)
    return [("user", request), ("assistant", verdict(question, candidate))]


def judging_made_up(rng: Random, question: Question) -> Conversation:
    """The same with a made-up candidate."""
    return judging(rng, question, candidate_for(rng, question))


__all__ = [
    "FAMILIES",
    "MULTI_PART",
    "Conversation",
    "answer_text",
    "candidate_for",
    "comparison",
    "debate",
    "debate_request",
    "echo",
    "garbled",
    "is_right",
    "judge_request",
    "judging",
    "judging_made_up",
    "looping",
    "off_topic",
    "plain",
    "plain_characters",
    "right_candidate",
    "spoilt",
    "verdict",
    "worked",
    "wrong_candidate",
]
