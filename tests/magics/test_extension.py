"""A good guest: what loading puts in, unloading takes out."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import fusion_magics


def _state(shell: InteractiveShell) -> dict[str, Any]:
    formatters = shell.display_formatter.formatters
    bundles = shell.display_formatter.mimebundle_formatter
    return {
        "line": dict(shell.magics_manager.magics["line"]),
        "cell": dict(shell.magics_manager.magics["cell"]),
        "registry": set(shell.magics_manager.registry),
        "configurables": list(shell.configurables),
        "cleanup": list(shell.input_transformers_cleanup),
        "post": list(shell.input_transformers_post),
        "tokens": list(shell.input_transformer_manager.token_transformers),
        "matchers": list(shell.Completer.custom_matchers),
        "bundles": (dict(bundles.type_printers), dict(bundles.deferred_printers)),
        "formatters": {k: set(f.type_printers) for k, f in formatters.items()},
        "events": {k: list(v) for k, v in shell.events.callbacks.items()},
        "runner": shell.loop_runner,
        "custom": shell.custom_exceptions,
        "names": {name for name in shell.user_ns if not name.startswith("_")},
        "attributes": set(shell.__dict__),
    }


def test_unloading_leaves_the_shell_as_it_was(
    bare_shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_shell.run_line_magic("unload_ext", "nothing")  # IPython resolves its own lazy magics
    bare_shell.run_cell("1")
    before = _state(bare_shell)
    bare_shell.run_line_magic("load_ext", "fusion_magics")
    assert _state(bare_shell) != before
    bare_shell.run_cell("%fuse -p scripted:echo -j scripted:yes -m vote hi")
    bare_shell.run_line_magic("unload_ext", "fusion_magics")
    for part, there in _state(bare_shell).items():
        assert there == before[part], part
    capsys.readouterr()
    bare_shell.run_cell("%fuse hi")
    assert "`%fuse` not found" in "".join(capsys.readouterr())


def test_unloading_ends_the_models(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fusion_magics import local

    ended: list[str] = []
    monkeypatch.setattr(local, "unload", lambda: ended.append("all"))
    shell.run_line_magic("unload_ext", "fusion_magics")
    shell.run_line_magic("unload_ext", "fusion_magics")
    assert ended == ["all"]


def test_a_magic_of_the_users_comes_back(bare_shell: InteractiveShell) -> None:
    bare_shell.register_magic_function(lambda line: "mine", "line", "fuse")
    bare_shell.run_line_magic("load_ext", "fusion_magics")
    bare_shell.run_line_magic("unload_ext", "fusion_magics")
    assert bare_shell.run_line_magic("fuse", "") == "mine"


def test_loading_twice_is_harmless(bare_shell: InteractiveShell) -> None:
    fusion_magics.load_ipython_extension(bare_shell)
    once = _state(bare_shell)
    fusion_magics.load_ipython_extension(bare_shell)
    assert _state(bare_shell) == once
    fusion_magics.unload_ipython_extension(bare_shell)
    fusion_magics.unload_ipython_extension(bare_shell)


def test_reload_ext(shell: InteractiveShell) -> None:
    shell.run_line_magic("reload_ext", "fusion_magics")
    assert shell.run_line_magic("fuse", "-p scripted:echo -j scripted:yes hi").text == "hi"


@pytest.mark.parametrize("name", fusion_magics.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(fusion_magics, name)
    assert name in dir(fusion_magics)
    assert isinstance(value, str) or value.__doc__


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        fusion_magics.nope  # noqa: B018


def test_import_costs_nothing_before_the_first_use() -> None:
    code = (
        "import sys; before = set(sys.modules); import fusion_magics\n"
        "new = sorted(m for m in set(sys.modules) - before if m.startswith('fusion_magics'))\n"
        "print(new)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['fusion_magics']"
