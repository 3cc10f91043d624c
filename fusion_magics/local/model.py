"""A model of this machine, as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib.util import find_spec

from ..errors import EngineMissing
from ..types import FREE, Delta, Price, Prompt, SamplingParams, Wording, most_written
from .engines import ENGINES
from .registry import stream
from .wire import Spec


@dataclass(frozen=True)
class LocalModel:
    """A :class:`fusion_magics.types.Model` whose weights a child process holds."""

    name: str
    spec: Spec
    wording: Wording = "full"
    most_tokens: int | None = None
    price: Price = FREE

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncGenerator[Delta, None]:
        """As the protocol says. The first call loads the weights.

        Raises
        ------
        EngineMissing
            If the engine's package is not installed.
        """
        if find_spec(ENGINES[self.spec.engine]) is None:
            raise EngineMissing(
                f"{self.name} needs the package {ENGINES[self.spec.engine]}.",
                f'pip install "fusion-magics[{self.spec.engine}]"',
            )
        params = replace(params, max_tokens=most_written(self, params.max_tokens))
        async with aclosing(stream(self.spec, self.name, prompt, params)) as deltas:
            async for delta in deltas:
                yield delta
