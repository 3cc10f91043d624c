"""``%%fuse`` in a real kernel: values, where output lands, nesting, completion."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from kernels import PATIENCE, Kernel

IS_ONE = "isinstance(x, Fusion), x.text"
YES = "(True, 'hi')"


def test_the_cell_shows_the_fusion_once(kernel: Kernel) -> None:
    reply = kernel.run("%%fuse -p scripted:echo\nhi")
    assert set(reply.shown) == {"text/html", "text/plain"}
    kinds = [kind for kind, _ in reply.outputs if not kind.startswith("comm")]
    assert kinds == ["display_data"]
    assert kernel.run("x = _\n" + IS_ONE).value == YES


def test_text_in_a_notebook_is_text(kernel: Kernel) -> None:
    (result,) = kernel.run("%%fuse --view text\nhi").of("execute_result")
    assert set(result["data"]) == {"text/plain"}


@pytest.mark.parametrize(
    "source",
    [
        "x = %fuse -p scripted:echo hi",
        "%%fuse -p scripted:echo -o x\nhi\n;",
        "for _ in 'ab':\n    x = %fuse -p scripted:echo hi",
        "def f():\n    x = %fuse -p scripted:echo hi\n    return x\nx = f()",
        "async def f():\n    x = %fuse -p scripted:echo hi\n    return x\nx = await f()",
        "async def f():\n    x = %fuse -p scripted:echo hi\n    return x\n"
        "x, y = await asyncio.gather(f(), f())",
        "x = await fuse('hi', **ECHO)",
        "x = fuse_sync('hi', **ECHO)",
        "x = [fuse_sync(q, **ECHO) for q in ['hi', 'ho']][0]",
        "%%capture\nx = %fuse -p scripted:echo hi",
        "%%time\nx = %fuse -p scripted:echo hi",
        "%%capture\n%%fuse -p scripted:echo -o x\nhi",
        "%%prun -q\nx = fuse_sync('hi', **ECHO)",
        "xs = []\n%timeit -n1 -r1 xs.append(fuse_sync('hi', **ECHO))\nx = xs[0]",
        "import concurrent.futures as c\n"
        "x = c.ThreadPoolExecutor().submit(fuse_sync, 'hi', **ECHO).result()",
        "get_ipython().run_cell('%fuse -p scripted:echo -o x hi')",
        "%autoawait False\n",
    ],
)
def test_every_way_gives_the_fusion(kernel: Kernel, source: str) -> None:
    kernel.run("x = None")
    if source.startswith("%autoawait"):
        kernel.run(source)
        source = "x = %fuse -p scripted:echo hi"
    reply = kernel.run(source)
    kernel.run("%autoawait True")
    assert reply.status == "ok", reply
    assert kernel.run(IS_ONE).value == YES


def test_top_level_does_not_patch_asyncio(fresh_kernel: Kernel) -> None:
    fresh_kernel.run("%%fuse\nhi")
    fresh_kernel.run("x = %fuse hi")
    assert fresh_kernel.run("'nest_asyncio2' in __import__('sys').modules").value == "False"


def test_run_of_a_file(kernel: Kernel, tmp_path: Path) -> None:
    (tmp_path / "a.ipy").write_text("x = %fuse -p scripted:echo hi\n")
    (tmp_path / "b.py").write_text(
        "from fusion_magics import fuse_sync\n"
        "x = fuse_sync('hi', pool='scripted:echo', judge='scripted:yes', mode='vote')\n"
    )
    for file in ("a.ipy", "b.py"):
        kernel.run("x = None")
        assert kernel.run(f"%run {tmp_path / file}").status == "ok"
        assert kernel.run(IS_ONE).value == YES


def test_capture_keeps_the_result_and_no_progress(kernel: Kernel) -> None:
    reply = kernel.run("%%capture kept\n%fuse -p scripted:slow --max-tokens 2 hi")
    assert reply.outputs == []
    kinds = kernel.run("[sorted(o.data) for o in kept.outputs]").value
    assert kinds == "[['text/html', 'text/plain']]"


def test_other_tasks_run_meanwhile(kernel: Kernel) -> None:
    kernel.run(
        "ticks = 0\n"
        "async def tick():\n    global ticks\n"
        "    while True:\n        await asyncio.sleep(0.01)\n        ticks += 1\n"
        "ticker = asyncio.create_task(tick())"
    )
    for source in (
        "%fuse -p scripted:brief hi",
        "fuse_sync('hi', **{**ECHO, 'pool': 'scripted:brief'})",
    ):
        kernel.run("ticks = 0")
        kernel.run(source)
        assert int(kernel.run("ticks").value) > 1, source
    kernel.run("ticker.cancel()")


@pytest.mark.parametrize("first", ["%fuse -p scripted:brief hi", "fuse_sync('hi', **LONG)"])
def test_the_next_cell_waits_and_outputs_stay_apart(kernel: Kernel, first: str) -> None:
    kernel.run("SCRIPTS['long'] = Script('word ' * 4, gap=0.1)")
    one = kernel.client.execute(f"print('first begins')\n{first}\nprint('first ends')")
    two = kernel.client.execute("print('second')")
    # A busy kernel may send two prints of one cell as one message.
    seen: dict[str, str] = {}
    while "second" not in seen.get(two, ""):
        got = kernel.client.get_iopub_msg(timeout=PATIENCE)
        if got["msg_type"] == "stream":
            cell = got["parent_header"]["msg_id"]
            seen[cell] = seen.get(cell, "") + got["content"]["text"]
    assert list(seen.items()) == [(one, "first begins\nfirst ends\n"), (two, "second\n")]
    time.sleep(0.1)
    kernel.run("SCRIPTS['long'] = Script('word ' * 200, gap=0.05)")


def test_errors_are_two_lines_in_every_form(kernel: Kernel) -> None:
    for source in (
        "%%fuse -m voet\nhi",
        "x = %fuse -m voet hi",
        "%%time\n%fuse -m voet hi",
        "await fuse('hi', **{**ECHO, 'mode': 'voet'})",
        "fuse_sync('hi', **{**ECHO, 'mode': 'voet'})",
    ):
        reply = kernel.run(source)
        assert reply.status == "error", source
        assert len(reply.error.splitlines()) == 2, source
        assert reply.error.startswith("UsageError: There is no mode 'voet'.\nDid you mean vote?")


def test_an_error_below_capture_is_shown_as_ipython_shows_it(kernel: Kernel) -> None:
    reply = kernel.run("%%capture\n%fuse -m voet hi")
    assert reply.status == kernel.run("%%capture\n1/0").status, "IPython calls such a cell fine"
    assert reply.error.startswith("UsageError: There is no mode 'voet'.\nDid you mean vote?")


def test_completion_through_the_kernel(kernel: Kernel) -> None:
    kernel.run("apples = 3")
    assert kernel.complete("%%fuse --mo") == ["--mode"]
    assert kernel.complete("%%fuse --mode v") == ["vote"]
    assert kernel.complete("%%fuse -p tiny:sums,tiny:w") == ["tiny:words"]
    assert kernel.complete("%%fuse\nHow many {{app") == ["apples"]


def test_help_through_the_kernel(kernel: Kernel) -> None:
    kernel.client.execute("%fuse?")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        reply = kernel.client.get_shell_msg(timeout=PATIENCE)
        if reply["content"].get("payload"):
            assert "--max-tokens" in reply["content"]["payload"][0]["data"]["text/plain"]
            return
    raise AssertionError("no help came")


def test_a_thread_of_the_users_can_ask(kernel: Kernel) -> None:
    kernel.run(
        "import threading\n"
        "got = []\n"
        "t = threading.Thread(target=lambda: got.append(fuse_sync('hi', **ECHO).text))\n"
        "t.start(); t.join()"
    )
    assert kernel.run("got").value == "['hi']"
