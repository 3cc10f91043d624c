"""Where sync and async meet: one coroutine, run to its end from synchronous code.

==========================  ====================================================================
called                      what happens
==========================  ====================================================================
no loop, main thread        one event loop for the whole process, kept between calls, so that
                            connections to models live on (terminal IPython, scripts)
no loop, another thread     a loop for this call
inside a running loop       that loop goes on inside the call (nest-asyncio2, applied only now)
==========================  ====================================================================

Stop (Ctrl-C, the notebook's button) reaches the main thread, and is the same everywhere there: it
cancels the coroutine, waits until all it had started has ended, and only then interrupts the
caller. A second one does not wait.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

from .errors import Interrupted, UsageError, keep, kept
from .fusion import fuse
from .members import open_judges, open_pool
from .own_vote import letters
from .plan import Plan
from .stopping import in_cell, stop_cancels
from .types import Delta, Fusion, Prompt, Purpose, SamplingParams

T = TypeVar("T")
P = ParamSpec("P")
Make = Callable[[], Coroutine[Any, Any, T]]


def _synchronous(function: Callable[P, Coroutine[Any, Any, T]], doc: str) -> Callable[P, T]:
    @wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> T:
        return run(lambda: function(*args, **options))

    call.__name__ = call.__qualname__ = f"{function.__name__}_sync"
    call.__module__ = __name__
    call.__doc__ = doc
    return call


def run(make: Make[T]) -> T:
    """Run the coroutine that ``make`` gives to its end and return its result.

    Raises
    ------
    Interrupted
        If the user stopped it; everything it had started has ended by then, and what had arrived
        is its ``fusion``.
    UsageError
        If it is called in a running event loop of a kind that cannot go on inside a call.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if loop is not None:
        _let_nest(loop)
        return _to_the_end(loop, make, inside=True)
    if threading.current_thread() is threading.main_thread():
        return _to_the_end(_own_loop(), make)
    with asyncio.Runner() as runner:
        return runner.run(make(), context=contextvars.copy_context())


async def stoppable(make: Make[T]) -> T:
    """The coroutine that ``make`` gives, for a cell that awaits it at its top level.

    Raises
    ------
    Interrupted
        In place of the cancellation by which the kernel says Stop.
    """
    try:
        return await make()
    except asyncio.CancelledError as stop:
        if not in_cell():
            raise
        fusion = kept(stop)
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
    raise Interrupted(fusion=fusion)  # out here: nothing hangs at its __context__


async def watched(
    prompt: str | Prompt, options: Mapping[str, Any], show: bool = True, view: str = "table"
) -> Fusion | Plan:
    """``fuse()`` with its progress in view; the loop stays awake for Stop in any case."""
    from .views.progress import Progress
    from .views.screens import screen_for

    result: Fusion | Plan
    if options.get("dry_run"):
        result = await fuse(prompt, **options)
        return result
    members = open_pool(options.get("pool"), SamplingParams(), samples=options.get("samples", 1))
    shown = {member.label: member.label for member in members}
    if options.get("blind"):
        shown = _behind_letters(shown, prompt, options)
    screen = screen_for(show, view, _about(options))
    async with Progress(list(shown.values()), *_judging(options), screen) as watch:

        def told(label: str, purpose: Purpose, delta: Delta) -> None:
            watch(shown.get(label, label), purpose, delta)

        try:
            watch.result = await fuse(prompt, **options, watch=told)
        except asyncio.CancelledError as stop:
            watch.result = kept(stop)
            raise
    return watch.result


def _about(options: Mapping[str, Any]) -> str:
    """``merge · judge tiny:judge``."""
    judge, _ = _judging(options)
    mode = options.get("mode", "best-of")
    return f"{mode} · judge {judge}" if judge else str(mode)


def _behind_letters(
    labels: Iterable[str], prompt: str | Prompt, options: Mapping[str, Any]
) -> dict[str, str]:
    """Member's label → ``answer A``, in the order of the letters."""
    text = prompt.text if isinstance(prompt, Prompt) else str(prompt)
    drawn = letters(labels, options.get("seed") or 0, text)
    return {label: f"answer {letter}" for label, letter in drawn.items()}


_UNITS = {"pointwise": "answer", "pairwise": "pair", "listwise": "order"}


def _judging(options: Mapping[str, Any]) -> tuple[str | None, str]:
    """Who will judge, and what of: in a vote, nobody."""
    judges = [model.name for model in open_judges(options.get("judge"), options.get("pool"))]
    if options.get("mode") == "vote" and options.get("read") != "judge":
        return None, ""
    if len(judges) > 1 or options.get("jury"):
        return "the jury", "ballot"
    return judges[0], _UNITS.get(options.get("protocol", "pointwise"), "answer")


# ── the loop of a process that has none ──────────────────────────────────────────────────────

_own: tuple[int, asyncio.Runner] | None = None


def _own_loop() -> asyncio.AbstractEventLoop:
    global _own
    if _own is None or _own[0] != os.getpid():  # a forked child must not share its parent's loop
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # not the current one
        _own = (os.getpid(), runner)
        atexit.register(_close, runner)
    return _own[1].get_loop()


def _close(runner: asyncio.Runner) -> None:
    if _own is not None and _own == (os.getpid(), runner):
        runner.close()


def _forget_own_loop() -> None:
    global _own
    _own = None


def _to_the_end(loop: asyncio.AbstractEventLoop, make: Make[T], inside: bool = False) -> T:
    task = loop.create_task(make(), context=contextvars.copy_context())
    fusion = None
    with stop_cancels(loop, task) as stop:
        try:
            result = loop.run_until_complete(task)
        except (asyncio.CancelledError, Exception) as exc:
            if not stop.asked:
                raise
            fusion = kept(exc)
        except KeyboardInterrupt:
            # A second Ctrl-C while the first is still at work. What is left must not go on when
            # this loop runs next.
            task.cancel()
            _forget_own_loop()
            raise
    if not stop.asked:
        return result
    interrupted = Interrupted(fusion=fusion)
    if inside and not in_cell():
        # Called in a task of the user's: a KeyboardInterrupt that left it would break the loop,
        # and stay behind in the task as an error that nobody retrieved. So the task is cancelled,
        # and who listened before (asyncio.run, the kernel) hears of it, or else the loop's owner.
        if stop.before is signal.default_int_handler:
            loop.call_soon(_throw, interrupted)
        else:
            stop.pass_on()
        cancelled = asyncio.CancelledError()
        if fusion is not None:
            keep(cancelled, fusion)
        raise cancelled
    raise interrupted


def _throw(error: BaseException) -> NoReturn:
    raise error


def _let_nest(loop: asyncio.AbstractEventLoop) -> None:
    import nest_asyncio2

    try:
        nest_asyncio2.apply(loop)
    except ValueError:
        raise UsageError(
            f"fuse_sync and a nested %fuse cannot run inside a {type(loop).__name__}.",
            "Write: await fuse(…)",
        ) from None


fuse_sync = _synchronous(
    fuse,
    """:func:`fusion_magics.fuse` for synchronous code, inside a running event loop too.

    It takes the same arguments and gives the same result: ``df["question"].map(fuse_sync)`` works
    in a notebook. Where ``await fuse(…)`` can be written, that is better: the notebook stays
    responsive. Ctrl-C raises ``Interrupted``, whose ``fusion`` is what had arrived.
    """,
)
