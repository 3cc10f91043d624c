"""Tab, as the kernel asks for it: a source, a cursor, and what may stand there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics import local, pools
from fusion_magics.backends import BACKENDS, open_model, settings_of
from fusion_magics.errors import UsageError
from fusion_magics.magics.completion import complete
from fusion_magics.magics.inventory import VERBS as MODELS
from fusion_magics.magics.pools import VERBS
from fusion_magics.modes import MODES
from fusion_magics.types import Fusion, Prompt, SamplingParams

JUDGES_OWN = ("engine", "context", "parallel", "gpu_layers")


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


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("%fuse_pool |", [f"%fuse_pool {verb}" for verb in VERBS]),
        ("%fuse_pool s|", ["%fuse_pool save", "%fuse_pool show"]),
        ("%fuse_pool show |", ["%fuse_pool show mine", "%fuse_pool show maths"]),
        ("%fuse_pool edit mi|", ["%fuse_pool edit mine"]),
        ("%fuse_pool delete ma|", ["%fuse_pool delete maths"]),
        ("%fuse_pool save ma|", ["%fuse_pool save maths"]),
        ("%fuse_pool save new tiny:su|", ["%fuse_pool save new tiny:sums"]),
        ("%fuse_pool save new tiny:sums,tiny:w|", ["%fuse_pool save new tiny:sums,tiny:words"]),
        ("%fuse_pool save new tiny:sums,mi|", ["%fuse_pool save new tiny:sums,mine"]),
        ("%fuse_pool save new tiny:sums tiny:w|", ["%fuse_pool save new tiny:sums tiny:words"]),
        ("%fuse_pool save new tiny:a@te|", ["%fuse_pool save new tiny:a@temperature="]),
        ("%fuse_pool save new tiny:a --|", ["%fuse_pool save new tiny:a --judge"]),
        ("%fuse_pool save new tiny:a -j tiny:j|", ["%fuse_pool save new tiny:a -j tiny:judge"]),
        (
            "%fuse_pool save x tiny:a --judge=tiny:j|",
            ["%fuse_pool save x tiny:a --judge=tiny:judge"],
        ),
        ("%fuse_models |", [f"%fuse_models {verb}" for verb in MODELS]),
        ("%fuse_models un|", ["%fuse_models unload"]),
        ("%fuse_models unload |", ["%fuse_models unload tiny:sums"]),
        ("%fuse_models pull phi|", ["%fuse_models pull phi-4"]),
        ("%fuse_models pull phi-4:Q5|", ["%fuse_models pull phi-4:Q5_K_M"]),
        ("%fuse_models pull --d|", ["%fuse_models pull --disk"]),
        ("%fuse_models pull --yes ministral-8|", ["%fuse_models pull --yes ministral-8b"]),
        ("%fuse_models show smol|", ["%fuse_models show smollm3-3b"]),
        ("%fuse_models remove |", ["%fuse_models remove llamacpp:org/repo:Q8_0"]),
        # Names of the catalogue once the engine is typed, and models that are here.
        ("%%fuse -p loc|", ["%%fuse -p local:"]),
        ("%%fuse -p local:phi|", ["%%fuse -p local:phi-4"]),
        ("%%fuse -p local:phi-4:Q8|", ["%%fuse -p local:phi-4:Q8_0"]),
        ("%%fuse -p tiny:a,local:mistral-n|", ["%%fuse -p tiny:a,local:mistral-nemo"]),
        ("%%fuse -p llamacpp:o|", ["%%fuse -p llamacpp:org/repo:Q8_0"]),
        ("%%fuse -p local:phi-4@gp|", ["%%fuse -p local:phi-4@gpu_layers="]),
        # Saved pools stand before the members, also behind a comma.
        ("%%fuse -p m|", ["%%fuse -p mine", "%%fuse -p maths", "%%fuse -p mlx:"]),
        ("%%fuse -p tiny:sums,mi|", ["%%fuse -p tiny:sums,mine"]),
        # Behind an @: what every member has, then what its engine has.
        ("%%fuse -p tiny:sums@te|", ["%%fuse -p tiny:sums@temperature="]),
        ("%%fuse -p tiny:sums@seed=1@to|", ["%%fuse -p tiny:sums@seed=1@top_p="]),
        ("%%fuse -p tiny:a,llamacpp:x*2@gp|", ["%%fuse -p tiny:a,llamacpp:x*2@gpu_layers="]),
        ("%%fuse -p tiny:sums@en|", ["%%fuse -p tiny:sums@engine="]),
        ("%%fuse -p nobody:x@we|", ["%%fuse -p nobody:x@weight="]),
        ("%%fuse -j tiny:judge@|", [f"%%fuse -j tiny:judge@{key}=" for key in JUDGES_OWN]),
        (
            '%%fuse -p tiny:a@system="x, y@z",tiny:su|',
            ['%%fuse -p tiny:a@system="x, y@z",tiny:sums'],
        ),
        ('%%fuse -p "tiny:sums,tiny:wo|', ['%%fuse -p "tiny:sums,tiny:words']),
    ],
)
def test_pools_and_the_magics_beside(
    shell: InteractiveShell,
    source: str,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    cached: Callable[..., object],
) -> None:
    cached("org/repo", "model-Q8_0.gguf")
    pools.save("mine", "scripted:yes")
    pools.save("maths", "scripted:yes")
    spec = local.Spec(engine="llamacpp", path="sums")
    monkeypatch.setattr(local, "loaded", lambda: [local.Loaded("tiny:sums", spec, 71, 1)])
    shell.magics_manager.registry["FuseMagics"].pool = ""
    assert _complete(shell, source) == lines


@pytest.mark.parametrize(
    "source",
    [
        "%fuse_pool show mine ",
        "%fuse_pool list ",
        "%fuse_pool sav x ",
        "%fuse_models list ",
        "%fuse_nothing ",
        "%%fuse -j mi",  # a pool is no judge
        "%%fuse -p scripted:yes@co",
        '%%fuse -p tiny:a@system="x,tiny:su',
    ],
)
def test_where_nothing_may_stand_nothing_is_offered(shell: InteractiveShell, source: str) -> None:
    pools.save("mine", "scripted:yes")
    magics = shell.magics_manager.registry["FuseMagics"]
    assert complete(source, source.startswith("%%"), 0, shell, magics)[1] == []


def test_a_line_of_a_prompt_is_no_command(shell: InteractiveShell) -> None:
    assert complete("%fuse_pool sa", True, 1, shell, None) == ("", [])  # type: ignore[arg-type]


def test_a_damaged_file_of_pools_takes_no_completion_away(
    shell: InteractiveShell, config_folder: Path
) -> None:
    config_folder.mkdir()
    (config_folder / "pools.json").write_text("{")
    assert _complete(shell, "%%fuse -p tiny:su|") == ["%%fuse -p tiny:sums"]


def test_each_engine_says_what_may_be_set() -> None:
    for engine in BACKENDS:
        for key in settings_of(engine):
            with pytest.raises(UsageError) as error:
                open_model(engine, "nothing", {key: "?"})
            assert "no setting" not in error.value.message


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
    known = {"fuse", "fuse_models", "fuse_pool", "fuse_status"}
    assert {name for name in offered if "fuse" in name} <= known


def test_other_completion_is_as_before(shell: InteractiveShell) -> None:
    shell.user_ns["apples"] = 5
    assert "apples" in _complete(shell, "appl|")
    assert any("%fuse" in line for line in _complete(shell, "%fus|"))
