"""Blocks of random quantised weights, drawn as bytes: no gigabytes of floats are quantised.

Each type's scale is set so that a weight has a mean of about 0 and a standard deviation of 0.02,
as in freshly initialised models. The layouts are those of ggml's ``block_q4_0`` and so on.
"""

from __future__ import annotations

import gguf
import numpy as np

Q = gguf.GGMLQuantizationType
DEVIATION = 0.02


def _half(value: float) -> list[int]:
    return list(np.array([value], "<f2").tobytes())


def _steps(bits: int) -> float:
    """The standard deviation of a uniform whole number of so many bits."""
    return float(np.sqrt((4**bits - 1) / 12))


_K4 = DEVIATION / (32 * _steps(4))

BLOCKS: dict[Q, dict[int, list[int]]] = {
    Q.Q4_0: {0: _half(DEVIATION / _steps(4))},
    Q.Q5_0: {0: _half(DEVIATION / _steps(5))},
    Q.Q8_0: {0: _half(DEVIATION / _steps(8))},
    # Eight scales and eight minima of 6 bits, all 32; the minimum takes the mean, 7.5 steps, off.
    Q.Q4_K: {0: _half(_K4) + _half(7.5 * _K4) + [160] * 8 + [0] * 4},
    Q.Q6_K: {192: [16] * 16 + _half(DEVIATION / (16 * _steps(6)))},
}
"""The bytes of a block that are not drawn, by where they stand."""


def blocks(rng: np.random.Generator, kind: Q, count: int) -> np.ndarray:
    """``count`` blocks of ``kind``: an array of bytes, (count, bytes of a block)."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    made = np.frombuffer(bytearray(rng.bytes(count * size)), np.uint8).reshape(count, size)
    for start, fixed in BLOCKS[kind].items():
        made[:, start : start + len(fixed)] = fixed
    return made
