"""Greedy answers of a model in PyTorch: for evaluation; the package itself runs the GGUF."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from .model import Shape, TinyLlama, attend
from .tokens import END

CHUNK = 64
MOST_TOKENS = 65536  # of a chunk: what is kept of them has to fit the memory


def load(name: str, out: Path) -> TinyLlama:
    """The trained model of a checkpoint, as F16 as it ships, ready to answer."""
    model = TinyLlama(Shape())
    state = torch.load(out / f"{name}.pt", weights_only=True)["model"]
    model.load_state_dict({key: tensor.half().float() for key, tensor in state.items()})
    model.eval()
    return model


@torch.no_grad()  # type: ignore[untyped-decorator]
def greedy(model: TinyLlama, prompts: list[list[int]], limit: int = 200) -> list[list[int]]:
    """Continuations of prompts of any lengths, without the end mark.

    ``limit`` is the most new tokens that one may have, as far as the context reaches. Prompts of
    like length go together; each has to be shorter than the context.
    """
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers: list[list[int]] = [[] for _ in prompts]
    size = min(CHUNK, MOST_TOKENS // (max(map(len, prompts), default=0) + limit))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        written = _Together(model, [prompts[i] for i in chosen], limit).write()
        for i, answer in zip(chosen, written, strict=True):
            answers[i] = answer
    return answers


class _Together:
    """Rows that advance a token at a time, each reading the rest of its prompt first."""

    def __init__(self, model: TinyLlama, prompts: list[list[int]], limit: int) -> None:
        self.model, self.prompts, self.limit = model, prompts, limit
        self.rows = [list(prompt) for prompt in prompts]
        self.done = [False] * len(prompts)
        self.device = model.cos.device
        shape = model.shape
        longest = self.longest = min(max(map(len, prompts)) + limit, len(model.cos))
        size = (len(prompts), shape.heads, longest, shape.width // shape.heads)
        self.keys = [torch.zeros(size, device=self.device) for _ in model.blk]
        self.values = [torch.zeros(size, device=self.device) for _ in model.blk]

    def write(self) -> list[list[int]]:
        at, length = 0, min(map(len, self.prompts))
        while True:
            ids = [(row[at : at + length] or [END]) for row in self.rows]
            self._take(self._read(torch.tensor(ids, device=self.device), at), at + length)
            at, length = at + length, 1
            if all(self.done):
                pairs = zip(self.rows, self.prompts, strict=True)
                return [row[len(prompt) :] for row, prompt in pairs]

    def _read(self, ids: Tensor, at: int) -> list[int]:
        """Read tokens from position ``at`` on; gives each row's best next token."""
        model, end = self.model, at + ids.shape[1]
        x = model.token_embd(ids)
        cos, sin = model.cos[at:end], model.sin[at:end]
        for block, keys, values in zip(model.blk, self.keys, self.values, strict=True):
            q, k, v = block.queries_keys_values(x, cos, sin)
            keys[:, :, at:end], values[:, :, at:end] = k, v
            if at == 0:
                mixed = attend(q, k, v)
            else:
                seen = keys[:, :, :end], values[:, :, :end]
                mixed = F.scaled_dot_product_attention(q, *seen)
            x = block.finish(x, mixed)
        best: list[int] = model.logits(model.output_norm(x[:, -1:]))[:, 0].argmax(-1).tolist()
        return best

    def _take(self, best: list[int], position: int) -> None:
        for i, token in enumerate(best):
            row = self.rows[i]
            if position < len(row) or self.done[i]:
                continue
            full = len(row) - len(self.prompts[i]) >= self.limit or len(row) + 1 >= self.longest
            self.done[i] = full or token == END
            if not self.done[i]:
                row.append(token)
