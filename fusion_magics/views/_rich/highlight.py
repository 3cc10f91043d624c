"""Code with its keywords, texts and comments marked by CSS classes."""

from __future__ import annotations

import html
from functools import cache
from typing import Any

LONGEST = 20_000
"""The most characters of a block that is highlighted."""

# The languages of answers. A model names the language, and Pygments has hundreds of lexers whose
# regular expressions nobody has tried on hostile text.
_LANGUAGES = {
    *("bash", "c", "c++", "cpp", "cs", "csharp", "css", "diff", "docker", "dockerfile", "go"),
    *("html", "ini", "java", "javascript", "js", "json", "julia", "kotlin", "latex", "lua"),
    *("makefile", "matlab", "php", "py", "python", "python3", "r", "rb", "ruby", "rs", "rust"),
    *("scala", "sh", "shell", "sql", "swift", "tex", "toml", "ts", "typescript", "xml"),
    *("yaml", "yml", "zsh"),
}


def highlighted(code: str, language: str) -> str:
    """``code`` as HTML with Pygments' short classes; only escaped where it is not known or long.

    The text of the result is ``code``, letter by letter.
    """
    language = language.lower()
    if language not in _LANGUAGES or len(code) > LONGEST:
        return html.escape(code)
    from pygments import highlight

    return str(highlight(code, _lexer(language), _formatter()))


@cache
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


@cache
def _formatter() -> Any:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True)
