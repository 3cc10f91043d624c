"""How long a person waits: a fresh kernel's first fused tiny answer, and the second.

    python benchmarks/first_answer.py [--runs 5]

Each run starts a real Jupyter kernel, loads the extension and runs one `%%fuse` cell twice (with
different questions), as the quickstart notebook does. Medians over the runs; the clock of the
first answer starts before the kernel does.
"""

from __future__ import annotations

import argparse
import statistics
import time

from jupyter_client.manager import start_new_kernel

FIRST = "%load_ext fusion_magics"
CELLS = (
    "%%fuse\nHow many r's are in strawberry?",
    "%%fuse\nWhat is 348 + 267?",
)


def once() -> tuple[float, float, float]:
    """Seconds until the kernel is ready, until the first answer, and of the second."""
    began = time.perf_counter()
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        ready = time.perf_counter() - began
        for cell in (FIRST, CELLS[0]):
            _run(client, cell)
        first = time.perf_counter() - began
        again = time.perf_counter()
        _run(client, CELLS[1])
        return ready, first, time.perf_counter() - again
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(client: object, code: str) -> None:
    reply = client.execute_interactive(code, output_hook=lambda _: None, timeout=60)  # type: ignore[attr-defined]
    if reply["content"]["status"] != "ok":
        raise SystemExit("\n".join(reply["content"]["traceback"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = [once() for _ in range(parser.parse_args().runs)]
    names = ("kernel ready", "first fused answer (limit 5 s)", "second fused answer (limit 1 s)")
    for name, times in zip(names, zip(*runs, strict=True), strict=True):
        print(f"{name:32s} median {statistics.median(times):.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()
