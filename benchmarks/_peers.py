"""What `local_engine.py` compares with, each in a process of its own; prints seconds.

python benchmarks/_peers.py in-a-row MODEL.gguf --samples 4
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SAMPLING = {"temperature": 0.8, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0}


def in_a_row(model: str, prompt: str, samples: int, tokens: int) -> float:
    """``Llama.create_completion`` again and again, with its own reuse of the prompt."""
    from llama_cpp import Llama

    llama = Llama(model, n_ctx=4096, verbose=False)
    llama.create_completion("Warm up.", max_tokens=2)
    began = time.perf_counter()
    for seed in range(samples):
        done = llama.create_completion(prompt, max_tokens=tokens, seed=seed, **SAMPLING)
        assert done["usage"]["completion_tokens"] == tokens
    return time.perf_counter() - began


def server(model: str, prompt: str, samples: int, tokens: int) -> float:
    """llama.cpp's own server with as many slots as samples, in the process (xllamacpp)."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_parallel = samples
    params.n_ctx = 512 * samples
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    running = xllamacpp.Server(params)

    def ask(seed: int) -> None:
        asked = {"prompt": prompt, "max_tokens": tokens, "seed": seed, "ignore_eos": True}
        running.handle_completions(asked | SAMPLING | {"cache_prompt": True})

    ask(0)
    began = time.perf_counter()
    with ThreadPoolExecutor(samples) as threads:
        list(threads.map(ask, range(samples)))
    return time.perf_counter() - began


PEERS = {"in-a-row": in_a_row, "server": server}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("model")
    parser.add_argument("prompt", type=Path, help="a file")
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64)
    asked = parser.parse_args()
    prompt = asked.prompt.read_text("utf-8")
    print("SECONDS", PEERS[asked.peer](asked.model, prompt, asked.samples, asked.tokens))


if __name__ == "__main__":
    main()
