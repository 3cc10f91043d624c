"""Sums: add, subtract, multiply and two-step stories, each with its written working."""

from __future__ import annotations

from itertools import zip_longest
from random import Random

from .kinds import Kind, Problem
from .vocabulary import NAMES, THINGS

ADD = (
    "What is {a} + {b}?",
    "{a} + {b} = ?",
    "{a}+{b}",
    "Add {a} and {b}.",
    "What do you get when you add {a} and {b}?",
    "Work out {a} plus {b}.",
    "How much is {a} plus {b}?",
    "Calculate {a} + {b}.",
    "What is the sum of {a} and {b}?",
    "What is the total of {a} and {b}?",
    "{n} has {a} {t} and gets {b} more. How many {t} does {n} have now?",
    "{n} has {a} {t}. {m} has {b}. How many do they have together?",
    "There are {a} {t} in one box and {b} in another. How many are there in all?",
    "{n} found {a} {t} on Monday and {b} on Tuesday. How many in total?",
    "A shop sold {a} {t} in the morning and {b} in the afternoon. How many did it sell?",
    "{n} read {a} pages and then {b} pages. How many pages is that?",
    "A road is {a} km long. The next one is {b} km. How long are both together?",
    "{n} saved {a} dollars, then earned {b} dollars. How much money is that?",
    "A table holds {a} {t}. I put {b} more on it. How many are on it?",
)

SUBTRACT = (
    "What is {a} - {b}?",
    "{a} - {b} = ?",
    "{a}-{b}",
    "Take {b} from {a}.",
    "Subtract {b} from {a}.",
    "Work out {a} minus {b}.",
    "How much is {a} minus {b}?",
    "What is the difference between {a} and {b}?",
    "What is left of {a} if you take away {b}?",
    "{n} had {a} {t} and gave {b} to {m}. How many are left?",
    "{n} had {a} {t} and lost {b}. How many does {n} still have?",
    "There were {a} {t} in the shop. {b} were sold. How many remain?",
    "A book has {a} pages. {n} has read {b}. How many pages are left?",
    "{n} has {a} dollars and spends {b}. How much is left?",
    "{n} has {a} {t} and {m} has {b}. How many more does {n} have?",
    "A rope is {a} cm long. {n} cuts off {b} cm. How long is the rest?",
    "Of {a} guests, {b} went home. How many stayed?",
    "{a} birds sat in a tree and {b} flew away. How many are still there?",
)

MULTIPLY = (
    "What is {a} * {b}?",
    "What is {a} x {b}?",
    "{a} times {b} = ?",
    "{a}*{b}",
    "What is {a} times {b}?",
    "Multiply {a} by {b}.",
    "Work out {a} times {b}.",
    "How much is {b} times {a}?",
    "What is the product of {a} and {b}?",
    "Calculate {a} x {b}.",
    "{n} buys {b} boxes with {a} {t} each. How many {t} is that?",
    "There are {b} bags with {a} {t} in each. How many {t} are there?",
    "A ticket costs {a} dollars. What do {b} tickets cost?",
    "{n} walks {a} km every day. How far is that in {b} days?",
    "A page holds {a} lines. How many lines do {b} pages hold?",
    "Each of {b} children has {a} {t}. How many {t} do they have in all?",
    "{b} rows of {a} seats: how many seats is that?",
    "{n} packs {a} {t} an hour. How many in {b} hours?",
)

