"""``dry_run``: what a fusion would ask, cost and load at most. Nothing is asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from .asking import MOST_TOKENS
from .bars import bars_as_html, bars_as_text
from .local import LocalModel, Share, capacity, shares
from .pool import Recorder
from .seams import Load, Model, most_written
from .text import binary_size, printable
from .types import Price, Prompt, Purpose, Usage, Wording
from .wiring import Setup

BYTES_PER_TOKEN: dict[Wording, float] = {"full": 4.0, "short": 1.0}
"""About what the vocabularies of real models come to in English; the tiny ones read bytes."""

INSTRUCTIONS: dict[Wording, int] = {"full": 1600, "short": 200}
"""Bytes of a judge's instructions and fences, about."""


@dataclass(frozen=True, slots=True)
class Step:
    """What all calls of one purpose come to, at most.

    ``read`` and ``written`` are tokens, estimated: from bytes, and from the limits of answers and
    replies. ``cost`` is in US dollars, None where a price is unknown.
    """

    purpose: Purpose
    calls: int
    read: int
    written: int
    cost: float | None


@dataclass(frozen=True, repr=False)
class Plan:
    """What a fusion would do. Shows itself as a table in notebooks and terminals.

    Attributes
    ----------
    mode, protocol : str
        How answers would become one, and how a judge would compare them.
    members, judges : tuple of str
        Who would be asked.
    steps : tuple of Step
        What the calls of each purpose come to, at most.
    least_calls : int
        What suffices where ``escalate`` saves the others.
    memory : tuple of Share
        What each local model would take, and in which wave: models of one wave are loaded together.
    room : int
        Bytes that local models may take: what is free and what loaded ones have, less a margin.
    """

    mode: str
    protocol: str
    members: tuple[str, ...]
    judges: tuple[str, ...]
    steps: tuple[Step, ...]
    least_calls: int
    memory: tuple[Share, ...]
    room: int

    @property
    def calls(self) -> int:
        """Of all purposes, at most."""
        return sum(step.calls for step in self.steps)

    @property
    def cost(self) -> float | None:
        """US dollars, at most; None where a price is unknown."""
        costs = [step.cost for step in self.steps]
        return None if None in costs else math.fsum(cost or 0.0 for cost in costs)

    @property
    def to_load(self) -> int:
        """Bytes of models that are not in memory yet, and fit."""
        return sum(each.need.total for each in self.memory if each.wave and not each.loaded)

    @property
    def waves(self) -> int:
        """How many times models are loaded one after the other; 0 without local models."""
        return max((each.wave for each in self.memory), default=0)

    def __repr__(self) -> str:
        bars = bars_as_text(self.memory, self.room)
        parts = [self._headline(), *map(_as_text, self._tables()), *bars, self._foot()]
        return "\n\n".join(parts)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        parts = [_paragraph(self._headline()), *map(_as_html, self._tables())]
        bars = bars_as_html(self.memory, self.room)
        html = "\n".join([*parts, *bars, _paragraph(self._foot())])
        return {"text/html": html, "text/plain": repr(self)}

    def _headline(self) -> str:
        how = "merged" if self.mode == "merge" else self.protocol
        by = f", {how} by {', '.join(self.judges)}" if self.judges else ""
        return f"A plan, nothing was asked: {self.mode} of {', '.join(self.members)}{by}."

    def _tables(self) -> list[Sequence[Row]]:
        total = (
            "in all",
            f"{self.calls:,}",
            f"{sum(s.read for s in self.steps):,}",
            f"{sum(s.written for s in self.steps):,}",
            _dollars(self.cost),
        )
        rows = [
            (s.purpose, f"{s.calls:,}", f"{s.read:,}", f"{s.written:,}", _dollars(s.cost))
            for s in self.steps
        ]
        tables: list[Sequence[Row]] = [[_STEPS, *rows, total]]
        if self.memory:
            tables.append([_MEMORY, *map(_memory_row, self.memory)])
        return tables

    def _foot(self) -> str:
        parts = ["At most; tokens are estimated."]
        if self.least_calls < self.calls:
            parts.append(f"The least: {self.least_calls} call.")
        if self.memory:
            to_load = binary_size(self.to_load) if self.to_load else "nothing"
            parts.append(f"To load: {to_load}; models may take {binary_size(self.room)} here.")
        if self.waves > 1:
            parts.append(f"That runs in {self.waves} waves, each model loaded once.")
        parts += [share.problem for share in self.memory if share.problem]
        return " ".join(parts)


