"""Stop: back at the prompt within half a second, nothing left running, the next cell clean."""

from __future__ import annotations

import pytest
from kernels import Kernel

MESSAGE = "Interrupted: Stopped. Every call was cancelled. What had arrived: sys.last_value.fusion"
AT_ONCE = 0.5

TOP_LEVEL = {
    "cell": "%%fuse -p scripted:long,scripted:yes\nhi",
    "line": "%fuse -p scripted:long hi",
    "assigned": "x = %fuse -p scripted:long hi",
    "loop": "for i in range(9):\n    %fuse -p scripted:long hi",
    "long gaps": "%%fuse -p scripted:slow\nhi",
}
NESTED = {
    "capture": "%%capture\n%fuse -p scripted:long hi",
    "time": "%%time\n%fuse -p scripted:long hi",
    "function": "def f():\n    %fuse -p scripted:long hi\nf()",
    "map": "[fuse_sync(q, **LONG) for q in 'abc']",
    "after await": "await asyncio.sleep(0)\nfuse_sync('hi', **LONG)",
}


@pytest.mark.parametrize("how", TOP_LEVEL)
def test_at_the_top_level(kernel: Kernel, how: str) -> None:
    reply = kernel.run(TOP_LEVEL[how], stop_after=0.6)
    assert reply.after_stop < kernel.limit(AT_ONCE)
    assert reply.error == MESSAGE
    assert reply.status == "error"
    assert kernel.orphans() == []


@pytest.mark.parametrize("how", NESTED)
def test_nested(kernel: Kernel, how: str) -> None:
    reply = kernel.run(NESTED[how], stop_after=0.6)
    assert reply.after_stop < kernel.limit(AT_ONCE)
    assert reply.error == MESSAGE
    # IPython's %%capture ends well whatever happens in it.
    assert reply.status == ("ok" if how == "capture" else "error")
    assert kernel.orphans() == []


def test_at_the_top_level_after_a_nested_call_has_patched_asyncio(kernel: Kernel) -> None:
    assert kernel.run("fuse_sync('hi', **ECHO).text").value == "'hi'"
    for source in (*TOP_LEVEL.values(), *TOP_LEVEL.values()):
        reply = kernel.run(source, stop_after=0.3)
        assert (reply.error, reply.after_stop < kernel.limit(AT_ONCE)) == (MESSAGE, True)
    assert kernel.orphans() == []


def test_what_had_arrived_is_shown_and_bound(kernel: Kernel) -> None:
    reply = kernel.run("%%fuse -p scripted:yes,scripted:long -o partial\nhi", stop_after=0.6)
    shown = reply.value
    assert "scripted:yes" in shown
    assert "> Answer: yes\n    > Yes." in shown
    assert "what it had written:\n    > word word" in shown
    assert "Stopped before it was decided" in shown
    assert kernel.run("import sys; sys.last_value.fusion is partial").value == "True"
    value = kernel.run("partial.candidates[0].text, partial.failures[0].partial[:9]").value
    assert value == "('Yes.\\nAnswer: yes', 'word word')"


def test_stop_ends_a_loop_even_where_errors_are_caught(kernel: Kernel) -> None:
    kernel.run("n = 0")
    reply = kernel.run(
        "for q in range(9):\n"
        "    n += 1\n"
        "    try:\n        fuse_sync('hi', **LONG)\n"
        "    except Exception:\n        pass",
        stop_after=0.5,
    )
    assert reply.error == MESSAGE
    assert kernel.run("n").value == "1"


def test_in_tasks_of_the_users_the_kernel_survives(kernel: Kernel) -> None:
    reply = kernel.run(
        "async def sub():\n    return fuse_sync('hi', **LONG)\n"
        "await asyncio.gather(sub(), asyncio.sleep(9))",
        stop_after=0.6,
    )
    assert reply.after_stop < kernel.limit(4), (
        "IPython takes its time to draw the traceback of the user's own code"
    )
    assert reply.status == "error"
    assert kernel.orphans() == []


def test_in_a_task_of_the_users_below_a_nested_call(kernel: Kernel) -> None:
    reply = kernel.run(
        "async def sub():\n    return fuse_sync('hi', **LONG)\n"
        "task = asyncio.get_event_loop().create_task(sub())\n"
        "fuse_sync('hi', **LONG)",
        stop_after=0.6,
    )
    assert (reply.error, reply.after_stop < kernel.limit(AT_ONCE)) == (MESSAGE, True)
    # A KeyboardInterrupt in a task would have gone through the loop.
    assert kernel.run("task.cancelled()").value == "True"
    assert kernel.orphans() == []


def test_a_stopped_coroutine_of_the_users_that_holds_a_magic(kernel: Kernel) -> None:
    reply = kernel.run(
        "async def sub():\n    x = %fuse -p scripted:long hi\n    return x\nawait sub()",
        stop_after=0.6,
    )
    assert (reply.error, reply.after_stop < kernel.limit(AT_ONCE)) == (MESSAGE, True)
    assert kernel.orphans() == []


def test_with_python_fuse(kernel: Kernel) -> None:
    reply = kernel.run("await fuse('hi', **{**ECHO, 'pool': 'scripted:slow'})", stop_after=0.7)
    assert reply.after_stop < kernel.limit(0.2), "scripted:slow gives a sign only each half second"
    assert reply.status == "error"
    assert reply.error == MESSAGE.replace("Interrupted", "CancelledError")
    assert kernel.run("import sys; sys.last_value.fusion.failures[0].kind").value == "'cancelled'"
    assert kernel.orphans() == []


def test_stop_with_nothing_running_harms_nothing(kernel: Kernel) -> None:
    kernel.manager.interrupt_kernel()
    assert kernel.run("%fuse hi").status == "ok"
