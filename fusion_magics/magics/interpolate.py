"""``{{name}}`` and ``{{expression}}`` in a prompt, filled in from the notebook.

Anything Python can evaluate may stand between the braces; its ``str()`` is put in, once: text that
was put in is not read again. Single braces are left alone, so JSON, LaTeX and code pass through.
Two literal opening braces are written ``{{"{{"}}``. In ``{{{x}}}`` the outermost pair is literal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from types import CodeType
from typing import Any

from ..errors import UsageError, did_you_mean

_OPEN = re.compile(r"\{\{(?!\{)")
_LITERAL = 'Two literal braces are written {{"{{"}}.'
_CLOSERS = 8  # an expression may hold }} itself (a dict in a dict); one with more is no one's wish


def fill(text: str, names: dict[str, Any], local: Mapping[str, Any] | None = None) -> str:
    """``text`` with every ``{{expression}}`` replaced by the ``str()`` of its value.

    Parameters
    ----------
    text : str
        The prompt as the user wrote it.
    names : dict
        The user's namespace; a walrus in an expression binds there.
    local : mapping, optional
        Names of the function that asks; they go first.

    Raises
    ------
    UsageError
        For a name that does not exist, an expression that fails or cannot be read, and ``{{``
        without its end.
    """
    scope = names if local is None or local is names else {**names, **local}
    parts, at = [], 0
    while found := _OPEN.search(text, at):
        expression, end = _expression(text, found.end())
        parts += [text[at : found.start()], _value(expression, scope)]
        at = end
    return "".join([*parts, text[at:]])


def _expression(text: str, start: int) -> tuple[str, int]:
    """The expression that begins at ``start``, and where the text goes on behind its braces."""
    first = end = text.find("}}", start)
    if first < 0:
        shown = text[start - 2 : start + 30].split("\n")[0]
        raise UsageError(f"{shown!r} opens with {{{{ that is never closed.", _LITERAL)
    for _ in range(_CLOSERS):
        expression = text[start:end].strip()
        if _reads(expression):
            return expression, end + 2
        end = text.find("}}", end + 1)
        if end < 0:
            break
    raise UsageError(
        f"{{{{{text[start:first]}}}}} in the prompt is no Python expression.", _LITERAL
    )


def _reads(expression: str) -> bool:
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _value(expression: str, scope: dict[str, Any]) -> str:
    code = _compiled(expression)
    try:
        return str(eval(code, scope))  # noqa: S307  (the user's own code, in their kernel)
    except Exception as exc:
        problem = exc
    # Raised out here so that no foreign exception hangs at its __context__.
    raise _explained(expression, problem, code.co_names, scope) from problem


def _compiled(expression: str) -> CodeType:
    try:
        # `dont_inherit`: the user's expression must not get this file's __future__ imports.
        return compile(expression, "<prompt>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        problem = getattr(exc, "msg", exc)  # an await, a yield: it parses, and cannot be run here
    raise UsageError(
        f"{{{{{expression}}}}} cannot be filled in: {problem}.",
        "Give its value a name in a cell above, and write that name.",
    )


def _explained(
    expression: str, problem: Exception, used: tuple[str, ...], scope: Mapping[str, Any]
) -> UsageError:
    shown = f"{{{{{expression}}}}}"
    name = getattr(problem, "name", None)
    if isinstance(problem, NameError) and name in used and name not in scope:
        nearest = did_you_mean(str(name), (n for n in scope if not n.startswith("_")))
        hint = nearest or "Define it in a cell above. "
        return UsageError(f"There is no {name!r} for {shown} in the prompt.", hint + _LITERAL)
    said = f"{shown} failed: {type(problem).__name__}: {problem}"
    return UsageError(said, "Try the expression in a cell of its own. " + _LITERAL)
