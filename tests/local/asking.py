"""Ask a model in a test, and watch its child process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from fusion_magics.local import LocalModel, Spec, loaded
from fusion_magics.local.engines import Engine, Token
from fusion_magics.types import Delta, Finish, Prompt, SamplingParams, TokenLogprob

STORIES = Path(__file__).parents[1] / "data" / "stories260K.gguf"
BEGINNING = (
    ", there was a little girl named Lily. She loved to play outside in the park. "
    "One day, she saw a big, red ball"
)


@dataclass(frozen=True)
class Answer:
    """All that one call gave."""

    deltas: tuple[Delta, ...]

    @property
    def text(self) -> str:
        return "".join(d.text for d in self.deltas)

    @property
    def states(self) -> list[str]:
        return [d.state for d in self.deltas if d.state]

    @property
    def logprobs(self) -> list[TokenLogprob]:
        return [t for d in self.deltas for t in d.logprobs]

    @property
    def finish(self) -> Finish:
        assert self.deltas[-1].finish
        return self.deltas[-1].finish


async def ask(model: LocalModel, prompt: str | Prompt, **params: Any) -> Answer:
    """The whole answer; greedy and at most 40 tokens unless ``params`` say otherwise."""
    prompt = Prompt.of(prompt) if isinstance(prompt, str) else prompt
    params = {"max_tokens": 40} | params
    return Answer(tuple([d async for d in model.stream(prompt, SamplingParams(**params))]))


def tokens_of(
    engine: Engine, prompt: Sequence[int], params: SamplingParams, most: int = 20
) -> Iterator[Token]:
    """What ``engine`` itself writes behind ``prompt``, without a child process."""
    slot = engine.begin(prompt, params, most)
    assert slot is not None
    try:
        while not engine.read(slot):
            pass
        for _ in range(most):
            token = engine.pick(slot)
            if token is None:
                return
            yield token
            engine.step([slot])
    finally:
        engine.end(slot)


def child_pid(model: LocalModel) -> int:
    return next(m.pid for m in loaded() if m.spec == model.spec)


def gone(pid: int, within: float = 20.0) -> bool:
    """Whether a process ends within so many seconds (a zombie has ended)."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def llama(path: Path, **spec: int) -> LocalModel:
    """The GGUF at ``path``, by llama.cpp."""
    return LocalModel(f"llamacpp:{path.name}", Spec("llamacpp", str(path), **spec))
