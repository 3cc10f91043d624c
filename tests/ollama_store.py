"""Ollama's store of models, as it lies on a disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def put(store: Path, name: str, content: bytes = b"GGUF", **changes: object) -> Path:
    """A model as ``ollama pull`` leaves it; returns its file."""
    config = json.dumps({"model_format": "gguf", "file_type": "Q4_K_M"}).encode()
    digests = [hashlib.sha256(data).hexdigest() for data in (config, content)]
    (store / "blobs").mkdir(parents=True, exist_ok=True)
    for digest, data in zip(digests, (config, content), strict=True):
        (store / "blobs" / f"sha256-{digest}").write_bytes(data)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digests[1]}"}
    manifest = {"config": {"digest": f"sha256:{digests[0]}"}, "layers": [{}, layer]} | changes
    path = store / "manifests" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))
    return store / "blobs" / f"sha256-{digests[1]}"
