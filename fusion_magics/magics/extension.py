"""Loading into a shell and unloading: a good guest leaves it as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..stopping import CellRunner
from .awaiting import ATTRIBUTE, MAGIC, AwaitTransformer
from .completion import make_matcher
from .fuse import FuseMagics
from .question_mark import TRANSFORMERS

_LINE = (MAGIC, "fuse_models", "fuse_pool", "fuse_status")
_CELL = (MAGIC,)
_LIVE = ("fusion_magics.types.result", "Fusion")
_SHOWN = (_LIVE, ("fusion_magics.plan", "Plan"))


@dataclass
class _Guest:
    """What this extension put into a shell, and what it took the place of."""

    magics: FuseMagics
    transformer: AwaitTransformer
    matcher: Any
    before: dict[str, dict[str, Any]]
    runner: Any


def load(shell: Any) -> None:
    """Put everything in; a second time is harmless."""
    if ATTRIBUTE in shell.__dict__:
        return
    magics = FuseMagics(shell)
    tables = shell.magics_manager.magics
    before = {
        kind: {name: tables[kind].get(name) for name in names}
        for kind, names in (("line", _LINE), ("cell", _CELL))
    }
    shell.register_magics(magics)
    transformer = AwaitTransformer(shell)
    shell.input_transformers_post.append(transformer)
    shell.input_transformer_manager.token_transformers.extend(TRANSFORMERS)
    matcher = make_matcher(shell, magics)
    shell.Completer.custom_matchers.append(matcher)
    for module, name in _SHOWN:
        shell.display_formatter.mimebundle_formatter.for_type_by_name(module, name, magics.bundle)
    shell.display_formatter.ipython_display_formatter.for_type_by_name(*_LIVE, magics.show)
    runner = shell.loop_runner
    if getattr(shell, "kernel", None) is None and str(runner) == "asyncio":
        shell.loop_runner = CellRunner()
    shell.__dict__[ATTRIBUTE] = _Guest(magics, transformer, matcher, before, runner)


def unload(shell: Any) -> None:
    """Take everything out again, and the models out of memory."""
    guest: _Guest | None = shell.__dict__.pop(ATTRIBUTE, None)
    if guest is None:
        return
    from .. import local

    guest.magics.runs.close()
    local.unload()
    for kind, names in guest.before.items():
        table = shell.magics_manager.magics[kind]
        for name, function in names.items():
            table.pop(name, None)
            if function is not None:
                table[name] = function
    shell.magics_manager.registry.pop(FuseMagics.__name__, None)
    for where, what in (
        (shell.configurables, guest.magics),
        (shell.input_transformers_post, guest.transformer),
        (shell.Completer.custom_matchers, guest.matcher),
        *((shell.input_transformer_manager.token_transformers, t) for t in TRANSFORMERS),
    ):
        if what in where:
            where.remove(what)
    if isinstance(shell.loop_runner, CellRunner):
        shell.loop_runner = guest.runner
    _forget_formatter(shell.display_formatter.mimebundle_formatter)
    _forget_formatter(shell.display_formatter.ipython_display_formatter)


def _forget_formatter(formatter: Any) -> None:
    for shown in _SHOWN:
        formatter.deferred_printers.pop(shown, None)
    for kind in [k for k in formatter.type_printers if (k.__module__, k.__name__) in _SHOWN]:
        del formatter.type_printers[kind]
