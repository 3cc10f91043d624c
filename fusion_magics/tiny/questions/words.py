"""Words: count a letter, spell backwards, the n-th letter, dictionary order."""

from __future__ import annotations

import re
from random import Random

from .kinds import Kind, Problem
from .vocabulary import any_word, listed, misspell

ORDINALS = listed("first second third fourth fifth sixth seventh eighth ninth tenth")

COUNT = (
    "How many {c}'s are in {w}?",
    "How many {c}s are in {w}?",
    "How many {c}'s are there in the word {w}?",
    "How many times does {c} occur in {w}?",
    "How often does the letter {c} appear in {w}?",
    "Count the {c}'s in {w}.",
    "Count the letter {c} in {w}.",
    "How many letters {c} does {w} have?",
    'In "{w}", how many times do you see {c}?',
    "{w}: how many {c}'s?",
    "How many of the letters in {w} are {c}?",
    "Tell me how many {c}'s {w} has.",
    "If you spell {w}, how many times do you write {c}?",
    "What is the number of {c}'s in {w}?",
    "The word {w} contains how many {c}'s?",
    "My child asks how many {c}'s are in {w}. What do I say?",
)

REVERSE = (
    "Spell {w} backwards.",
    "Write {w} backwards.",
    "What is {w} backwards?",
    "What is {w} spelled backwards?",
    "Reverse the word {w}.",
    "Reverse {w}.",
    "Turn {w} around, letter by letter.",
    "How do you write {w} from right to left?",
    "Read {w} from the end to the start. What does it say?",
    'Give me "{w}" in reverse.',
    "If you hold {w} to a mirror, in what order are the letters?",
    "Say {w} starting with the last letter.",
    "What word do you get when {w} is written back to front?",
    "Flip the letters of {w}.",
    "Put the letters of {w} in reverse order.",
    "{w} backwards, please.",
)

NTH = (
    "What is letter {i} of {w}?",
    "What is letter number {i} in {w}?",
    "What is the {o} letter of {w}?",
    "What is the {o} letter in {w}?",
    "Which letter comes {o} in {w}?",
    "Which letter is the {o} one in {w}?",
    "Tell me the {o} letter of {w}.",
    "Give the {o} letter of {w}.",
    'Name letter {i} of "{w}".',
    "{w}: what is the {o} letter?",
    "In the word {w}, which letter is at position {i}?",
    "What letter stands at place {i} in {w}?",
    "If you spell {w}, which letter do you say {o}?",
    "Position {i} of {w} holds which letter?",
    "I need the {o} letter of the word {w}.",
    "Look at {w}. What is its {o} letter?",
)

ORDER = {
    "first": (
        "Which comes first in the dictionary: {x}?",
        "Which of these words comes first in the alphabet: {x}?",
        "Which word is first alphabetically: {x}?",
        "Sort {y}. Which one is first?",
        "In a dictionary, which of {y} do I find first?",
        "I have the words {y}. Which one leads in alphabetical order?",
        "You leaf through a dictionary from a. Which do you meet first: {x}?",
        "Which is the earliest in the alphabet: {x}?",
    ),
    "last": (
        "Which comes last in the dictionary: {x}?",
        "Which of these words comes last in the alphabet: {x}?",
        "Which word is last alphabetically: {x}?",
        "Sort {y}. Which one is last?",
        "In a dictionary, which of {y} do I find last?",
        "I have the words {y}. Which one ends the alphabetical order?",
        "You leaf through a dictionary from a. Which do you meet last: {x}?",
        "Which is the latest in the alphabet: {x}?",
    ),
}


def numbered(letters: str) -> str:
    """``apple`` → ``1a 2p 3p 4l 5e``."""
    return " ".join(f"{i}{c}" for i, c in enumerate(letters, 1))


def _draw_count(rng: Random) -> Problem:
    word = any_word(rng)
    common = rng.random() < 0.9
    return word, rng.choice(word if common else "abcdefghijklmnopqrstuvwxyz")