# Stories in two steps: the signs of the steps, then the wordings.
STEPS = {
    "+-": (
        "{n} has {a} {t}, gets {b} more and gives away {c}. How many are left?",
        "{n} had {a} {t}. {m} gave {n} {b} more, but then {c} were lost. How many now?",
        "There are {a} people on a bus. {b} get on and {c} get off. How many are on it now?",
        "What is {a} + {b} - {c}?",
        "Start with {a}, add {b}, take away {c}. What do you have?",
    ),
    "-+": (
        "{n} has {a} {t}, gives away {b} and then finds {c}. How many now?",
        "A shop had {a} {t}, sold {b} and got {c} new ones. How many are there?",
        "{a} people were in a room. {b} left and {c} came in. How many are there now?",
        "What is {a} - {b} + {c}?",
        "Start with {a}, take away {b}, add {c}. What do you have?",
    ),
    "++": (
        "{n} picked {a} {t} on Monday, {b} on Tuesday and {c} on Friday. How many in all?",
        "What is {a} + {b} + {c}?",
        "Three boxes hold {a}, {b} and {c} {t}. How many is that together?",
        "Add up {a}, {b} and {c}.",
        "{n} scored {a} points, then {b}, then {c}. What is the total?",
    ),
    "--": (
        "{n} had {a} {t}, ate {b} and sold {c}. How many are left?",
        "What is {a} - {b} - {c}?",
        "{n} has {a} dollars, spends {b} on a hat and {c} on food. How much is left?",
        "A tank holds {a} litres. {b} litres run out, then {c} more. How much remains?",
        "From {a} take {b}, then take {c}. What is left?",
    ),
}


def _number(rng: Random) -> int:
    digits = rng.choices((1, 2, 3), (5, 45, 50))[0]
    return rng.randint(max(2, 10 ** (digits - 1)), 10**digits - 1)


def _fill(rng: Random, wording: str, numbers: tuple[str, ...]) -> str:
    name, other = rng.sample(NAMES, 2)
    named = dict(zip("abc", numbers, strict=False))
    return wording.format(n=name, m=other, t=rng.choice(THINGS), **named)


def _columns(a: int, b: int) -> list[tuple[int | None, int | None]]:
    """Digits of both numbers from the right; None where one has no more."""
    top = [int(digit) for digit in reversed(str(a))]
    low = [int(digit) for digit in reversed(str(b))]
    return list(zip_longest(top, low))


def add_working(a: int, b: int) -> str:
    """Column addition: ``348+267: 8+7=15, 4+6+1=11, 3+2+1=6``."""
    carry, steps = 0, []
    for column in _columns(a, b):
        terms = [digit for digit in (*column, carry or None) if digit is not None]
        total = sum(terms)
        steps.append(f"{'+'.join(map(str, terms))}={total}")
        carry = total // 10
    return f"{a}+{b}: " + ", ".join(steps)


def subtract_working(a: int, b: int) -> str:
    """Column subtraction with borrowing: ``402-187: 12-7=5, 10-8-1=1, 4-1-1=2``."""
    borrow, steps = 0, []
    for top, low in _columns(a, b):
        assert top is not None  # the first number is the larger one
        lend = 10 if top - borrow < (low or 0) else 0
        terms = [str(top + lend)] + ([str(low)] if low is not None else [])
        terms += ["1"] if borrow else []
        steps.append(f"{'-'.join(terms)}={top + lend - (low or 0) - borrow}")
        borrow = 1 if lend else 0
    return f"{a}-{b}: " + ", ".join(steps)


