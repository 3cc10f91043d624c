"""The Hugging Face hub on 127.0.0.1: as much of it as its own library asks for in a download.

Two servers, as there: the hub itself, and the store of large files to which it redirects.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_planted_and_secret"
STORIES = Path(__file__).parent / "data" / "stories260K.gguf"


@dataclass
class Repo:
    """A repository: file name → content. Files in ``large`` lie in the store, under their hash."""

    files: dict[str, bytes]
    licence: str = "apache-2.0"
    gated: bool = False
    needs: str = ""  # the token without which it is not shown
    status: int = 0  # answered to everything, if it is set
    commit: str = "c" * 40

    def large(self, name: str) -> bool:
        return name.endswith((".gguf", ".safetensors"))


@dataclass
class Seen:
    """A request that arrived: to the hub or to the store."""

    where: str
    method: str
    path: str
    span: str
    token: str
    sent: int = 0


@dataclass
class Hub:
    """The imitation. ``repos`` and the wishes below may be changed while it runs."""

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)  # bytes; one entry per answer of the store
    damage: bool = False
    ignore_range: bool = False
    on_piece: Callable[[int], None] | None = None  # is told the bytes sent so far
    piece: int = 64 * 1024

    def add(self, name: str, files: dict[str, bytes], **facts: Any) -> Repo:
        self.repos[name] = Repo(files, **facts)
        return self.repos[name]

    def of_store(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.where == "store" and seen.method == "GET"]


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    servers = [
        ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub, kind)) for kind in ("store", "hub")
    ]
    store, front = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    hub.url, _Handler.store = front, store
    threads = [threading.Thread(target=s.serve_forever, args=(0.02,)) for s in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _handler(hub: Hub, kind: str) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"hub": hub, "kind": kind})


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    kind: str
    store: str
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        token = self.headers.get("Authorization", "")
        path = unquote(urlsplit(self.path).path)
        span = self.headers.get("Range", "")
        self.seen = Seen(self.kind, self.command, path, span, token)
        self.hub.seen.append(self.seen)
        if self.kind == "store":
            self._of_store(path)
        elif path.startswith("/api/models/"):
            self._info(path.removeprefix("/api/models/"))
        else:
            repo, _, rest = path.lstrip("/").partition("/resolve/")
            self._file(repo, rest.partition("/")[2])

    # ── the hub ──────────────────────────────────────────────────────────────────────────────

    def _refused(self, name: str, files: bool) -> bool:
        repo = self.hub.repos.get(name)
        shown = repo is not None and self.seen.token == f"Bearer {repo.needs}"
        if repo is None or (repo.needs and not shown and not repo.gated):
            # So it answers for what does not exist, too: it tells nobody what does.
            self._send(401, {"X-Error-Code": "RepoNotFound"}, self._echo())
        elif repo.gated and files and not shown:
            self._send(403 if self.seen.token else 401, {"X-Error-Code": "GatedRepo"}, self._echo())
        elif repo.status:
            self._send(repo.status, {}, self._echo())
        else:
            return False
        return True

    def _echo(self) -> bytes:
        """The worst that a server may say: what was sent to it."""
        return json.dumps({"error": f"Refused: {self.seen.token}"}).encode()

    def _info(self, name: str) -> None:
        if self._refused(name, files=False):
            return
        repo = self.hub.repos[name]
        siblings = [
            {"rfilename": file, "size": len(content), "blobId": hashlib.sha1(content).hexdigest()}
            | (
                {"lfs": {"size": len(content), "sha256": _sha256(content), "pointerSize": 134}}
                if repo.large(file)
                else {}
            )
            for file, content in repo.files.items()
        ]
        answer = {
            "_id": "1",
            "id": name,
            "modelId": name,
            "sha": repo.commit,
            "private": False,
            "gated": "manual" if repo.gated else False,
            "tags": [],
            "downloads": 0,
            "cardData": {"license": repo.licence},
            "siblings": siblings,
        }
        self._send(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _file(self, name: str, file: str) -> None:
        if self._refused(name, files=True):
            return
        repo = self.hub.repos[name]
        if file not in repo.files:
            self._send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": repo.commit})
            return
        content = repo.files[file]
        facts = {"X-Repo-Commit": repo.commit, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
        if not repo.large(file):
            self._send(200, facts, content)
            return
        facts |= {
            "X-Linked-Etag": f'"{_sha256(content)}"',
            "X-Linked-Size": str(len(content)),
            "Location": f"{self.store}/{name}/{file}?signed=yes",
        }
        self._send(302, facts)

    # ── the store of large files ─────────────────────────────────────────────────────────────

    def _of_store(self, path: str) -> None:
        org, repo, file = path.lstrip("/").split("/", 2)
        content = self.hub.repos[f"{org}/{repo}"].files[file]
        start = 0 if self.hub.ignore_range else int(self.seen.span[6:-1] or 0)
        if self.hub.damage:
            content = content[:-1] + bytes([content[-1] ^ 1])
        rest = content[start:]
        facts = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self.send_response(206 if start else 200)
        for key, value in ({**facts} if start else {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        most = self.hub.cut_after.pop(0) if self.hub.cut_after else len(rest)
        for at in range(0, min(most, len(rest)), self.hub.piece):
            piece = rest[at : min(at + self.hub.piece, most)]
            try:
                self.wfile.write(piece)
            except OSError:  # it was stopped
                self.close_connection = True
                return
            self.seen.sent += len(piece)
            if self.hub.on_piece:
                self.hub.on_piece(start + self.seen.sent)
        self.close_connection = most < len(rest)

    def _send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
