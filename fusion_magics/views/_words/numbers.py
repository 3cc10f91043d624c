"""Numbers as they are written."""

from __future__ import annotations

from ...types import Candidate, Fusion, Usage

# Seconds of writing from which no speed can be told.
_TOO_SHORT = 0.005


def seconds(value: float) -> str:
    """``0.42 s``, ``4.8 s``, ``1,204 s``."""
    if value < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def speed(candidate: Candidate) -> str:
    """Tokens per second, or a dash where it was too fast or too short to tell."""
    rate, timing = candidate.tokens_per_second, candidate.timing
    spent = (timing.ended or 0.0) - (timing.writing or 0.0)
    if rate is None or spent < _TOO_SHORT:
        return "–"
    return f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"


def score(value: float) -> str:
    """``10``, ``9.2``."""
    return f"{value:.1f}".removesuffix(".0")


def cost(usage: Usage) -> str:
    """US dollars, ``$0.0041``; a dash where it is unknown."""
    return "–" if usage.cost is None else f"${usage.cost:.4f}" if usage.cost else "$0"


def total(fusion: Fusion) -> str:
    """``640 tokens written, 1,912 read, 1,204 reused``, and the cost if there was any."""
    usage: Usage = fusion.usage
    parts = [
        f"{usage.completion_tokens:,} tokens written",
        f"{usage.prompt_tokens - usage.cached_tokens:,} read",
    ]
    if usage.cached_tokens:
        parts.append(f"{usage.cached_tokens:,} reused")
    text = ", ".join(parts)
    return f"{text} · ${usage.cost:.4f}" if usage.cost else text