def plan_of(setup: Setup) -> Plan:
    """What the fusion ``setup`` would do."""
    case = setup.case(Recorder(), setup.askings(Recorder()))
    loads = setup.loads(case)
    judges = setup.judges if loads["judge"].calls else ()
    steps = [_of_members(setup, loads["member"])]
    if judges:
        steps.append(_of_judges(setup, loads["judge"]))
    models = (*(member.model for member in setup.members), *judges)
    return Plan(
        mode=setup.mode,
        protocol=setup.compared_by,
        members=case.labels,
        judges=tuple(model.name for model in judges),
        steps=tuple(steps),
        least_calls=1 if setup.escalate else sum(step.calls for step in steps),
        memory=shares([model for model in models if isinstance(model, LocalModel)]),
        room=capacity(),
    )


def _of_members(setup: Setup, load: Load) -> Step:
    models = [member.model for member in setup.members]
    written = [most_written(m.model, m.params.max_tokens) for m in setup.members]
    calls, shown = load.calls / len(models), load.shown / len(models)
    answer = sum(written) / len(written)
    read = [_tokens(setup.prompt, model.wording) for model in models]
    usages = [
        Usage(math.ceil(calls * r + shown * answer), math.ceil(calls * w))
        for r, w in zip(read, written, strict=True)
    ]
    return _step("member", load, models, usages)


def _of_judges(setup: Setup, load: Load) -> Step:
    answers = [most_written(m.model, m.params.max_tokens) for m in setup.members]
    answer = sum(answers) / len(answers)
    calls, shown = load.calls / len(setup.judges), load.shown / len(setup.judges)

    def most(model: Model) -> int:
        return most_written(model, MOST_TOKENS[model.wording])

    def usage(model: Model) -> Usage:
        around = INSTRUCTIONS[model.wording] / BYTES_PER_TOKEN[model.wording]
        read = calls * (_tokens(setup.prompt, model.wording) + around) + shown * answer
        return Usage(math.ceil(read), math.ceil(calls * (load.most_tokens or most(model))))

    return _step("judge", load, setup.judges, [usage(model) for model in setup.judges])


def _step(purpose: Purpose, load: Load, models: Sequence[Model], usages: Sequence[Usage]) -> Step:
    cost: float | None = 0.0
    for model, usage in zip(models, usages, strict=True):
        price: Price | None = model.price
        cost = None if cost is None or price is None else cost + price.of(usage)
    total = sum(usages, Usage())
    return Step(purpose, load.calls, total.prompt_tokens, total.completion_tokens, cost)


def _tokens(prompt: Prompt, wording: Wording) -> float:
    return sum(len(m.content.encode()) for m in prompt.messages) / BYTES_PER_TOKEN[wording]


# ── showing ──────────────────────────────────────────────────────────────────────────────────

Row = tuple[str, ...]
_STEPS: Row = ("calls of", "calls", "tokens read", "tokens written", "cost")
_MEMORY: Row = ("local model", "weights", "context", "buffers", "in all", "wave", "state")


def _memory_row(share: Share) -> Row:
    need = share.need
    sizes = map(binary_size, (need.weights, need.context, need.buffers, need.total))
    wave = str(share.wave) if share.wave else "does not fit"
    return share.model, *sizes, wave, "loaded" if share.loaded else "on disk"


def _dollars(cost: float | None) -> str:
    return "unknown" if cost is None else f"${cost:.4f}" if cost else "free"


def _as_text(rows: Sequence[Row]) -> str:
    rows = [tuple(printable(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_aligned(row, widths) for row in rows)


def _aligned(row: Row, widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]
    return "  ".join(cells).rstrip()


def _as_html(rows: Sequence[Row]) -> str:
    def row_of(tag: str, row: Row) -> str:
        # JupyterLab would set names like numbers.
        first, *others = (f">{_escaped(cell)}</{tag}>" for cell in row)
        left = f'<{tag} style="text-align:left"{first}'
        return f"<tr>{left}{''.join(f'<{tag}{cell}' for cell in others)}</tr>"

    head, *body = rows
    return f"<table>{row_of('th', head)}{''.join(row_of('td', row) for row in body)}</table>"


def _paragraph(text: str) -> str:
    return f"<p>{_escaped(text)}</p>"


def _escaped(text: str) -> str:
    return escape(printable(text))
