"""``scripted:NAME``: answers from a script, word by word, with chosen delays and faults.

For tests of everything above the engines, and for notebooks that must not need weights.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace

from ..errors import ModelError, UsageError, did_you_mean
from ..seams import most_written
from ..types import FREE, Delta, Finish, Price, Prompt, SamplingParams, Usage, Wording
from ._settings import known

SETTINGS = ()
Reply = str | Callable[[Prompt, SamplingParams], str]


@dataclass(frozen=True)
class Script:
    """What a scripted model does.

    Attributes
    ----------
    reply : str or callable
        The whole answer, or a function of the prompt and the sampling params that gives it.
    delay : float
        Seconds before the first word.
    gap : float
        Seconds between two words.
    fail_after : int, optional
        Raise a ``ModelError`` once so many words were written.
    wording : str
        Which wording of a judge protocol it reads.
    price : Price, optional
        What it costs; None: unknown.
    most_tokens : int, optional
        The most words it writes; None: no bound.
    """

    reply: Reply
    delay: float = 0.0
    gap: float = 0.0
    fail_after: int | None = None
    wording: Wording = "full"
    price: Price | None = FREE
    most_tokens: int | None = None


SCRIPTS: dict[str, Script] = {
    "echo": Script(lambda prompt, _: prompt.text),
    "yes": Script("Yes.\nAnswer: yes"),
    "no": Script("No.\nAnswer: no"),
    "slow": Script("one two three four five six seven eight nine ten", gap=0.5),
    "broken": Script("It begins well and", fail_after=3),
}
"""Name → script. Add your own: ``SCRIPTS["mine"] = Script("…")``."""


@dataclass(frozen=True)
class ScriptedModel:
    """A :class:`fusion_magics.seams.Model` that plays a :class:`Script`."""

    name: str
    script: Script

    @property
    def wording(self) -> Wording:
        return self.script.wording

    @property
    def price(self) -> Price | None:
        return self.script.price

    @property
    def template_tokens(self) -> int:
        return 0

    @property
    def most_tokens(self) -> int | None:
        return self.script.most_tokens

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncIterator[Delta]:
        script = self.script
        yield Delta(state="reading")
        await asyncio.sleep(script.delay)
        reply = script.reply if isinstance(script.reply, str) else script.reply(prompt, params)
        words = reply.split(" ")
        cut = words[: most_written(self, params.max_tokens)]
        yield Delta(state="writing")
        for i, word in enumerate(cut):
            if script.fail_after == i:
                raise ModelError(
                    f"{self.name} broke off after {i} words, as its script says.",
                    "Ask scripted:yes, which does not.",
                )
            await asyncio.sleep(script.gap)
            yield Delta(text=word if i == 0 else " " + word)
        usage = Usage(len(prompt.text.split()), len(cut))
        usage = replace(usage, cost=self.price.of(usage) if self.price else None)
        yield Delta(finish=Finish("length" if len(cut) < len(words) else "stop", usage))


def open(model: str, settings: Mapping[str, str]) -> ScriptedModel:
    """The scripted model ``model``; it has no settings of its own."""
    known(f"scripted:{model}", settings, SETTINGS)
    if model not in SCRIPTS:
        raise UsageError(
            f"There is no script {model!r}.",
            f"{did_you_mean(model, SCRIPTS, 'scripted:{}')}Scripts: {', '.join(SCRIPTS)}. Add "
            "yours to fusion_magics.backends.scripted.SCRIPTS.",
        )
    return ScriptedModel(f"scripted:{model}", SCRIPTS[model])
