"""Code with its keywords, texts and comments marked by CSS classes."""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import cache
from io import StringIO
from time import monotonic
from typing import Any

LONGEST = 20_000
"""The most characters of a block that is highlighted."""

# Seconds. Code that a person would write takes a tenth of that; the lexers of C, C# and Java need
# quadratic time for what nobody would write.
_PATIENCE = 0.3

# The languages of answers. A model names the language, and Pygments has hundreds of lexers whose
# regular expressions nobody has tried on hostile text.
_LANGUAGES = {
    *("bash", "c", "c++", "cpp", "cs", "csharp", "css", "diff", "docker", "dockerfile", "go"),
    *("html", "java", "javascript", "js", "json", "julia", "kotlin", "latex", "lua"),
    *("makefile", "php", "py", "python", "python3", "r", "rb", "ruby", "rs", "rust"),
    *("scala", "sh", "shell", "sql", "swift", "tex", "toml", "ts", "typescript", "xml"),
    *("yaml", "yml", "zsh"),
}


def highlighted(code: str, language: str) -> str:
    """``code``, which ends its last line, as HTML with Pygments' short classes.

    It is only escaped where the language is not known or the code is long. The text of the result
    is ``code``, letter by letter.
    """
    language = language.lower()
    if language not in _LANGUAGES or len(code) > LONGEST:
        return html.escape(code)
    shown = StringIO()
    _formatter().format(_tokens(code, language), shown)
    return shown.getvalue()


def _tokens(code: str, language: str) -> Iterator[tuple[Any, str]]:
    from pygments.token import Text

    until, done = monotonic() + _PATIENCE, 0
    for kind, text in _lexer(language).get_tokens(code):
        yield kind, text
        done += len(text)
        if monotonic() > until:
            yield Text, code[done:]
            return


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


@cache
def _formatter() -> Any:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True)
