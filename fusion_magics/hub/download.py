"""From the hub into the cache: resumed where it was interrupted, and checked before it counts.

The hub's own library forgets what has arrived when a download is interrupted, and looks at its size
only. So the large files are fetched here: the bytes go to ``blobs/HASH.part`` in the cache, a later
try asks for the rest of them (HTTP ``Range``), and the file gets its name once its SHA-256 is the
one that the hub gave. From there on the library sees a file it has already.

References
----------
RFC 9110, section 14 (range requests); https://huggingface.co/docs/hub/api (the endpoints).
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from ..errors import DownloadError
from . import told
from .places import cache_folder, endpoint, repo_folder, snapshots

Seen = Callable[[int], None]
"""Is told how many bytes have arrived since it was last called; below 0: so many were in vain."""

TRIES = 5  # in a row without a single byte
WAIT = 1.0  # seconds before the next of them
TIMEOUT = 30.0  # seconds without a byte
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a repository: its size in bytes, and its SHA-256 where the hub says it."""

    name: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the hub says of a repository: its files, its licence, and whether it is gated."""

    repo: str
    commit: str
    files: tuple[File, ...]
    licence: str
    gated: bool


def listing(repo: str) -> Listing:
    """What the hub has of ``repo``.

    Raises
    ------
    DownloadError
        If it cannot be asked, or shows no such repository.
    """
    from huggingface_hub import HfApi

    with told.told(repo):
        api = HfApi(endpoint=endpoint(), library_name="fusion_magics")
        info = api.model_info(repo, files_metadata=True, timeout=TIMEOUT)
    files = tuple(_file(sibling) for sibling in info.siblings or ())
    card: Any = info.card_data or {}
    licence = card.get("license_name") or card.get("license") or ""
    shown = licence if isinstance(licence, str) else " or ".join(map(str, licence))
    return Listing(repo, info.sha or "", files, shown, bool(info.gated))


def _file(sibling: Any) -> File:
    lfs = sibling.lfs
    sha256 = str(lfs.sha256) if lfs and _SHA256.fullmatch(str(lfs.sha256)) else ""
    return File(str(sibling.rfilename), int(sibling.size or 0), sha256)


def missing(repo: str, files: Sequence[File]) -> int:
    """How many bytes of ``files`` are still to be fetched."""
    return sum(file.size - arrived(repo, file) for file in files)


def arrived(repo: str, file: File) -> int:
    """How many bytes of ``file`` are in the cache."""
    if any((folder / file.name).is_file() for folder in snapshots(repo)):
        return file.size
    blob = _blob(repo, file)
    try:
        return min(file.size, (blob if blob.exists() else _part(blob)).stat().st_size)
    except OSError:
        return 0


def fetch(source: Listing, file: File, seen: Seen) -> Path:
    """Bring ``file`` into the cache; returns where it is.

    Raises
    ------
    DownloadError
        If it does not arrive, or not as the hub promised it.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import silent_tqdm

    with told.told(source.repo):
        if file.sha256:
            _fetch_large(source.repo, file, seen)
        path = hf_hub_download(
            source.repo,
            file.name,
            cache_dir=cache_folder(),
            endpoint=endpoint(),
            library_name="fusion_magics",
            tqdm_class=silent_tqdm,  # its own would become a widget in a notebook
        )
    if not file.sha256:
        seen(file.size)
    return Path(path)


def _fetch_large(repo: str, file: File, seen: Seen) -> None:
    """Bring ``file`` to its place among the blobs, if it is not there."""
    blob = _blob(repo, file)
    blob.parent.mkdir(parents=True, exist_ok=True)
    with _alone(repo, file):
        if blob.exists():
            return
        with _part(blob).open("ab") as out:
            _fill(out, repo, file, seen)
        _check(_part(blob), repo, file)
        os.replace(_part(blob), blob)


def _fill(out: BinaryIO, repo: str, file: File, seen: Seen) -> None:
    """Append to ``out`` what ``file`` lacks; a broken connection is tried again."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError

    if out.tell() > file.size:
        out.truncate(0)
    tries = 0
    while (before := out.seek(0, os.SEEK_END)) < file.size:
        try:
            _append(out, repo, file, seen)
        except HfHubHTTPError:
            raise
        except HTTPError:
            time.sleep(WAIT)
        tries = 0 if out.seek(0, os.SEEK_END) > before else tries + 1
        if tries == TRIES:
            raise told.unreachable(repo)


def _append(out: BinaryIO, repo: str, file: File, seen: Seen) -> None:
    from huggingface_hub.utils import get_session, hf_raise_for_status

    url, headers = _location(repo, file)
    start = out.tell()
    if start:
        headers = {**headers, "Range": f"bytes={start}-"}
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT) as reply:
        hf_raise_for_status(reply)
        if start and reply.status_code != 206:  # all of it, from the beginning
            seen(-start)
            out.truncate(0)
        for piece in reply.iter_raw():
            out.write(piece)
            seen(len(piece))


def _location(repo: str, file: File) -> tuple[str, Mapping[str, str]]:
    """Where the bytes are, and the headers to ask for them; the token stays on the hub's host."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    url = hf_hub_url(repo, file.name, endpoint=endpoint())
    found = get_hf_file_metadata(url, timeout=TIMEOUT, library_name="fusion_magics")
    if found.etag != file.sha256:
        raise DownloadError(f"{repo} changed while it was fetched.", "Run the same command again.")
    own = urlsplit(found.location).netloc == urlsplit(url).netloc
    headers = build_hf_headers(token=None if own else False, library_name="fusion_magics")
    return found.location, {**headers, "Accept-Encoding": "identity"}


def _check(part: Path, repo: str, file: File) -> None:
    """Take ``part`` away if it is not what the hub promised."""
    with part.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    if sha256 != file.sha256:
        part.unlink()
        raise DownloadError(
            f"{repo}: {file.name} arrived damaged: its SHA-256 is {sha256[:12]}…, the hub says "
            f"{file.sha256[:12]}….",
            "It was removed; run the same command again. If that does not help, a proxy changes "
            "what passes it.",
        )


@contextmanager
def _alone(repo: str, file: File) -> Iterator[None]:
    """Holds the library's own lock of this file: two downloads would write into one another."""
    from filelock import Timeout
    from huggingface_hub.utils import WeakFileLock

    lock = cache_folder() / ".locks" / repo_folder(repo).name / f"{file.sha256}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with WeakFileLock(lock, timeout=1):
            yield
    except Timeout:
        raise DownloadError(
            f"{file.name} is being downloaded by another process.", "Wait for it, or stop it."
        ) from None


def _blob(repo: str, file: File) -> Path:
    return repo_folder(repo) / "blobs" / (file.sha256 or "-")


def _part(blob: Path) -> Path:
    return blob.with_name(f"{blob.name}.part")
