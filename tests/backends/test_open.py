"""Opening a model: everything that can be wrong is said before anything starts."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from fusion_magics import tiny
from fusion_magics.backends import open_model
from fusion_magics.errors import EngineMissing, ModelError, UsageError
from fusion_magics.local import LocalModel, Spec, loaded, stamp
from fusion_magics.types import Prompt, SamplingParams

STORIES = Path(__file__).parents[1] / "data" / "stories260K.gguf"


def refused(name: str, **settings: str) -> UsageError:
    engine, _, model = name.partition(":")
    with pytest.raises(UsageError) as caught:
        open_model(engine, model, settings)
    assert caught.value.message
    assert caught.value.hint, "an error comes with its cure"
    assert loaded() == []
    return caught.value


# ── llamacpp ─────────────────────────────────────────────────────────────────────────────────


def test_a_gguf_by_path() -> None:
    model = open_model("llamacpp", str(STORIES), {"context": "256", "gpu_layers": "0"})
    assert isinstance(model, LocalModel)
    assert model.name == f"llamacpp:{STORIES}"
    assert model.wording == "full"
    spec = Spec("llamacpp", str(STORIES), context=256, gpu_layers=0, stamp=stamp(STORIES))
    assert model.spec == spec
    assert loaded() == []  # weights wait for the first prompt


def test_a_relative_path_and_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(STORIES, tmp_path / "m.gguf")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for written in ("m.gguf", "./m.gguf", "~/m.gguf"):
        model = open_model("llamacpp", written)
        assert model.name == f"llamacpp:{written}"  # as the user wrote it
        assert isinstance(model, LocalModel)
        assert Path(model.spec.path).samefile(tmp_path / "m.gguf")


def test_a_missing_file(tmp_path: Path) -> None:
    error = refused(f"llamacpp:{tmp_path}/none.gguf")
    assert f"{tmp_path}/none.gguf" in error.message
    shutil.copy(STORIES, tmp_path / "stories.gguf")
    assert "Did you mean" in refused(f"llamacpp:{tmp_path}/storys.gguf").hint


def test_a_name_on_the_hub_that_is_not_downloaded() -> None:
    for name in ("org/repo-GGUF", "org/repo:Q4_K_M", "org/repo:m.gguf"):
        assert refused(f"llamacpp:{name}").hint == f"Download it: %fuse_models pull {name}"
    name = "mlx:mlx-community/model-4bit"
    assert refused(name).hint == f"Download it: %fuse_models pull {name}"


def test_a_name_on_the_hub_that_is(cached: Callable[..., Path]) -> None:
    file = cached("org/repo", "m-Q8_0.gguf", STORIES.read_bytes())
    for written in ("org/repo", "org/repo:q8_0", "org/repo:m-Q8_0.gguf"):
        model = open_model("llamacpp", written)
        assert isinstance(model, LocalModel)
        assert (model.name, model.spec.path) == (f"llamacpp:{written}", str(file))


def test_a_path_that_is_there_is_no_name_on_the_hub(
    cached: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached("org/repo", "m-Q8_0.gguf")
    (tmp_path / "org").mkdir()
    shutil.copy(STORIES, tmp_path / "org" / "repo")
    monkeypatch.chdir(tmp_path)
    model = open_model("llamacpp", "org/repo")
    assert isinstance(model, LocalModel)
    assert model.spec.path == str(tmp_path / "org" / "repo")


# ── local ────────────────────────────────────────────────────────────────────────────────────


def test_a_model_of_the_catalogue(cached: Callable[..., Path]) -> None:
    assert "%fuse_models pull phi-4:Q8_0" in refused("local:phi-4:Q8_0", engine="llamacpp").hint
    file = cached("unsloth/phi-4-GGUF", "phi-4-Q8_0.gguf", STORIES.read_bytes())
    model = open_model("local", "phi-4:Q8_0", {"engine": "llamacpp", "context": "512"})
    assert isinstance(model, LocalModel)
    spec = Spec("llamacpp", str(file), context=512, stamp=stamp(file))
    assert (model.name, model.spec) == ("local:phi-4:Q8_0", spec)
    assert "not downloaded" in refused("local:phi-4", engine="llamacpp").message


def test_a_model_of_the_catalogue_by_mlx(cached: Callable[..., Path]) -> None:
    repo = "mlx-community/phi-4-4bit"
    assert "not downloaded" in refused("local:phi-4", engine="mlx").message
    for name, content in (("config.json", b'{"model_type": "llama"}'), ("tokenizer.json", b"{}")):
        file = cached(repo, name, content)
    cached(repo, "model.safetensors", b"x")
    model = open_model("local", "phi-4", {"engine": "mlx"})
    assert isinstance(model, LocalModel)
    assert (model.spec.engine, model.spec.path) == ("mlx", str(file.parent))


def test_a_name_that_the_catalogue_has_not() -> None:
    assert "Did you mean local:phi-4?" in refused("local:phi4").hint
    assert "There is: " in refused("local:phi-4:Q9", engine="llamacpp").hint
    assert "engine" in refused("local:phi-4", engine="torch").message
    assert "gpu_layers" in refused("local:phi-4", engine="mlx", gpu_layers="1").message


def test_a_folder(tmp_path: Path) -> None:
    assert "folder" in refused(f"llamacpp:{tmp_path}").message
    (tmp_path / "config.json").write_text("{}")
    assert f"mlx:{tmp_path}" in refused(f"llamacpp:{tmp_path}").hint
    shutil.copy(STORIES, tmp_path / "stories.gguf")
    assert "stories.gguf" in refused(f"llamacpp:{tmp_path}").hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"GG", "no GGUF"),
        (b"PK\x03\x04 something else", "no GGUF"),
        (b"GGUF\x01\x00\x00\x00", "version 1"),
        (b"GGUF" + struct.pack(">I", 3), "version 50331648"),
    ],
)
def test_files_that_are_no_gguf(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(content)
    error = refused(f"llamacpp:{file}")
    assert words in error.message
    assert "m.gguf" in error.message


@pytest.mark.parametrize("value", ["0", "-5", "many", "1.5", "", "1_0", "٣", "9" * 5000])
def test_a_setting_that_is_no_number(value: str) -> None:
    assert "context" in refused(f"llamacpp:{STORIES}", context=value).message


def test_a_setting_that_does_not_exist() -> None:
    error = refused(f"llamacpp:{STORIES}", contxt="512")
    assert "contxt" in error.message
    assert "Did you mean context?" in error.hint
    assert "gpu_layers" in error.hint


# ── paths ────────────────────────────────────────────────────────────────────────────────────

ENGINES = pytest.mark.parametrize("engine", ["llamacpp", "mlx"])


@ENGINES
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("~nosuchuser/x", "no path"),
        ("a\0b", "no path"),
        ("x" * 5000, "too long"),
        ("\udcff.gguf", "no UTF-8"),
        ("/dev/null", "neither a file nor a folder"),
    ],
)
def test_what_is_no_path(engine: str, written: str, words: str) -> None:
    error = refused(f"{engine}:{written}")
    assert words in error.message
    assert ".." not in error.message
    assert len(error.message) < 400
    error.message.encode()


@ENGINES
def test_a_pipe_is_no_model(engine: str, tmp_path: Path) -> None:
    """To open it would wait for ever."""
    os.mkfifo(tmp_path / "m.gguf")
    assert "neither a file nor a folder" in refused(f"{engine}:{tmp_path}/m.gguf").message


@ENGINES
def test_a_path_without_rights(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the system's answers are put in its mouth."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "no right" in refused(f"{engine}:{tmp_path}").message

    def denied(self: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "stat", denied)
    assert "Permission denied" in refused(f"{engine}:{tmp_path}/m.gguf").message


async def test_a_changed_file_is_another_model(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    shutil.copy(STORIES, file)
    old = open_model("llamacpp", str(file))
    deltas = old.stream(Prompt.of("Once upon a time"), SamplingParams(max_tokens=500))
    while not (await anext(deltas)).text:
        pass
    shutil.copy(STORIES, tmp_path / "new")
    os.replace(tmp_path / "new", file)
    new = open_model("llamacpp", str(file))
    last = [d async for d in new.stream(Prompt.of("Once"), SamplingParams(max_tokens=1))]
    assert last[-1].finish
    assert [m.spec for m in loaded()] == [new.spec]
    with pytest.raises(ModelError, match="changed"):
        _ = [d async for d in deltas]


# ── mlx ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The parts of an MLX model, as far as they are looked at before it is loaded."""
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (path / "model.safetensors").write_bytes(b"x")
    (path / "tokenizer.json").write_text("{}")
    return path