def _ask_count(rng: Random, problem: Problem) -> str:
    return rng.choice(COUNT).format(w=problem[0], c=problem[1])


def _solve_count(problem: Problem) -> tuple[str, str]:
    word, letter = problem
    seen, marks = 0, []
    for c in word:
        seen += c == letter
        marks.append(f"{c}{seen}" if c == letter else c)
    return " ".join(marks), str(seen)


def _near_count(rng: Random, problem: Problem) -> Problem:
    word, letter = problem
    if letter in word and rng.random() < 0.5:
        at = rng.choice([i for i, c in enumerate(word) if c == letter])
        return word[:at] + rng.choice(("", letter * 2)) + word[at + 1 :] or letter, letter
    return misspell(rng, word), letter


def _draw_reverse(rng: Random) -> Problem:
    return (any_word(rng, longest=8),)


def _ask_reverse(rng: Random, problem: Problem) -> str:
    return rng.choice(REVERSE).format(w=problem[0])


def _solve_reverse(problem: Problem) -> tuple[str, str]:
    forward = numbered(problem[0])
    return f"{forward}; {' '.join(reversed(forward.split()))}", problem[0][::-1]


def _near_word(rng: Random, problem: Problem) -> Problem:
    return (misspell(rng, problem[0]), *problem[1:])


def _draw_nth(rng: Random) -> Problem:
    word = any_word(rng)
    return word, str(rng.randint(2, len(word)))


def _ask_nth(rng: Random, problem: Problem) -> str:
    word, place = problem
    return rng.choice(NTH).format(w=word, i=place, o=ORDINALS[int(place) - 1])


def _solve_nth(problem: Problem) -> tuple[str, str]:
    word, place = problem
    head = word[: int(place)]
    return numbered(head), head[-1]


def _near_nth(rng: Random, problem: Problem) -> Problem:
    word, place = problem[0], int(problem[1])
    if rng.random() < 0.5 or len(word) < place + 1:
        place = place - 1 if place > 1 else 2
        return word, str(min(place, len(word)))
    return misspell(rng, word), str(place)


def _draw_order(rng: Random) -> Problem:
    while True:
        words = sorted(any_word(rng, longest=7) for _ in range(rng.choice((3, 3, 4))))
        if len({word[0] for word in words}) == len(words):
            return rng.choice(("first", "last")), *words


def _ask_order(rng: Random, problem: Problem) -> str:
    *head, tail = rng.sample(problem[1:], len(problem) - 1)
    listed = ", ".join(head)
    wording = rng.choice(ORDER[problem[0]])
    return wording.format(x=f"{listed} or {tail}", y=f"{listed} and {tail}")


def _solve_order(problem: Problem) -> tuple[str, str]:
    which, *words = problem
    answer = words[0] if which == "first" else words[-1]
    return f"{' < '.join(word[0] for word in words)}; {answer[0]}", answer


def _first_letters(problem: Problem, text: str) -> str:
    """What is asked, and the words' first letters as told: ``last: s, b, k``."""
    found = re.findall(rf"\b(?:{'|'.join(problem[1:])})\b", text)
    return f"{problem[0]}: " + ", ".join(word[0] for word in found)


def _near_order(rng: Random, problem: Problem) -> Problem:
    which, *words = problem
    words = words[1:] if which == "first" else words[:-1]
    return which, *words


KINDS = (
    Kind(
        "count",
        _draw_count,
        _ask_count,
        _solve_count,
        _near_count,
        restate=lambda problem, _: problem[1],
    ),
    Kind("reverse", _draw_reverse, _ask_reverse, _solve_reverse, _near_word),
    Kind("nth", _draw_nth, _ask_nth, _solve_nth, _near_nth, restate=lambda problem, _: problem[1]),
    Kind("order", _draw_order, _ask_order, _solve_order, _near_order, restate=_first_letters),
)
