"""The catalogue says for every model all that it promises."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from fusion_magics import catalog
from fusion_magics.catalog import Entry, entries, entry
from fusion_magics.errors import UsageError
from fusion_magics.hub.names import hub_name, quantisation

ASKED_FOR = {
    *("mistral-small-24b", "mistral-small-3.1-24b", "mistral-small-3.2-24b"),
    *("ministral-3-3b", "ministral-3-8b", "ministral-3-14b", "ministral-8b", "mistral-nemo"),
    *("phi-4", "smollm3-3b", "gemma-3-4b", "gemma-3-12b", "gemma-3-27b"),
    *(f"qwen2.5-{size}b" for size in ("0.5", "1.5", "3", "7", "14")),
    *("qwen3-8b", "llama-3.1-8b", "llama-3.2-1b", "llama-3.2-3b"),
}


def test_the_models_there_are() -> None:
    assert entries().keys() >= ASKED_FOR


@pytest.mark.parametrize("known", entries().values(), ids=lambda known: known.name)
def test_every_fact_is_one(known: Entry) -> None:
    assert re.fullmatch(r"[a-z0-9.-]+", known.name)
    assert hub_name(known.model)
    assert known.context in (16384, 32768, 40960, 65536, 131072, 262144)
    assert known.terms in ("", "gated", "non-commercial")
    assert known.licence
    assert known.template
    for engine, usual in catalog.USUAL.items():
        assert known.variant(engine).quantisation == usual
    for variant in known.variants:
        assert hub_name(variant.repo)
        if variant.engine == "llamacpp":
            assert quantisation(variant.file) == variant.quantisation
        else:
            assert variant.repo.endswith(variant.quantisation)
    for engine in catalog.USUAL:  # more bits are more bytes
        sizes = [v.size for v in known.variants if v.engine == engine]
        assert sizes == sorted(set(sizes))


def test_sizes_are_what_so_many_weights_take() -> None:
    """Q8_0 takes 8.5 bits for a weight, Q4_K_M between 4.5 and 6.5 (most are Q4_K, some Q6_K)."""
    for known in entries().values():
        sizes = {v.quantisation: v.size for v in known.variants}
        if "Q8_0" in sizes:
            assert 0.5 < sizes["Q4_K_M"] / sizes["Q8_0"] < 0.78, known.name


def test_a_licence_that_needs_a_yes() -> None:
    assert {known.name for known in entries().values() if known.terms == "non-commercial"} == {
        "ministral-8b",
        "qwen2.5-3b",
    }
    assert {known.licence for known in entries().values() if not known.terms} == {
        "Apache-2.0",
        "MIT",
    }


def test_one_notebook_runs_on_both_engines() -> None:
    phi = entry("phi-4")
    assert phi.variant("llamacpp", "4bit").quantisation == "Q4_K_M"
    assert phi.variant("mlx", "q4_k_m").quantisation == "4bit"
    assert entry("llama-3.2-3b").variant("mlx", "Q8_0").quantisation == "8bit"


def test_names_that_are_none() -> None:
    with pytest.raises(UsageError, match="Did you mean local:phi-4"):
        entry("phi4")
    with pytest.raises(UsageError, match="There is: Q3_K_M, Q4_K_M"):
        entry("phi-4").variant("llamacpp", "Q9")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("mistral-small-3.2", "mistral-small-3.2-24b"),
        ("ministral-3", "ministral-3-8b"),
        ("qwen-2.5", "qwen2.5-7b"),
        ("qwen-3", "qwen3-8b"),
        ("llama-3.1", "llama-3.1-8b"),
        ("llama-3.2", "llama-3.2-1b"),
    ],
)
def test_what_is_special_about_a_template_stands_in_it(template: str, name: str) -> None:
    text = (Path(__file__).parents[1] / "data" / "templates" / f"{template}.jinja").read_text()
    facts = entry(name).template
    assert ("a default system text" in facts) == bool(
        re.search("default_system|You are Qwen", text)
    )
    assert ("thinks" in facts) == ("<think>" in text)
    assert ("begins with dates" in facts) == ("Cutting Knowledge Date" in text)


def test_the_file_says_where_its_facts_are_from() -> None:
    text = (files(catalog) / "models.toml").read_text(encoding="utf-8")
    assert "https://huggingface.co/" in text.partition("checked")[0]


@pytest.mark.parametrize(("machine", "engine"), [("arm64", "mlx"), ("x86_64", "llamacpp")])
def test_the_engine_of_a_machine(
    machine: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog.sys, "platform", "darwin")
    monkeypatch.setattr(catalog.platform, "machine", lambda: machine)
    assert catalog.default_engine() == engine
