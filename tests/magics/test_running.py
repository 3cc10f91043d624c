"""One coroutine from synchronous code: without a loop, in a thread, inside a running loop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fusion_magics import NoAnswerError, UsageError, fuse, fuse_sync
from fusion_magics.backends.scripted import Script
from fusion_magics.own_vote import letters
from fusion_magics.running import run, watched
from fusion_magics.types import Fusion
from fusion_magics.views import screens

ECHO: dict[str, Any] = {"pool": "scripted:echo", "judge": "scripted:yes", "mode": "vote"}


def test_without_a_loop_one_loop_is_kept_between_calls() -> None:
    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert run(loop) is run(loop)


def test_in_a_script_sync_and_async_give_the_same() -> None:
    sync = fuse_sync("hi", **ECHO)
    also = asyncio.run(fuse("hi", **ECHO))
    assert sync.text == also.text == "hi"
    assert sync.pool == also.pool
    assert sync.judgment == also.judgment


def test_it_takes_the_same_arguments() -> None:
    assert inspect.signature(fuse_sync).parameters == inspect.signature(fuse).parameters
    assert not inspect.iscoroutinefunction(fuse_sync)
    with pytest.raises(TypeError, match="no_such"):
        fuse_sync("hi", no_such=1)


def test_in_worker_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        texts = [f.text for f in pool.map(lambda q: fuse_sync(q, **ECHO), "abcdefgh")]
    assert texts == list("abcdefgh")


def test_the_callers_event_loop_stays_the_current_one() -> None:
    assert (
        _prints(
            """
            mine = asyncio.new_event_loop()
            asyncio.set_event_loop(mine)
            fuse_sync("hi", pool="scripted:echo", **options)
            print(asyncio.get_event_loop() is mine)
            mine.close()
            """
        )
        == "True"
    )


def test_context_variables_are_the_callers() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("mine")

    async def read() -> str:
        return variable.get()

    assert run(read) == "mine"
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(contextvars.copy_context().run, run, read).result() == "mine"


def test_errors_come_through_as_they_are() -> None:
    with pytest.raises(UsageError):
        fuse_sync("", **ECHO)
    with pytest.raises(NoAnswerError):
        fuse_sync("hi", pool="scripted:broken", judge="scripted:yes")


def test_a_cancellation_of_ones_own_is_no_interrupt() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(cancelled)


# ── in a process of its own: signals, and nest-asyncio2, which patches asyncio for good ──────


def script(code: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run ``code`` with the names the tests below share."""
    common = """
        import asyncio, os, signal, sys, threading, time
        from fusion_magics import Interrupted, fuse, fuse_sync
        from fusion_magics.backends.scripted import SCRIPTS, Script
        SCRIPTS["pause"] = Script("done", delay=0.3)
        writing = threading.Event()
        SCRIPTS["long"] = Script(lambda *_: writing.set() or "word " * 400, gap=0.05)
        options = dict(judge="scripted:yes", mode="vote")

        def stop_in(*seconds, after=None):
            def send():
                after and after.wait()
                for pause in seconds:
                    time.sleep(pause)
                    os.kill(os.getpid(), signal.SIGINT)
            threading.Thread(target=send, daemon=True).start()

        async def left():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            return [t for t in tasks if not t.cancelling()]
    """
    source = textwrap.dedent(common) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", source],
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def _prints(code: str) -> str:
    done = script(code)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_nested_the_loop_goes_on() -> None:
    assert (
        _prints(
            """
            ticks = 0
            async def tick():
                global ticks
                while True:
                    await asyncio.sleep(0.01)
                    ticks += 1
            async def main():
                ticker = asyncio.create_task(tick())
                text = fuse_sync("hi", pool="scripted:pause", **options).text
                await fuse("hi", pool="scripted:pause", **options)
                print(text, ticks > 20, len(await left()))
                ticker.cancel()
            asyncio.run(main())
            """
        )
        == "done True 1"
    )


def test_nested_inside_nested() -> None:
    assert (
        _prints(
            """
            SCRIPTS["again"] = Script(
                lambda p, _: fuse_sync("in " + p.text, pool="scripted:echo", **options).text
            )
            async def main():
                print(fuse_sync("hi", pool="scripted:again", **options).text)
            asyncio.run(main())
            print(fuse_sync("ho", pool="scripted:again", **options).text)
            """
        )
        == "in hi\nin ho"
    )


def test_ctrl_c_cancels_waits_and_interrupts() -> None:
    out = _prints(
        """
        from fusion_magics.running import run
        stop_in(0.2, after=writing)
        began = time.monotonic()
        try:
            fuse_sync("hi", pool="scripted:long,scripted:yes", **options)
        except KeyboardInterrupt as exc:
            print(type(exc).__name__, exc, exc.fusion.candidates[0].member)
        print(time.monotonic() - began < 10, len(run(left)))
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        print(fuse_sync("after", pool="scripted:echo", **options).text)
        """
    )
    said = "Interrupted Stopped. Every call was cancelled. scripted:yes"
    assert out == f"{said}\nTrue 0\nTrue\nafter"


