"""Train the tiny models: ``python -m fusion_magics.tiny.train all``, or some by name.

Everything is made from seeds: the same command gives the same questions, order and updates. Writes
``NAME.pt`` and ``NAME.json`` (what the model card tells) to ``--out`` every few minutes, and goes
on from there when called again. ``all`` ends with the release: weights and cards into the package.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn import functional as F

from . import LONGEST_CONTEXT, release
from .answered import Answered, read_answers
from .evaluate import percent_by_kind
from .evaluate_judge import percent_of_several
from .model import Shape, TinyLlama
from .recipes import RECIPES, Recipe, lesson
from .tokens import END, encode

Batch = tuple[Tensor, Tensor]
POOL = 1024
SAVE_SECONDS = 300


def batches(recipe: Recipe, answered: Answered | None = None) -> Iterator[Batch]:
    """Endless batches ``(ids, learned)`` of conversations of like length, padded with the end.

    What is longer than the context is left out.
    """
    rng = Random(recipe.seed)
    while True:
        pool = sorted(
            (encode(lesson(rng, recipe, answered)) for _ in range(POOL)), key=lambda e: len(e[0])
        )
        made: list[Batch] = []
        group: list[tuple[list[int], list[bool]]] = []
        for example in pool:
            if group and len(example[0]) * (len(group) + 1) > recipe.tokens:
                if len(group[-1][0]) <= LONGEST_CONTEXT:
                    made.append(_padded(group))
                group = []
            group.append(example)
        rng.shuffle(made)
        yield from made


def _padded(group: list[tuple[list[int], list[bool]]]) -> Batch:
    length = max(len(ids) for ids, _ in group)
    ids = torch.full((len(group), length), END)
    learned = torch.zeros(len(group), length, dtype=torch.bool)
    for row, (tokens, mask) in enumerate(group):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        learned[row, : len(mask)] = torch.tensor(mask)
    return ids, learned


def optimizers(model: TinyLlama, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embeddings and norms."""
    matrices = [p for p in model.blk.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(
            matrices, lr=recipe.rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def rate_factor(recipe: Recipe, step: int) -> float:
    """Share of the peak rate at a step: rises, stays, falls to 2 %."""
    falling = recipe.steps * recipe.cooling
    left = (recipe.steps - step) / falling if falling else 1.0
    return min((step + 1) / recipe.warm_up, 1.0, max(0.02, left))


def update(
    model: TinyLlama, optimizers: list[torch.optim.Optimizer], mixed: list[Batch], device: str
) -> float:
    """One step on the mean of some batches; gives their loss in nats per learned token."""
    total = 0.0
    for batch in mixed:
        ids, learned = (part.to(device) for part in batch)
        with torch.autocast(device, dtype=torch.bfloat16):
            scores = model.logits(model(ids[:, :-1])[learned[:, 1:]])
        loss = F.cross_entropy(scores, ids[:, 1:][learned[:, 1:]]) / len(mixed)
        loss.backward()
        total += float(loss.item())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return total


def _save(path: Path, state: dict[str, object]) -> None:
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    os.replace(unfinished, path)


def _starting_weights(recipe: Recipe, out: Path) -> dict[str, Tensor] | None:
    if recipe.start is None:
        return None
    state: dict[str, Tensor] = torch.load(out / f"{recipe.start}.pt", weights_only=True)["model"]
    return state


class Run:
    """The training of one model: its state on disk, its progress, its steps."""

    def __init__(self, name: str, out: Path, device: str) -> None:
        self.name, self.path, self.device = name, out / f"{name}.pt", device
        self.recipe = RECIPES[name]
        torch.manual_seed(self.recipe.seed)
        self.model = TinyLlama(Shape()).to(device)
        self.optimizers = optimizers(self.model, self.recipe)
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        if self.path.exists():
            self._resume()
        elif start := _starting_weights(self.recipe, out):
            self.model.load_state_dict(start)

    def _resume(self) -> None:
        state = torch.load(self.path, weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]

    def save(self) -> None:
        """Write weights, optimizer state and the numbers for the card."""
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "tokens": self.tokens,
            "seconds": self.seconds,
        }
        _save(self.path, state)
        facts = {"step": self.step, "tokens": self.tokens, "seconds": round(self.seconds)}
        self.path.with_suffix(".json").write_text(json.dumps(facts))

    def train(self) -> None:
        """Take the steps that are left, with a line of progress and a save every few minutes."""
        saved, losses = time.time(), []
        # A resumed run skips what it has seen, so it goes on as if it had never stopped.
        reads = self.recipe.reads
        answered = Answered(read_answers(reads, self.path.parent)) if reads else None
        source = islice(batches(self.recipe, answered), self.step * self.recipe.batches, None)
        while self.step < self.recipe.steps:
            started = time.perf_counter()
            factor = rate_factor(self.recipe, self.step)
            for optimizer in self.optimizers:
                optimizer.param_groups[0]["lr"] = self.recipe.rate * factor
            mixed = list(islice(source, self.recipe.batches))
            losses.append(update(self.model, self.optimizers, mixed, self.device))
            self.step += 1
            self.tokens += sum(ids.numel() for ids, _ in mixed)
            self.seconds += time.perf_counter() - started
            if time.time() - saved > SAVE_SECONDS:
                self.save()
                self.report(sum(losses) / len(losses))
                saved, losses = time.time(), []
        self.save()
        self.report(sum(losses) / max(1, len(losses)), questions=20)

    def report(self, loss: float, questions: int = 5) -> None:
        """Print where the run is and its accuracy by kind on validation questions."""
        speed = self.tokens / max(1e-9, self.seconds)
        left = (self.recipe.steps - self.step) * self.seconds / max(1, self.step) / 60
        print(
            f"{self.name} {self.step}/{self.recipe.steps} {self.tokens / 1e6:.1f}M tokens "
            f"{speed:.0f}/s loss {loss:.4f} left {left:.0f} min",
            percent_by_kind(self.model, questions, "judge" in self.recipe.lessons)
            | (percent_of_several(self.model, questions) if self.name == "judge" else {}),
            flush=True,
        )


def _needs(name: str) -> set[str | None]:
    return {RECIPES[name].start, *RECIPES[name].reads}


def train_side_by_side(names: list[str], jobs: int, options: list[str]) -> None:
    """Train in ``jobs`` processes, each model once those that it starts from and reads are done.

    Raises subprocess.CalledProcessError where a training fails; those under way are ended then.
    """
    waiting, running = list(names), dict[str, subprocess.Popen[bytes]]()
    try:
        while waiting or running:
            ready = [name for name in waiting if _needs(name).isdisjoint((*waiting, *running))]
            for name in ready[: jobs - len(running)]:
                # One that nothing can run beside gets every core.
                beside = "1" if ready == [name] and not running else str(jobs)
                command = [sys.executable, "-m", __spec__.name, name, *options, "--jobs", beside]
                running[name] = subprocess.Popen(command)  # noqa: S603
                waiting.remove(name)
            time.sleep(0.5)
            for name, process in list(running.items()):
                if (code := process.poll()) is not None:
                    del running[name]
                    if code:
                        raise subprocess.CalledProcessError(code, process.args)
    finally:
        for process in running.values():
            process.terminate()


def main(arguments: list[str] | None = None) -> None:
    """Train the named models, each after what it starts from and reads."""
    parser = argparse.ArgumentParser(description="Train the tiny models.")
    parser.add_argument("names", nargs="+", choices=[*RECIPES, "all"])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="models at a time")
    parser.add_argument("--out", type=Path, default=Path("build/tiny"))
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    names = list(RECIPES) if "all" in options.names else options.names
    if len(names) > 1 and options.jobs > 1:
        each = ["--device", options.device, "--out", str(options.out)]
        train_side_by_side(names, options.jobs, each)
    else:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // options.jobs))
        for name in names:
            Run(name, options.out, options.device).train()
    if "all" in options.names:
        release.main(["--out", str(options.out)])


if __name__ == "__main__":
    main()
