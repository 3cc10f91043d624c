"""What can go wrong, as one tree.

::

    FusionError                 every error this package raises on purpose; has a hint (the cure)
    ├── UsageError              what the user wrote cannot be run: nothing was asked
    ├── DownloadError           a model could not be fetched; what had arrived is kept
    ├── ModelError              one call of one model failed; a pool turns it into a Failure
    │   ├── LoadError           the weights cannot be read, or do not fit
    │   ├── EngineMissing       the package that runs this kind of model is not installed
    │   ├── WorkerDied          the child process that owned the model ended by itself
    │   ├── ContextOverflow     the prompt is longer than the model's context
    │   └── Cancelled           the user stopped this call alone, by a Control
    └── NoAnswerError           no member answered; carries every failure

    Interrupted                 the user stopped the cell (a KeyboardInterrupt)

A cancelled ``fuse()`` raises the ``asyncio.CancelledError`` by which it was stopped, with what had
arrived as its ``fusion``: not a class of its own, because ``asyncio.timeout()`` and task groups
know no other.

Foreign errors are mapped where they enter (``raise … from exc``). Programmer errors pass through.
In a notebook a :class:`FusionError` is two lines: what happened, what to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .types import Failure, Fusion


_STOPPED = "Stopped. Every call was cancelled."
_WHERE_KEPT = " What had arrived: sys.last_value.fusion"


def _in_words(error: BaseException) -> list[str]:
    """What IPython shows of an expected error: a message, not a wall of frames.

    Model output may be part of it, so nothing but plain text may reach the terminal.
    """
    return [printable(f"{type(error).__name__}: {error}")]


def did_you_mean(word: str, words: Iterable[str], form: str = "{}") -> str:
    """``"Did you mean x? "``, x in the place of ``{}`` in ``form``; nothing if no word is near."""
    close = get_close_matches(word, list(words), n=1)
    return f"Did you mean {form.replace('{}', close[0], 1)}? " if close else ""


class FusionError(Exception):
    """Base of all expected errors.

    Parameters
    ----------
    message : str
        What happened, naming the input.
    hint : str
        What to do about it; empty if there is nothing to advise.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def _render_traceback_(self) -> list[str]:
        return _in_words(self)


class UsageError(FusionError, ValueError):
    """What the user wrote cannot be run. Nothing was asked, nothing is lost."""


class DownloadError(FusionError):
    """A model could not be fetched. What had arrived is kept, and the next try goes on from it."""


class ModelError(FusionError):
    """One call of one model failed.

    ``kind`` is a stable word for programs (``crashed``, ``out-of-memory``, …), ``retryable`` says
    whether the same call may succeed if it is made again.
    """

    kind: ClassVar[str] = "failed"

    def __init__(
        self, message: str, hint: str = "", *, kind: str | None = None, retryable: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.failure_kind = kind or self.kind
        self.retryable = retryable
        self.partial = ""  # the text that had arrived, filled in by the pool


class LoadError(ModelError):
    """The weights cannot be read, are no model, or do not fit in memory."""

    kind = "load"


class EngineMissing(ModelError):
    """The package that runs this kind of model is not installed."""

    kind = "engine-missing"


class WorkerDied(ModelError):
    """The child process that owned the model ended: a crash, a kill, or out of memory."""

    kind = "crashed"


class ContextOverflow(ModelError):
    """The prompt does not fit into the model's context."""

    kind = "context"


class Cancelled(ModelError):
    """The user stopped this call alone, and the others go on."""

    kind = "cancelled"


class NoAnswerError(FusionError):
    """No member answered. ``failures`` says why, for each member."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        lines = [f"{f.member}: {f.message}" for f in self.failures]
        hints = list(dict.fromkeys(f.hint for f in self.failures if f.hint))
        super().__init__("No member answered.\n" + "\n".join(lines), "\n".join(hints))

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is copied, and sent between processes, by its message; this one is made
        # from its failures.
        return type(self), (self.failures,), vars(self)


class Interrupted(KeyboardInterrupt):
    """The user stopped the cell. Every call was cancelled.

    Like every ``KeyboardInterrupt`` it is no ``Exception``: a loop that logs errors and goes on
    with the next question stops too.

    Attributes
    ----------
    fusion : Fusion, optional
        What had arrived, without a decision; None if nothing was asked yet.
    """

    def __init__(self, message: str = _STOPPED, fusion: Fusion | None = None) -> None:
        super().__init__(message)
        self.fusion = fusion

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}{_WHERE_KEPT if self.fusion else ''}"]


def keep(stop: asyncio.CancelledError, fusion: Fusion) -> None:
    """Make ``fusion``, what had arrived, the attribute ``stop.fusion``: a notebook says so."""
    shown = f"{type(stop).__name__}: {_STOPPED}{_WHERE_KEPT}"
    vars(stop).update(fusion=fusion, _render_traceback_=partial(list, (shown,)))


def kept(stop: BaseException) -> Fusion | None:
    """The fusion that ``stop`` carries, if it does."""
    fusion: Fusion | None = getattr(stop, "fusion", None)
    return fusion
