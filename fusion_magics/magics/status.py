"""What ``%fuse_status`` prints and does: the runs in the background."""

from __future__ import annotations

from ..background import Background, Runs
from ..errors import UsageError, did_you_mean
from ..views._words import first_line, one_line, seconds
from .inventory import aligned

VERBS = ("list", "cancel")
ALL = "all"

_HEAD = ("run", "state", "time", "members", "prompt")
_HOW = "Write %fuse_status, or %fuse_status cancel NUMBER, or %fuse_status cancel all."


def status(runs: Runs, line: str) -> str:
    """What ``%fuse_status line`` says.

    Raises
    ------
    UsageError
        If ``line`` is none of its commands, or names no run that is running.
    """
    match line.split():
        case [] | ["list"]:
            return table(runs)
        case ["cancel", which]:
            return cancel(runs, which)
        case ["cancel"]:
            raise UsageError("Cancel which run?", f"{_running(runs)} {_HOW}")
        case [word, *_]:
            hint = did_you_mean(word, VERBS, "%fuse_status {}")
            raise UsageError(f"%fuse_status cannot {line.strip()!r}.", f"{hint}{_HOW}")
    raise AssertionError(line)


def table(runs: Runs) -> str:
    """One row per run, the oldest first."""
    rows = [_row(run) for run in runs]
    return aligned([_HEAD, *rows]) if rows else "Nothing runs in the background: %%fuse --bg"


def _row(run: Background) -> tuple[str, ...]:
    done, asked = run.answered
    members = f"{done}/{asked} done" if asked else ""
    prompt = one_line(first_line(run.prompt, 60))
    return (f"#{run.number}", run.standing, seconds(run.seconds), members, prompt)


def cancel(runs: Runs, which: str) -> str:
    """Cancel the run with the number ``which`` (``2``, ``#2``), or ``all``; says what was done."""
    numbers = {str(run.number): run for run in runs.running}
    name = which.removeprefix("#")
    if which != ALL and name not in numbers:
        raise UsageError(
            f"No run {which} is running.",
            f"{did_you_mean(name, [ALL, *numbers])}{_running(runs)}",
        )
    chosen = numbers.values() if which == ALL else [numbers[name]]
    stopped = [run for run in chosen if run.cancel()]
    if not stopped:
        return "Nothing was running."
    names = ", ".join(f"#{run.number}" for run in stopped)
    return f"Cancelled {names}: what has arrived is shown below the cell that asked."


def _running(runs: Runs) -> str:
    return f"Running: {', '.join(f'#{run.number}' for run in runs.running) or 'nothing'}."