def multiply_working(a: int, b: int) -> str:
    """Two digits times one: ``47*6: 6*7=42, 6*4=24, 24+4=28`` (so 282)."""
    units, tens = b * (a % 10), b * (a // 10)
    working = f"{a}*{b}: {b}*{a % 10}={units}, {b}*{a // 10}={tens}"
    carry = units // 10
    return working + (f", {tens}+{carry}={tens + carry}" if carry else "")


def _draw_add(rng: Random) -> Problem:
    return str(_number(rng)), str(_number(rng))


def _ask_add(rng: Random, problem: Problem) -> str:
    return _fill(rng, rng.choice(ADD), problem)


def _solve_add(problem: Problem) -> tuple[str, str]:
    a, b = map(int, problem)
    return add_working(a, b), str(a + b)


def _in_any_order(problem: Problem) -> Problem:
    """267+348 and 348+267 are one problem to the split."""
    return tuple(sorted(problem, key=int))


def _draw_subtract(rng: Random) -> Problem:
    low, high = sorted((_number(rng), _number(rng)))
    return str(high), str(low)


def _ask_subtract(rng: Random, problem: Problem) -> str:
    return _fill(rng, rng.choice(SUBTRACT), problem)


def _solve_subtract(problem: Problem) -> tuple[str, str]:
    a, b = map(int, problem)
    return subtract_working(a, b), str(a - b)


def _draw_multiply(rng: Random) -> Problem:
    return str(rng.randint(11, 99)), str(rng.randint(2, 9))


def _ask_multiply(rng: Random, problem: Problem) -> str:
    return _fill(rng, rng.choice(MULTIPLY), problem)


def _solve_multiply(problem: Problem) -> tuple[str, str]:
    a, b = map(int, problem)
    return multiply_working(a, b), str(a * b)


def _draw_steps(rng: Random) -> Problem:
    signs = rng.choice(list(STEPS))
    while True:
        a, b, c = rng.randint(10, 99), rng.randint(2, 60), rng.randint(2, 60)
        middle = a + b if signs[0] == "+" else a - b
        if middle > 0 and (signs[1] == "+" or middle > c):
            return str(a), f"{signs[0]}{b}", f"{signs[1]}{c}"


def _ask_steps(rng: Random, problem: Problem) -> str:
    a, b, c = problem
    return _fill(rng, rng.choice(STEPS[b[0] + c[0]]), (a, b[1:], c[1:]))


def _solve_steps(problem: Problem) -> tuple[str, str]:
    total, workings = int(problem[0]), []
    for step in problem[1:]:
        work = add_working if step[0] == "+" else subtract_working
        workings.append(work(total, int(step[1:])))
        total += int(step)
    return "; ".join(workings), str(total)


def _slip(rng: Random, number: str) -> str:
    """The number with one digit off by one or two, or another digit altogether."""
    at = rng.randrange(len(number))
    digit = (int(number[at]) + rng.choice((1, 1, 9, 9, 2, 8, rng.randint(1, 9)))) % 10
    changed = str(int(number[:at] + str(digit) + number[at + 1 :]))
    return changed if changed not in ("0", number) else str(int(number) + 1)


def _near(rng: Random, problem: Problem) -> Problem:
    at = rng.randrange(len(problem))
    changed = list(problem)
    changed[at] = _slip(rng, problem[at])
    return tuple(changed)


def _near_subtract(rng: Random, problem: Problem) -> Problem:
    return tuple(sorted(_near(rng, problem), key=int, reverse=True))


def _near_multiply(rng: Random, problem: Problem) -> Problem:
    a, b = int(problem[0]), int(problem[1])
    if rng.random() < 0.5:
        return str(min(99, max(11, a + rng.choice((-10, -2, -1, 1, 2, 10))))), problem[1]
    return problem[0], str(min(9, max(2, b + rng.choice((-1, 1)))))


def _near_steps(rng: Random, problem: Problem) -> Problem:
    at = rng.randrange(3)
    changed = list(problem)
    sign, number = (changed[at][0], changed[at][1:]) if at else ("", changed[at])
    changed[at] = sign + str(max(2, min(99, int(_slip(rng, number)))))
    first = int(changed[0]) + int(changed[1])
    return tuple(changed) if first > 0 and first + int(changed[2]) >= 0 else problem


KINDS = (
    Kind("add", _draw_add, _ask_add, _solve_add, _near, _in_any_order),
    Kind("subtract", _draw_subtract, _ask_subtract, _solve_subtract, _near_subtract),
    Kind("multiply", _draw_multiply, _ask_multiply, _solve_multiply, _near_multiply),
    Kind("steps", _draw_steps, _ask_steps, _solve_steps, _near_steps),
)
