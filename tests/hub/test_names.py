"""What a name on the hub means."""

from __future__ import annotations

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.hub.names import HubName, hub_name, model_files, models_in, quantisation, shards

FILES = [
    "README.md",
    "mmproj-F16.gguf",
    "Model-Q4_K_M.gguf",
    "Model-UD-Q4_K_XL.gguf",
    "Model-Q8_0-00001-of-00002.gguf",
    "Model-Q8_0-00002-of-00002.gguf",
    "BF16/Model-BF16-00001-of-00002.gguf",  # its second shard is missing
]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("org/repo", HubName("org/repo")),
        ("org/repo:Q4_K_M", HubName("org/repo", "Q4_K_M")),
        ("org/repo.v1-GGUF:a/b.gguf", HubName("org/repo.v1-GGUF", "a/b.gguf")),
        ("repo", None),
        ("/org/repo", None),
        ("../repo", None),
        ("org/repo/more", None),
        ("org/repo:", None),
        ("örg/repo", None),
    ],
)
def test_a_name_is_taken_apart(written: str, name: HubName | None) -> None:
    assert hub_name(written) == name


@pytest.mark.parametrize(
    ("file", "how"),
    [
        ("Qwen2.5-7B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf", "Q4_K_M"),
        ("llama-2-7b.Q5_0.gguf", "Q5_0"),
        ("gemma-UD-IQ2_XXS.gguf", "UD-IQ2_XXS"),
        ("model-BF16.gguf", "BF16"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("Q8_0/model.gguf", ""),
        ("stories260K.gguf", ""),
    ],
)
def test_a_files_quantisation(file: str, how: str) -> None:
    assert quantisation(file) == how


def test_shards_are_one_model_or_none() -> None:
    assert models_in(FILES) == {
        "Model-Q4_K_M.gguf": ("Model-Q4_K_M.gguf",),
        "Model-UD-Q4_K_XL.gguf": ("Model-UD-Q4_K_XL.gguf",),
        "Model-Q8_0.gguf": ("Model-Q8_0-00001-of-00002.gguf", "Model-Q8_0-00002-of-00002.gguf"),
    }


def test_a_number_of_shards_may_be_anybodys() -> None:
    assert len(shards("a-00001-of-99999.gguf")) == 1000
    assert models_in(["a-00000-of-00000.gguf"]) == {}


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        ("", ["Model-Q4_K_M.gguf"]),
        ("q4_k_m", ["Model-Q4_K_M.gguf"]),
        ("UD-Q4_K_XL", ["Model-UD-Q4_K_XL.gguf"]),
        ("Q8_0", ["Model-Q8_0-00001-of-00002.gguf", "Model-Q8_0-00002-of-00002.gguf"]),
        (
            "Model-Q8_0-00002-of-00002.gguf",
            ["Model-Q8_0-00001-of-00002.gguf", "Model-Q8_0-00002-of-00002.gguf"],
        ),
    ],
)
def test_what_is_wanted_of_a_repository(wanted: str, files: list[str]) -> None:
    assert list(model_files(HubName("org/repo", wanted), FILES)) == files


def test_a_single_model_needs_no_quantisation() -> None:
    assert model_files(HubName("org/repo"), ["a.gguf", "b.txt"]) == ("a.gguf",)


@pytest.mark.parametrize(
    ("wanted", "files", "words"),
    [
        ("Q4_K", FILES, "has no Q4_K.\nDid you mean Q4_K_M?"),
        ("BF16", FILES, "has no BF16.\n"),
        ("", ["a-Q2_K.gguf", "a-Q3_K_M.gguf"], "may be one of 2.\nName one: a-Q2_K.gguf"),
        ("Q2_K", ["a-Q2_K.gguf", "b-Q2_K.gguf"], "may be one of 2.\nName one: a-Q2_K.gguf"),
        ("", ["model.safetensors"], "has no GGUF model.\nFor an MLX model"),
    ],
)
def test_what_it_cannot_be(wanted: str, files: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        model_files(HubName("org/repo", wanted), files)
    assert words in str(caught.value)
