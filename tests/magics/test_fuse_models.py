"""``%fuse_models``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hub_imitation
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets import TraitError

from fusion_magics import local
from fusion_magics.tiny import NAMES

Run = Callable[[str], str]


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> list[local.Loaded]:
    """Two models that are said to be loaded; unloading takes them away."""
    there = [
        local.Loaded(name, local.Spec(engine="llamacpp", path=str(Path(name))), pid, 5 * 2**20)
        for name, pid in (("tiny:sums", 71), ("llamacpp:big.gguf", 72))
    ]

    def unload(spec: local.Spec | None = None) -> None:
        there[:] = [model for model in there if spec not in (None, model.spec)]

    monkeypatch.setattr(local, "loaded", lambda: list(there))
    monkeypatch.setattr(local, "unload", unload)
    return there


def test_it_lists_what_ships_and_what_is_loaded(run: Run, in_memory: list[local.Loaded]) -> None:
    rows = [line.split() for line in run("%fuse_models").splitlines() if line]
    assert ["tiny:sums", "loaded", "5", "MiB", "71"] in [row[:5] for row in rows]
    assert ["llamacpp:big.gguf", "loaded", "5", "MiB", "72"] in rows
    assert {row[0] for row in rows} >= {f"tiny:{name}" for name in NAMES}
    assert ["tiny:words", "on", "disk"] in [row[:3] for row in rows]


def test_unloading_one_and_all(run: Run, in_memory: list[local.Loaded]) -> None:
    assert run("%fuse_models unload tiny:sums") == "Unloaded tiny:sums: 5 MiB given back.\n"
    assert [model.name for model in in_memory] == ["llamacpp:big.gguf"]
    assert "llamacpp:big.gguf" in run("%fuse_models unload")
    assert in_memory == []
    assert run("%fuse_models unload") == "Nothing was loaded.\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("unload tiny:sum", "UsageError: tiny:sum is not loaded.\nDid you mean tiny:sums? "),
        ("drop", "UsageError: %fuse_models cannot 'drop'.\nWrite %fuse_models, or "),
        (
            "unlod tiny:sums",
            "UsageError: %fuse_models cannot 'unlod tiny:sums'.\nDid you mean unload?",
        ),
        ("unload a b", "UsageError: %fuse_models cannot 'unload a b'.\n"),
        ("pull", "UsageError: %fuse_models cannot 'pull'.\nWrite %fuse_models, or "),
        ("pull phi4", "UsageError: The catalogue has no model 'phi4'.\nDid you mean local:phi-4?"),
        ("pull phi-4 --disk much", "UsageError: --disk cannot be 'much'.\nWrite for example 20GB"),
        ("pull phi-4 --sure", "UsageError: There is no option --sure.\n"),
        ("remove phi-4 --disk 1GB", "UsageError: %fuse_models cannot 'remove phi-4 --disk 1GB'."),
        ("remove phi-4", "UsageError: No download of phi-4 is here.\nDownloaded: nothing"),
        ("show phi", "UsageError: The catalogue has no model 'phi'.\n"),
    ],
)
def test_mistakes(run: Run, in_memory: list[local.Loaded], line: str, message: str) -> None:
    assert run(f"%fuse_models {line}").startswith(message)
    assert len(in_memory) == 2


# ── what is here, and what could be ──────────────────────────────────────────────────────────


def _row(table: str, name: str) -> str:
    (line,) = [line for line in table.splitlines() if line.startswith(f"{name} ")]
    return " ".join(line.split())


@pytest.mark.usefixtures("no_models")
def test_it_lists_what_can_be_downloaded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusion_magics.magics.inventory.default_engine", lambda: "llamacpp")
    monkeypatch.setattr("fusion_magics.models.room.free_memory", lambda: 12 * 2**30)
    table = run("%fuse_models")
    assert "on this machine" not in table
    assert _row(table, "phi-4") == "phi-4 about 8.3 GiB Q4_K_M 16,384 MIT fits"
    assert _row(table, "mistral-small-24b").endswith(
        "13.3 GiB Q4_K_M 32,768 Apache-2.0 too big now"
    )
    assert "Gemma Terms of Use (gated)" in _row(table, "gemma-3-4b")


def test_it_lists_what_is_on_this_machine(
    run: Run, cached: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusion_magics.magics.inventory.default_engine", lambda: "llamacpp")
    cached("unsloth/phi-4-GGUF", "phi-4-Q4_K_M.gguf")
    cached("org/repo", "evil\x1b[31m\u202e-Q8_0.gguf", b"x")
    table = run("%fuse_models")
    assert _row(table, "local:phi-4") == "local:phi-4 0.0 MiB Q4_K_M 16,384 MIT fits"
    assert _row(table, "llamacpp:org/repo:Q8_0").startswith("llamacpp:org/repo:Q8_0 0.0 MiB Q8_0")
    assert not any(line.startswith("phi-4 ") for line in table.splitlines())


def test_a_file_name_is_anybodys_text(run: Run, cached: Callable[..., Path]) -> None:
    cached("org/repo", "evil\x1b[31m\u202e.gguf", b"x")
    table = run("%fuse_models")
    assert "llamacpp:org/repo:evil[31m.gguf" in table
    assert "\x1b" not in table


def test_one_model_is_shown_with_its_sources(
    run: Run, cached: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fusion_magics.magics.inventory.default_engine", lambda: "llamacpp")
    cached("unsloth/phi-4-GGUF", "phi-4-Q8_0.gguf")
    shown = run("%fuse_models show phi-4")
    assert "https://huggingface.co/microsoft/phi-4" in shown
    assert "https://huggingface.co/unsloth/phi-4-GGUF" in shown
    assert _row(shown, "local:phi-4").endswith("to download")
    assert _row(shown, "local:phi-4:Q8_0").endswith("on this machine")


def test_pulling_and_removing(
    run: Run, no_models: Path, monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell
) -> None:
    with hub_imitation.running() as hub:
        hub.add("org/repo", {"m-Q8_0.gguf": b"GGUF" * 300_000}, licence="mrl")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        assert "--yes" in run("%fuse_models pull org/repo:Q8_0")
        said = run("%fuse_models pull org/repo:Q8_0 --yes --disk 0")
        assert said.startswith(f"llamacpp:org/repo:Q8_0 is here: {no_models}/huggingface/hub/")
        assert "llamacpp:org/repo:Q8_0" in run("%fuse_models")
        said = run("%fuse_models remove llamacpp:org/repo:Q8_0 --yes")
        assert said == "Removed llamacpp:org/repo:Q8_0: 1.1 MiB given back.\n"
        shell.run_line_magic("config", "FuseMagics.disk = '900TB'")
        assert "838,190.3 GiB of them shall" in run("%fuse_models pull org/repo:Q8_0 --yes")


def test_how_much_of_the_disk_stays_free_is_an_amount(shell: InteractiveShell) -> None:
    with pytest.raises(TraitError, match="20GB"):
        shell.magics_manager.registry["FuseMagics"].disk = "much"


def test_its_help_names_the_options(run: Run) -> None:
    assert "--disk SIZE" in run("%fuse_models?")
