"""Puts ``await`` before the ``%fuse`` calls at the top level of a notebook cell.

IPython has turned magics into calls when this sees the cell::

    x = get_ipython().run_line_magic('fuse', '…')                # a coroutine cannot run in here
    x = await get_ipython()._fusion_magics.magics.awaited('…')   # the notebook's own loop runs it

so the pool runs in the kernel's event loop: Stop and widgets reach it. Where no loop runs, or the
cell is nested in another (``%%capture``, ``%%time``, ``%run``), the call stays as it is and
:mod:`fusion_magics.running` finds the way. So it does in functions, which this leaves alone too.
"""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

MAGIC = "fuse"
ATTRIBUTE = "_fusion_magics"  # of the shell, while the extension is loaded

_RUNNERS = ("run_line_magic", "run_cell_magic")
# Statements that IPython makes of magics (`%fuse …` and `x = %fuse …`): await is legal before them.
_HOLDERS = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)
_OTHER_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class AwaitTransformer:
    """One of ``shell.input_transformers_post``."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        """``lines`` of a cell, with its ``%fuse`` calls awaited where that is possible."""
        if not any(f"'{MAGIC}'" in line for line in lines):
            return lines
        return rewritten("".join(lines), self._can_await()).splitlines(keepends=True)

    def _can_await(self) -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        runner = getattr(self._shell, "loop_runner", None)
        return bool(self._shell.autoawait) and str(runner) == "asyncio" and not _nested()


def _nested() -> bool:
    """Is the cell run by code that does not await it: another cell, or ``shell.run_cell()``?"""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name in ("run_code", "_run_cell") and code.co_filename.endswith(
            "interactiveshell.py"
        ):
            return True
        frame = frame.f_back
    return False


def rewritten(source: str, can_await: bool = True) -> str:
    """``source`` with its top-level calls of the magic awaited; as it is if it does not parse.

    A call whose prompt ends in a lone ``;`` gets one behind it, too: that is how IPython is told
    to show nothing.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    lines = source.encode().splitlines(keepends=True)  # ast counts lines from 1, columns in bytes
    for holder, call in reversed(list(_calls(tree.body))):
        if isinstance(holder, ast.Expr) and without_semicolon(call.args[-1].value)[1]:
            _put(lines, call.end_lineno, call.end_col_offset, call.end_col_offset, ";")
        if can_await:
            shell, text = call.func.value, call.args[1]
            runner = f".{ATTRIBUTE}.magics.awaited("
            _put(lines, shell.end_lineno, shell.end_col_offset, text.col_offset, runner)
            _put(lines, call.lineno, call.col_offset, call.col_offset, "await ")
    return b"".join(lines).decode()


def _put(lines: list[bytes], number: int, start: int, end: int, text: str) -> None:
    line = lines[number - 1]
    lines[number - 1] = line[:start] + text.encode() + line[end:]


def without_semicolon(text: str) -> tuple[str, bool]:
    """``text`` without a last word ``;``, and whether it had one.

    Only one that stands alone counts: prompts end with lines of C, SQL or JavaScript.
    """
    text = text.strip()
    body, blank, last = text[:-1], text[-2:-1], text[-1:]
    alone = last == ";" and (not blank or blank.isspace())
    return (body.rstrip(), True) if alone else (text, False)


def _calls(statements: list[ast.stmt]) -> Iterator[tuple[ast.stmt, Any]]:
    """The magic's calls in ``statements`` and in the blocks they hold, with the statement."""
    for statement in statements:
        if isinstance(statement, _HOLDERS):
            if isinstance(statement.value, ast.Call) and _is_magic(statement.value):
                yield statement, statement.value
        elif not isinstance(statement, _OTHER_SCOPES):
            yield from _calls(_blocks(statement))


def _blocks(statement: ast.stmt) -> list[ast.stmt]:
    """The statements inside an ``if``, ``for``, ``with``, ``try`` or ``match``."""
    inner: list[ast.stmt] = []
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            inner.append(node)
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            inner.extend(node.body)
    return inner


def _is_magic(call: ast.Call) -> bool:
    """Is it ``get_ipython().run_…_magic('fuse', …)``?"""
    match call:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="get_ipython"), args=[]), attr=runner
            ),
            args=[ast.Constant(value=name), *_, ast.Constant(value=str(text))],
        ):
            # IPython itself refuses a cell without a body, and names the magic as it is called.
            empty = runner == "run_cell_magic" and not text
            return runner in _RUNNERS and name == MAGIC and not empty
    return False
