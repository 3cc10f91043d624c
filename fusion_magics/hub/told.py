"""What the hub's own library, the network and the disk raise, told as one error with its cure.

No message repeats what a server said, and none has the library's error as its cause: both may hold
what the request held, and that is the token.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import DownloadError
from .places import cache_folder, endpoint

KEPT = "What has arrived is kept, and the same command goes on from there."
_FULL = (errno.ENOSPC, errno.EDQUOT)


def page(repo: str) -> str:
    """The address of ``repo`` for a person."""
    return f"{endpoint()}/{repo}"


@contextmanager
def told(repo: str) -> Iterator[None]:
    """Errors of the hub's library about ``repo`` become a :class:`DownloadError`."""
    from huggingface_hub import errors
    from huggingface_hub.errors import HTTPError

    try:
        yield
    except DownloadError:
        raise
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError):
        raise unreachable(repo) from None
    except errors.HfHubHTTPError as exc:
        raise _refused(repo, exc) from None
    except HTTPError:  # no connection, no answer, one that broke off
        raise unreachable(repo) from None
    except OSError as exc:
        raise _of_disk(repo, exc) from exc


def unreachable(repo: str) -> DownloadError:
    """The hub cannot be asked for ``repo``."""
    return DownloadError(
        f"{repo}: the hub at {endpoint()} cannot be reached, or broke off.",
        f"Check the connection (and HF_ENDPOINT, HF_HUB_OFFLINE, a proxy). {KEPT}",
    )


def is_offline(repo: str) -> DownloadError:
    """``repo`` would have to be fetched, and the user forbade it."""
    return DownloadError(
        f"{repo} is not on this machine, and HF_HUB_OFFLINE forbids to ask for it.",
        "Unset HF_HUB_OFFLINE, or take a model that is here: %fuse_models",
    )


def _refused(repo: str, exc: Any) -> DownloadError:
    from huggingface_hub import errors

    status = exc.response.status_code
    if isinstance(exc, errors.GatedRepoError):
        return gated(repo)
    if isinstance(exc, errors.RepositoryNotFoundError) or status == 404:
        return DownloadError(
            f"The hub has no {repo} that you may see.",
            "Check the name, at " + page(repo) + " for one; a private one wants HF_TOKEN set.",
        )
    if status in (401, 403):
        return DownloadError(
            f"The hub refuses {repo} (HTTP {status}).",
            f"Set HF_TOKEN to a token that is valid and may read it: {endpoint()}/settings/tokens",
        )
    again = status == 429 or status >= 500
    return DownloadError(
        f"The hub answered HTTP {status} for {repo}.",
        f"Try again later. {KEPT}" if again else "Look at " + page(repo),
    )


def gated(repo: str) -> DownloadError:
    """The owners of ``repo`` want its licence accepted first."""
    return DownloadError(
        f"{repo} is gated: its owners want you to accept a licence first.",
        f"Accept it at {page(repo)}, and set HF_TOKEN to a token of that account: "
        f"{endpoint()}/settings/tokens",
    )


def _of_disk(repo: str, exc: OSError) -> DownloadError:
    if exc.errno in _FULL:
        return DownloadError(
            f"The disk is full: {repo} did not fit into {cache_folder()}.",
            f"Make room (%fuse_models remove NAME), or set HF_HOME to another disk. {KEPT}",
        )
    reason = os.strerror(exc.errno) if exc.errno else type(exc).__name__
    return DownloadError(
        f"{repo} cannot be kept in {cache_folder()}: {reason}.",
        "Check your rights to this folder, or set HF_HOME to another one.",
    )
