"""Do llama.cpp and MLX say the same? ``python -m fusion_magics.tiny.parity [NAME ...]``.

Prints per model the share of test questions with equal greedy answers, and the largest and mean
absolute difference of the next-token log-probabilities over every answer token.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import NAMES, context, weights
from .mlx_form import mlx_folder
from .questions import Question, test_set
from .tokens import END, prompt

LIMIT = 120


@dataclass(frozen=True)
class Parity:
    """``equal`` of ``asked`` greedy answers agree; differences are in nats."""

    asked: int
    equal: int
    largest: float
    mean: float


def open_llamacpp(path: Path) -> Any:
    """The model in llama.cpp on one thread, keeping the scores of every position."""
    from llama_cpp import Llama

    n_ctx = context(path.stem)
    return Llama(str(path), n_ctx=n_ctx, n_threads=1, logits_all=True, verbose=False)


def open_mlx(path: Path) -> Any:
    """The model in MLX."""
    from mlx_lm import load

    return load(str(mlx_folder(path)))[0]


def llamacpp_answer(model: Any, ids: list[int]) -> tuple[list[int], np.ndarray]:
    """Greedy tokens after a prompt and the log-probabilities they were chosen from."""
    model.reset()
    model.eval(ids)
    written: list[int] = []
    rows: list[np.ndarray] = []
    while len(written) < LIMIT:
        rows.append(_log_softmax(np.array(model.scores[model.n_tokens - 1])))
        token = int(rows[-1].argmax())
        if token == END:
            break
        written.append(token)
        model.eval([token])
    return written, np.array(rows)


def mlx_scores(model: Any, ids: list[int], written: list[int]) -> np.ndarray:
    """MLX's log-probabilities at the same positions, having read the same tokens."""
    import mlx.core as mx

    scores = model(mx.array([ids + written])).astype(mx.float32)
    return _log_softmax(np.array(scores[0, len(ids) - 1 :]))


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    shifted = scores.astype(np.float64) - scores.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def compare(path: Path, questions: list[Question]) -> Parity:
    """Both engines on the questions. MLX agrees where its best token is llama.cpp's throughout."""
    first, second = open_llamacpp(path), open_mlx(path)
    equal, differences = 0, []
    for question in questions:
        ids = prompt([("user", question.text)])
        written, rows = llamacpp_answer(first, ids)
        others = mlx_scores(second, ids, written)[: len(rows)]
        equal += bool((others.argmax(-1) == rows.argmax(-1)).all())
        differences.append(np.abs(others - rows))
    everything = np.concatenate(differences)
    return Parity(len(questions), equal, float(everything.max()), float(everything.mean()))


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Compare llama.cpp with MLX, token by token.")
    parser.add_argument("names", nargs="*", default=list(NAMES))
    parser.add_argument("-n", type=int, default=300, help="test questions per model")
    options = parser.parse_args(arguments)
    questions = test_set(options.n)
    for name in options.names:
        found = compare(weights(name), questions)
        print(
            f"{name}: {found.equal}/{found.asked} answers equal, log-probabilities differ by "
            f"{found.largest:.4f} at most, {found.mean:.6f} on average",
            flush=True,
        )


if __name__ == "__main__":
    main()
