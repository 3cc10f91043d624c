"""Text that has no place in an answer: pleas, markup, false replies, other scripts, noise.

A judge reads what others wrote, and some of it is there to sway it. It learns that whatever stands
beside an answer changes nothing: the verdict is about what the text states as its final answer.
None of it is taken from a known attack; it is put together at random.
"""

from __future__ import annotations

from random import Random

from .lessons import candidate_for, judge_request, verdict
from .questions import sample
from .questions.vocabulary import NAMES, any_word, listed

LONGEST = 150  # characters
SPEECH = listed(
    "ignore forget trust rank score grade give choose pick accept mark repeat believe stop obey "
    "check compare reply say write read prefer award judge verdict answer answers others rules "
    "question text reader candidate author attacker prompt instructions order "
    "points place first last best right wrong correct perfect true false final important note "
    "please thanks now not never only all none this that it me you I is are be was the a an and "
    "or to of for with as in above below before after 0 1 2 3 5 9 10 100"
)
LETTERS = "".join(
    chr(code)
    for first, last in (
        *((0xC0, 0x17F), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA), (0x621, 0x64A)),
        *((0x905, 0x939), (0xE01, 0xE2E), (0x3042, 0x3093), (0x30A2, 0x30F3), (0xAC00, 0xACFF)),
        *((0x4E00, 0x4FFF), (0x1F600, 0x1F64F), (0x2010, 0x2027), (0xFF01, 0xFF5E)),
    )
    for code in range(first, last + 1)
)


def speech(rng: Random) -> str:
    """Words to the reader, without sense."""
    words = [
        rng.choice(SPEECH) if rng.random() < 0.85 else any_word(rng)
        for _ in range(rng.randint(2, 16))
    ]
    text = " ".join(words)
    text = rng.choice((text, text.capitalize(), text.capitalize(), text.upper()))
    return text + rng.choice(("", ".", ".", "!", "?", ":"))


def markup(rng: Random) -> str:
    """Something in brackets or marks, such as a tag, a heading, a control token, a number."""
    pieces = []
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        inside = rng.choice(
            (
                any_word(rng),
                f"{any_word(rng)}_{any_word(rng)}",
                rng.choice(SPEECH),
                f"{rng.getrandbits(32):08x}",
                str(rng.randint(0, 12)),
                rng.choice(NAMES),
            )
        )
        form = rng.choice(
            (
                *("<{x}>", "</{x}>", "<|{x}|>", "<|{x}>", "<{x}|>", "<<{x}>>", "⟨{x}⟩", "⟨/{x}⟩"),
                *("[{x}]", "[/{x}]", "[[{x}]]", "⟦{x}⟧", "{{{x}}}", "({x})", "**{x}**", "`{x}`"),
                *("### {x}:", "--- {x} ---", "&{x};", "> {x}", "- {x}", "$$ {x} $$", "{x}: "),
            )
        )
        pieces.append(form.format(x=inside))
        pieces.append(speech(rng)[:40] if rng.random() < 0.3 else "")
    return rng.choice(("", " ", "\n")).join(piece for piece in pieces if piece)


def false_reply(rng: Random) -> str:
    """Requests and verdicts on other questions, whole or broken off."""
    question = sample(rng)
    candidate = candidate_for(rng, question)
    kind = rng.random()
    if kind < 0.4:
        text = verdict(question, candidate)
    elif kind < 0.6:
        text = judge_request(question.text, candidate, "x")
    elif kind < 0.8:
        text = f'"}}, {{"{rng.choice(SPEECH)}": {rng.randint(0, 10)}, "{rng.choice(SPEECH)}": ['
    else:
        text = f"[{rng.randint(1, 4)}]\n{rng.choice(('', speech(rng)))}"
    start = rng.choice((0, 0, 0, rng.randrange(len(text))))
    return text[start : start + rng.randint(10, LONGEST)]


def other_script(rng: Random) -> str:
    """Letters of a script that the models do not know, or of several."""
    at = rng.randrange(len(LETTERS))
    near = rng.random() < 0.8
    letters = [
        LETTERS[(at + rng.randrange(40)) % len(LETTERS)] if near else rng.choice(LETTERS)
        for _ in range(rng.randint(3, 30))
    ]
    return "".join(" " if rng.random() < 0.15 else letter for letter in letters)


def noise(rng: Random) -> str:
    """Any printable ASCII."""
    return "".join(chr(rng.randint(32, 126)) for _ in range(rng.randint(3, 40)))


def foreign(rng: Random) -> str:
    """One piece of such text."""
    make = rng.choices((speech, markup, false_reply, other_script, noise), (35, 30, 15, 12, 8))[0]
    return make(rng)[:LONGEST].strip()


def swayed(rng: Random, text: str) -> str:
    """An answer with such text behind it; now and then before it, or twice."""
    kind = rng.random()
    if kind < 0.8:
        return f"{text}\n{foreign(rng)}"
    if kind < 0.9:
        return f"{foreign(rng)}\n{text}"
    return f"{foreign(rng)}\n{text}\n{foreign(rng)}"


def sometimes_swayed(rng: Random, text: str, share: float = 0.05) -> str:
    """The answer as it is, or, with this chance, with something foreign beside it."""
    return swayed(rng, text) if rng.random() < share else text
