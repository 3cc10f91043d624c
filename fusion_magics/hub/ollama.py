"""Ollama's store: GGUF files under the hash of their content, and manifests that name them.

References
----------
https://github.com/ollama/ollama/blob/main/docs/faq.mdx (where the store is, ``OLLAMA_MODELS``). A
manifest is an OCI image manifest (https://github.com/opencontainers/image-spec) whose layer of type
``application/vnd.ollama.image.model`` is the GGUF file; its configuration names the quantisation.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

PREFIX = "ollama:"
"""What a name of Ollama's begins with behind ``llamacpp:``."""

_MODEL = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_OWN = ("registry.ollama.ai", "library")
_MOST_BYTES = 2**20  # a manifest has about a kilobyte


class Stored(NamedTuple):
    """A model in the store: its name there (``llama3.2:3b``), its file, its quantisation."""

    name: str
    path: Path
    quantisation: str


def stores() -> list[Path]:
    """The folders in which Ollama keeps models: the user's, and those of its Linux service."""
    own = os.environ.get("OLLAMA_MODELS") or "~/.ollama/models"
    service = ("/usr/share/ollama/.ollama/models", "/var/lib/ollama/.ollama/models")
    places = [Path(place).expanduser() for place in (own, *service)]
    return [place for place in places if os.access(place / "manifests", os.R_OK | os.X_OK)]


def stored() -> Iterator[Stored]:
    """The GGUF models in the stores; manifests that cannot be read are passed over."""
    for store in stores():
        for manifest in sorted((store / "manifests").rglob("*")):
            model = _stored(store, manifest) if manifest.is_file() else None
            if model is not None:
                yield model


def find(name: str) -> Path | None:
    """The file of Ollama's model ``name``; without a tag, of its ``latest``."""
    full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    return next((model.path for model in stored() if model.name == full), None)


def _stored(store: Path, manifest: Path) -> Stored | None:
    content = _json(manifest)
    layers = content.get("layers")
    for layer in layers if isinstance(layers, list) else []:
        if isinstance(layer, dict) and layer.get("mediaType") == _MODEL:
            path = _blob(store, layer.get("digest"))
            if path is not None and path.is_file():
                return Stored(_name(store, manifest), path, _file_type(store, content))
    return None


def _name(store: Path, manifest: Path) -> str:
    *parts, model, tag = manifest.relative_to(store / "manifests").parts
    shown = [part for part in parts if part not in _OWN]
    return "/".join([*shown, f"{model}:{tag}"])


def _file_type(store: Path, content: dict[str, Any]) -> str:
    config = content.get("config")
    path = _blob(store, config.get("digest")) if isinstance(config, dict) else None
    written = _json(path).get("file_type") if path is not None else None
    return written if isinstance(written, str) else ""


def _blob(store: Path, digest: object) -> Path | None:
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    return store / "blobs" / f"sha256-{match[1]}" if match else None


def _json(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        if path.stat().st_size <= _MOST_BYTES:
            content = json.loads(path.read_text(encoding="utf-8"))
            return content if isinstance(content, dict) else {}
    return {}
