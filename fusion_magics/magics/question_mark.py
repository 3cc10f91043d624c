"""Lets a ``%fuse`` line end in a question mark.

IPython reads a line that ends in ``word?`` as a wish for help on ``word``, magics included, and
``%fuse How many r are in strawberry?`` would show the help of ``strawberry``. These two token
transformers take such lines first; ``%fuse?`` itself stays what it is.
"""

from __future__ import annotations

from typing import Any

from IPython.core.inputtransformer2 import EscapedCommand, MagicAssign

from .awaiting import MAGIC

_BEFORE_HELP = 4  # HelpEnd has 5, the other transformers 10


def _asks(line: list[Any]) -> bool:
    """Do the tokens hold ``%fuse``, a blank, and something behind it?"""
    for percent, name, after in zip(line, line[1:], line[2:], strict=False):
        if percent.string == "%" and name.string == MAGIC:
            return bool(after.start > name.end and after.string.strip())
    return False


class FuseLine(EscapedCommand):  # type: ignore[misc]
    """``%fuse … ?``"""

    priority = _BEFORE_HELP

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> Any:
        """The first such line, or None."""
        return super().find([line for line in tokens_by_line if _asks(line)])


class FuseAssign(MagicAssign):  # type: ignore[misc]
    """``x = %fuse … ?``"""

    priority = _BEFORE_HELP

    def __init__(self, start: tuple[int, int]) -> None:
        super().__init__(start)
        # IPython sorts by where a transformer starts, and help starts where the line does.
        self._column: int = start[1]
        self.start_col = 0

    @classmethod
    def find(cls, tokens_by_line: list[list[Any]]) -> Any:
        """The first such line, or None."""
        return super().find([line for line in tokens_by_line if _asks(line)])

    def transform(self, lines: list[str]) -> list[str]:
        """``lines`` with the magic as a call."""
        self.start_col = self._column
        return list(super().transform(lines))


TRANSFORMERS = (FuseLine, FuseAssign)
"""For ``shell.input_transformer_manager.token_transformers``."""
