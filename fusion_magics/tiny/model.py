"""A small Llama in PyTorch: RMSNorm, interleaved rotary positions, SwiGLU, tied embeddings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import LONGEST_CONTEXT
from .tokens import VOCABULARY

ROPE_BASE = 10000.0
EPSILON = 1e-5
STRIP = 256


@dataclass(frozen=True)
class Shape:
    """Sizes of a model: width, layers, heads and the inner width of the feed-forward part."""

    width: int = 128
    layers: int = 4
    heads: int = 4
    inner: int = 448


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn pairs of neighbours; ``cos`` and ``sin`` are given per pair."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


class Block(nn.Module):  # type: ignore[misc]
    """One layer: attention, then feed-forward, each on its normalised input.

    Matrices that read the same input lie in one (query, key, value; gate, up): a CPU likes few
    large products. ``export`` takes them apart.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(width, eps=EPSILON)
        self.ffn_norm = nn.RMSNorm(width, eps=EPSILON)
        self.attn_qkv = nn.Linear(width, 3 * width, bias=False)
        self.attn_output = nn.Linear(width, width, bias=False)
        self.ffn_gate_up = nn.Linear(width, 2 * inner, bias=False)
        self.ffn_down = nn.Linear(inner, width, bias=False)
        for matrix in (self.attn_qkv, self.ffn_gate_up):
            nn.init.normal_(matrix.weight, std=0.5 / math.sqrt(width))
        for matrix in (self.attn_output, self.ffn_down):
            nn.init.normal_(matrix.weight, std=0.02 / math.sqrt(2 * shape.layers))

    def queries_keys_values(
        self, x: Tensor, cos: Tensor, sin: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Per head ``(batch, heads, length, size)``; queries and keys turned by position."""
        batch, length, _ = x.shape
        parts = self.attn_qkv(self.attn_norm(x)).view(batch, length, 3 * self.heads, -1)
        turned = _rotate(parts[:, :, : 2 * self.heads].transpose(1, 2), cos, sin)
        values = parts[:, :, 2 * self.heads :].transpose(1, 2)
        return turned[:, : self.heads], turned[:, self.heads :], values

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """The rest of the layer after attention has mixed the values."""
        x = x + self.attn_output(mixed.transpose(1, 2).reshape(x.shape))
        gate, up = self.ffn_gate_up(self.ffn_norm(x)).chunk(2, -1)
        return x + self.ffn_down(F.silu(gate) * up)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.queries_keys_values(x, cos, sin)
        return self.finish(x, attend(q, k, v))


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention over ``(batch, heads, length, size)``."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    # As plain products: on a CPU the fused one's backward takes thrice as long. In strips: each
    # leaves out what comes after it, which halves the work on long texts.
    starts = range(0, q.shape[-2], STRIP)
    return torch.cat([_attend_strip(q[..., at : at + STRIP, :], k, v, at) for at in starts], -2)


def _attend_strip(q: Tensor, k: Tensor, v: Tensor, at: int) -> Tensor:
    """The same for the queries from position ``at`` on."""
    length = q.shape[-2]
    end = at + length
    later = torch.full((length, end), -30000.0, dtype=q.dtype).triu(at + 1)
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k[..., :end, :].transpose(-1, -2)) + later
    return torch.matmul(torch.softmax(scores, -1, dtype=scores.dtype), v[..., :end, :])


class TinyLlama(nn.Module):  # type: ignore[misc]
    """Token ids ``(batch, length)`` → final hidden states; ``logits`` for the vocabulary."""

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(VOCABULARY, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=EPSILON)
        nn.init.normal_(self.token_embd.weight, std=0.02)
        size = shape.width // shape.heads
        turns = ROPE_BASE ** (-torch.arange(0, size, 2) / size)
        angle = torch.outer(torch.arange(LONGEST_CONTEXT), turns)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.token_embd(ids)
        device = ids.device.type
        half = torch.is_autocast_enabled(device)
        dtype = torch.get_autocast_dtype(device) if half else x.dtype
        cos, sin = (table[: ids.shape[1]].to(dtype) for table in (self.cos, self.sin))
        for block in self.blk:
            x = block(x, cos, sin)
        return self.output_norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary, in float32; the embedding matrix serves as output."""
        return F.linear(hidden, self.token_embd.weight).float()

    def parameter_count(self) -> int:
        """Number of trained parameters; the tied matrix counts once."""
        return sum(p.numel() for p in self.parameters())
