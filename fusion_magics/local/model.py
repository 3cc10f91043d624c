"""A model of this machine, as the rest of the package sees it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from importlib.util import find_spec

from ..errors import EngineMissing
from ..seams import most_written
from ..types import FREE, Delta, Price, Prompt, SamplingParams, Wording
from .engines import ENGINES
from .registry import read_ahead, stream
from .wire import Spec


@dataclass(frozen=True)
class LocalModel:
    """A :class:`fusion_magics.seams.Model` whose weights a child process holds.

    The longest default system message there is (Mistral Small 3.2's) has some 600 tokens.
    """

    name: str
    spec: Spec
    wording: Wording = "full"
    most_tokens: int | None = None
    price: Price = FREE
    template_tokens: int = 1024

    async def stream(self, prompt: Prompt, params: SamplingParams) -> AsyncGenerator[Delta, None]:
        """As the protocol says. The first call loads the weights.

        Raises
        ------
        EngineMissing
            If the engine's package is not installed.
        """
        if not self._can_run:
            raise EngineMissing(
                f"{self.name} needs the package {ENGINES[self.spec.engine]}.",
                f'pip install "fusion-magics[{self.spec.engine}]"',
            )
        params = replace(params, max_tokens=most_written(self, params.max_tokens))
        async with aclosing(stream(self.spec, self.name, prompt, params)) as deltas:
            async for delta in deltas:
                yield delta

    async def read_ahead(self, prompt: Prompt, params: SamplingParams) -> None:
        """See :class:`fusion_magics.seams.ReadsAhead`."""
        if self._can_run:
            params = replace(params, max_tokens=most_written(self, params.max_tokens))
            await read_ahead(self.spec, self.name, prompt, params)

    @property
    def _can_run(self) -> bool:
        return find_spec(ENGINES[self.spec.engine]) is not None