def test_an_mlx_folder(folder: Path) -> None:
    model = open_model("mlx", str(folder), {"context": "512"})
    assert isinstance(model, LocalModel)
    assert model.spec == Spec("mlx", str(folder), context=512, stamp=stamp(folder))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("config.json", "config.json"),
        ("model.safetensors", "safetensors"),
        ("tokenizer.json", "tokenizer"),
    ],
)
def test_a_folder_with_a_part_missing(folder: Path, part: str, words: str) -> None:
    (folder / part).unlink()
    assert words in refused(f"mlx:{folder}").message


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json", "3"])
def test_a_configuration_that_is_none(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    assert "configuration" in refused(f"mlx:{folder}").message


def test_a_model_with_code_of_its_own(folder: Path) -> None:
    own = {"model_type": "llama", "model_file": "own.py"}
    (folder / "config.json").write_text(json.dumps(own))
    assert "code of its own" in refused(f"mlx:{folder}").message


def test_what_is_no_folder(tmp_path: Path) -> None:
    assert str(tmp_path / "none") in refused(f"mlx:{tmp_path}/none").message
    assert f"llamacpp:{STORIES}" in refused(f"mlx:{STORIES}").hint


def test_gpu_layers_are_llama_cpps(folder: Path) -> None:
    assert "gpu_layers" in refused(f"mlx:{folder}", gpu_layers="3").message


# ── tiny ─────────────────────────────────────────────────────────────────────────────────────


def test_a_tiny_model() -> None:
    model = open_model("tiny", "sums", {"engine": "llamacpp"})
    assert isinstance(model, LocalModel)
    assert (model.name, model.wording) == ("tiny:sums", "short")
    assert model.spec.engine == "llamacpp"
    assert model.spec.most == 1024


def test_a_tiny_model_by_mlx() -> None:
    model = open_model("tiny", "sums", {"engine": "mlx", "context": "300"})
    assert isinstance(model, LocalModel)
    assert (model.spec.engine, model.spec.context) == ("mlx", 300)
    assert model.spec.path == str(tiny.weights("sums"))  # MLX's form is made by the child


def test_a_tiny_model_that_does_not_exist() -> None:
    error = refused("tiny:sum")
    assert "Did you mean tiny:sums?" in error.hint
    assert "tiny:judge" in error.hint


def test_settings_of_a_tiny_model() -> None:
    assert "engine" in refused("tiny:sums", engine="torch").message
    assert "Did you mean llamacpp?" in refused("tiny:sums", engine="llamacp").hint
    assert "engine" in refused("tiny:sums", engin="mlx").hint
    assert "gpu_layers" in refused("tiny:sums", engine="mlx", gpu_layers="1").message


# ── any ──────────────────────────────────────────────────────────────────────────────────────


def test_an_engine_that_does_not_exist() -> None:
    assert "Did you mean llamacpp:x?" in refused("lamacpp:x").hint


async def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One member's failure, not the cell's: so it is said by the call."""
    from fusion_magics.local import model as local_model

    monkeypatch.setitem(local_model.ENGINES, "llamacpp", "no_such_package_here")
    deltas = open_model("llamacpp", str(STORIES)).stream(Prompt.of("x"), SamplingParams())
    with pytest.raises(EngineMissing) as caught:
        _ = [d async for d in deltas]
    assert 'pip install "fusion-magics[llamacpp]"' in caught.value.hint
    assert loaded() == []


async def test_an_error_names_the_model_as_its_caller_does(tmp_path: Path) -> None:
    shutil.copy(STORIES, tmp_path / "m.gguf")
    first = open_model("llamacpp", str(tmp_path / "m.gguf"))
    other = open_model("llamacpp", f"{tmp_path}/./m.gguf")
    _ = [d async for d in first.stream(Prompt.of("Once"), SamplingParams(max_tokens=1))]
    deltas = other.stream(Prompt.of("Once"), SamplingParams(max_tokens=500))
    assert (await anext(deltas)).state == "reading"
    os.kill(loaded()[0].pid, signal.SIGKILL)
    with pytest.raises(ModelError) as caught:
        _ = [d async for d in deltas]
    assert other.name in caught.value.message


async def test_a_model_writes_at_most_its_own_most() -> None:
    bounded = LocalModel("bounded", Spec("llamacpp", str(STORIES)), most_tokens=5)
    written = [d async for d in bounded.stream(Prompt.of("Once"), SamplingParams(max_tokens=50))]
    finish = written[-1].finish
    assert finish is not None
    assert (finish.reason, finish.usage.completion_tokens) == ("length", 5)


def test_a_tiny_answer_that_goes_round_in_circles_is_cut() -> None:
    model = open_model("tiny", "logic")
    assert isinstance(model, LocalModel)
    assert model.most_tokens == 320
    assert model.spec.most == 1024


def test_the_judge_reads_and_writes_more() -> None:
    """Several answers and their analysis have to fit."""
    judge = open_model("tiny", "judge")
    assert isinstance(judge, LocalModel)
    assert (judge.most_tokens, judge.spec.most) == (1024, 2048)
