"""Tab, as the kernel asks for it: a source, a cursor, and what may stand there."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics.modes import MODES
from fusion_magics.types import Fusion, Prompt, SamplingParams


def _complete(shell: InteractiveShell, source: str) -> list[str]:
    """What the text before ``|`` may become, whole lines."""
    before = source.partition("|")[0]
    source = source.replace("|", "")
    with provisionalcompleter():
        found = list(shell.Completer.completions(source, len(before)))
    line = before.rpartition("\n")[2]
    shift = len(before) - len(line)
    return [line[: c.start - shift] + c.text for c in found]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("%%fuse --mo|", ["%%fuse --mode"]),
        ("%fuse --mo|", ["%fuse --mode"]),
        ("x = %fuse --mo|", ["x = %fuse --mode"]),
        ("%%fuse --t|\nprompt", ["%%fuse --temperature", "%%fuse --top-p"]),
        ("%%fuse -m |", [f"%%fuse -m {mode}" for mode in MODES]),
        ("%%fuse --rubric cor|", ["%%fuse --rubric correctness"]),
        ("%%fuse --aggregate ma|", ["%%fuse --aggregate majority"]),
        ("%%fuse --jury bui|", ["%%fuse --jury builder"]),
        ("%%fuse --jury builder,sk|", ["%%fuse --jury builder,skeptic"]),
        ("%%fuse -j tiny:judge,tiny:su|", ["%%fuse -j tiny:judge,tiny:sums"]),
        ("%%fuse --read bo|", ["%%fuse --read boxed"]),
        ("%%fuse --read my_|", ["%%fuse --read my_reader"]),
        ("%%fuse --read js|", ["%%fuse --read json:"]),
        ("%%fuse --continue |", ["%%fuse --continue first"]),
        # A switch has no value; one that may have one has it only if it can be one.
        ("%%fuse --dry-run --se|", ["%%fuse --dry-run --seed"]),
        ("%%fuse --early-stop --se|", ["%%fuse --early-stop --seed"]),
        ("%%fuse --early-stop 0.9 --se|", ["%%fuse --early-stop 0.9 --seed"]),
        ("%%fuse --mode=v|", ["%%fuse --mode=vote"]),
        ("%%fuse --mode be|", ["%%fuse --mode best-of"]),
        ("%%fuse --protocol p|", ["%%fuse --protocol pointwise", "%%fuse --protocol pairwise"]),
        ("%%fuse --view te|", ["%%fuse --view text"]),
        ("%%fuse -p tiny:su|", ["%%fuse -p tiny:sums"]),
        ("%%fuse -p tiny:sums,tiny:w|", ["%%fuse -p tiny:sums,tiny:words"]),
        ("%%fuse -j tiny:j|", ["%%fuse -j tiny:judge"]),
        ("%%fuse -p llam|", ["%%fuse -p llamacpp:"]),
        ("%%fuse -m vote --se|", ["%%fuse -m vote --seed"]),
        ("%%fuse --system {{a + b}} --se|", ["%%fuse --system {{a + b}} --seed"]),
        ("a = 1\n%fuse --se|", ["%fuse --seed"]),
        ("%%fuse\nHow {{appl|", ["How {{apples"]),
        ("%%fuse\nHow {{appl|}} many", ["How {{apples"]),
        ("%%fuse\n{{x}} and {{1 + appl|", ["{{x}} and {{1 + apples"]),
        ("%fuse How {{appl|", ["%fuse How {{apples"]),
        ("%%fuse\n{{tex.isal|", ["{{tex.isalnum", "{{tex.isalpha"]),
    ],
)
def test_what_may_stand_there(shell: InteractiveShell, source: str, lines: list[str]) -> None:
    before = Fusion("", Prompt.of("q"), "vote", (), (), (), None, SamplingParams())
    shell.user_ns.update(apples=5, tex="a", first=before, my_reader=lambda text: text)
    assert _complete(shell, source) == lines


def test_all_options_behind_the_name(shell: InteractiveShell) -> None:
    from fusion_magics.magics.options import flags_of, magic_parser

    options = [f for f in flags_of(magic_parser()) if f.startswith("--")]
    assert _complete(shell, "%%fuse |") == [f"%%fuse {option}" for option in options]


def test_configured_members_come_first(shell: InteractiveShell) -> None:
    shell.magics_manager.registry["FuseMagics"].pool = ["llamacpp:mine.gguf"]
    assert _complete(shell, "%%fuse -p ")[0] == "%%fuse -p llamacpp:mine.gguf"


@pytest.mark.parametrize(
    "source",
    ["%%fuse\n--mo|", "%fuse why --mo|", "%fuse --early-stop 9 --mo|", "--mo|", "%%time --mo|"],
)
def test_no_options_where_there_are_none(shell: InteractiveShell, source: str) -> None:
    assert not any("--mode" in line for line in _complete(shell, source))


@pytest.mark.parametrize("source", ["%|", "%%|", "%_|", "%f|"])
def test_no_magic_is_offered_that_nobody_should_write(shell: InteractiveShell, source: str) -> None:
    offered = {line.lstrip("%") for line in _complete(shell, source)}
    assert {n for n in offered if "fuse" in n} <= {"fuse", "fuse_models", "fuse_status"}


def test_other_completion_is_as_before(shell: InteractiveShell) -> None:
    shell.user_ns["apples"] = 5
    assert "apples" in _complete(shell, "appl|")
    assert any("%fuse" in line for line in _complete(shell, "%fus|"))