def test_an_error_on_the_way_out_does_not_hide_ctrl_c() -> None:
    out = _prints(
        """
        from fusion_magics.running import run
        async def fails_when_cancelled():
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError:
                raise ValueError
        stop_in(0.2)
        try:
            run(fails_when_cancelled)
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    assert out == "interrupted"


def test_ctrl_c_in_a_nested_call_ends_the_script_as_ctrl_c_does() -> None:
    out = _prints(
        """
        async def main():
            try:
                fuse_sync("hi", pool="scripted:long,scripted:yes", **options)
            finally:
                print(len(await left()))
        stop_in(0.2, after=writing)
        began = time.monotonic()
        try:
            asyncio.run(main())
        except KeyboardInterrupt as exc:
            print(time.monotonic() - began < 10)
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        print(fuse_sync("after", pool="scripted:echo", **options).text)
        """
    )
    assert out == "0\nTrue\nTrue\nafter"


def test_ctrl_c_in_a_nested_call_where_nobody_else_listens() -> None:
    """Once asyncio is patched, asyncio.run has no handler of its own."""
    out = _prints(
        """
        async def nested(pool):
            try:
                return fuse_sync("hi", pool=pool, **options)
            finally:
                print(len(await left()))
        asyncio.run(nested("scripted:yes"))
        stop_in(0.4)
        try:
            asyncio.run(nested("scripted:long,scripted:yes"))
        except KeyboardInterrupt as exc:
            print(type(exc).__name__, exc.fusion.candidates[0].member)
        """
    )
    assert out == "0\n0\nInterrupted scripted:yes"


def test_a_second_ctrl_c_does_not_wait_and_nothing_goes_on_later() -> None:
    out = _prints(
        """
        from fusion_magics.running import run
        seen = []
        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(0.05)
                    seen.append(1)
                except asyncio.CancelledError:
                    pass
        stop_in(0.3, 0.3)
        try:
            run(stubborn)
        except KeyboardInterrupt as exc:
            print(type(exc).__name__)
        before = len(seen)
        async def wait():
            await asyncio.sleep(0.3)
        run(wait)
        print(len(seen) - before)
        os._exit(0 if not sys.stdout.flush() else 1)
        """
    )
    assert out == "KeyboardInterrupt\n0"


def test_ctrl_c_in_another_task_reaches_its_owner() -> None:
    out = _prints(
        """
        async def sub():
            fuse_sync("hi", pool="scripted:long", **options)
        async def main():
            stop_in(0.2, after=writing)
            await asyncio.gather(sub(), asyncio.sleep(10))
        began = time.monotonic()
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - began < 9)
        """
    )
    assert out == "interrupted True"


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    out = _prints(
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_in(0.1)
        print(fuse_sync("hi", pool="scripted:pause", **options).text)
        """
    )
    assert out == "done"


def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    out = _prints(
        """
        from fusion_magics.running import run
        async def loop():
            return asyncio.get_running_loop()
        parents = run(loop)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            print(run(loop) is parents, fuse_sync("child", pool="scripted:echo", **options).text)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
        print(run(loop) is parents, fuse_sync("parent", pool="scripted:echo", **options).text)
        """
    )
    assert out == "False child\nTrue parent"


def test_a_loop_that_cannot_nest_says_what_to_write() -> None:
    out = _prints(
        """
        from fusion_magics import UsageError
        class Other(asyncio.AbstractEventLoop):
            pass
        asyncio._set_running_loop(Other())
        try:
            fuse_sync("hi", pool="scripted:echo", **options)
        except UsageError as exc:
            print(exc)
        """
    )
    assert out.endswith("Write: await fuse(…)")


@pytest.mark.parametrize("blind", [False, True])
async def test_a_cancel_button_stops_its_member_or_all(
    scripts: dict[str, Script], monkeypatch: pytest.MonkeyPatch, blind: bool
) -> None:
    scripts["endless"] = Script("word " * 1000, gap=0.01)
    cancels: list[Callable[[str | None], object]] = []
    monkeypatch.setattr(screens, "screen_for", lambda *about: cancels.append(about[-1]))
    options = {**ECHO, "pool": "scripted:endless,scripted:echo", "blind": blind}
    letter = letters(options["pool"].split(","), 0, "hi")["scripted:endless"]
    for name in (f"answer {letter}" if blind else "scripted:endless", None):
        running = asyncio.create_task(watched("hi", options))
        await asyncio.sleep(0.1)
        cancels[-1](name)
        fusion = await running
        assert isinstance(fusion, Fusion)
        assert [f.member for f in fusion.failures] == ["scripted:endless"]
        assert fusion.text == ("hi" if name else "")
