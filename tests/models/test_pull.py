"""Downloads, against a hub on 127.0.0.1."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hub_imitation import TOKEN, Hub

from fusion_magics import fuse, local, models
from fusion_magics.backends import open_model
from fusion_magics.errors import DownloadError, FusionError, Interrupted, UsageError
from fusion_magics.hub import download, places

NAME = "org/tiny-GGUF:Q8_0"
ASKED = f"llamacpp:{NAME}"


def refused(name: str = NAME, **options: Any) -> FusionError:
    """What ``pull`` says, wherever one may look."""
    with pytest.raises(FusionError) as caught:
        models.pull(name, **options)
    whole = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert TOKEN not in whole
    assert caught.value.hint, "an error comes with its cure"
    return caught.value


def parts(home: Path) -> list[Path]:
    return list(home.rglob("*.part"))


# ── it arrives ───────────────────────────────────────────────────────────────────────────────


async def test_a_model_is_pulled_and_asked(hub: Hub, stories: bytes) -> None:
    with pytest.raises(UsageError, match=f"%fuse_models pull {NAME}"):
        open_model("llamacpp", NAME)
    path = models.pull(NAME)
    assert path.read_bytes() == stories
    fusion = await fuse("Once upon a time", pool=ASKED, mode="vote", max_tokens=8, read="text")
    assert fusion.candidates[0].text
    local.unload()


def test_the_librarys_own_cache_is_filled(hub: Hub, stories: bytes) -> None:
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    path = models.pull(NAME)
    there = try_to_load_from_cache(
        "org/tiny-GGUF", "stories-Q8_0.gguf", cache_dir=places.cache_folder()
    )
    assert there == str(path)
    cache = scan_cache_dir(places.cache_folder())
    assert [repo.size_on_disk for repo in cache.repos] == [len(stories)]
    assert not cache.warnings


def test_what_is_here_is_not_asked_for_again(hub: Hub, stories: bytes) -> None:
    path = models.pull(NAME)
    hub.seen.clear()
    assert models.pull(NAME) == path
    assert hub.seen == []


def test_the_token_goes_to_the_hub_alone(hub: Hub, stories: bytes) -> None:
    models.pull(NAME)
    assert {seen.token for seen in hub.of_store()} == {""}
    assert f"Bearer {TOKEN}" in {seen.token for seen in hub.seen if seen.where == "hub"}


def test_all_shards_are_pulled(hub: Hub, stories: bytes) -> None:
    files = {f"m-Q8_0-0000{n}-of-00003.gguf": b"GGUF" + bytes([n]) for n in (1, 2, 3)}
    hub.add("org/split", {**files, "m-Q4_0.gguf": b"GGUF4"})
    path = models.pull("org/split:Q8_0")
    assert path.name == "m-Q8_0-00001-of-00003.gguf"
    assert [path.with_name(name).read_bytes() for name in files] == list(files.values())
    assert not path.with_name("m-Q4_0.gguf").exists()


def test_an_mlx_model_is_a_folder(hub: Hub) -> None:
    files = {
        "config.json": b'{"model_type": "llama", "quantization": {"bits": 4}}',
        "model.safetensors": b"weights",
        "tokenizer.json": b"{}",
        "README.md": b"-",
        "modeling_own.py": b"raise SystemExit",
        "pytorch_model.bin": b"pickle",
    }
    hub.add("org/m-4bit", files)
    folder = models.pull("mlx:org/m-4bit")
    assert {file.name for file in folder.iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }
    assert open_model("mlx", "org/m-4bit").name == "mlx:org/m-4bit"


def test_a_name_of_the_catalogue(hub: Hub, stories: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, file = "unsloth/phi-4-GGUF", "phi-4-Q4_K_M.gguf"
    hub.add(repo, {file: stories, "phi-4-Q8_0.gguf": b"GGUF"})
    monkeypatch.setattr("fusion_magics.models.naming.default_engine", lambda: "llamacpp")
    with pytest.raises(UsageError, match="%fuse_models pull phi-4"):
        open_model("local", "phi-4", {"engine": "llamacpp"})
    path = models.pull("phi-4")
    assert path.name == file
    assert models.pull("local:phi-4:q4_k_m") == path
    assert open_model("local", "phi-4", {"engine": "llamacpp"}).spec.path == str(path)  # type: ignore[attr-defined]


# ── it is interrupted ────────────────────────────────────────────────────────────────────────


def test_stopped_and_gone_on(hub: Hub, stories: bytes, no_models: Path) -> None:
    def stop(sent: int) -> None:
        if sent < len(stories) // 2:
            return
        hub.on_piece = None
        deadline = time.monotonic() + 30
        while not any(part.stat().st_size for part in parts(no_models)):
            assert time.monotonic() < deadline, "nothing arrives"
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.5)  # the rest must not arrive before the other thread hears of it

    hub.on_piece = stop
    with pytest.raises(Interrupted, match=r"Stopped: .* of 1\.1 MiB of .* are here"):
        models.pull(NAME)
    (part,) = parts(no_models)
    there = part.stat().st_size
    assert 0 < there < len(stories)
    hub.seen.clear()
    assert models.pull(NAME).read_bytes() == stories
    (rest,) = hub.of_store()
    assert rest.span == f"bytes={there}-"
    assert rest.sent == len(stories) - there  # nothing is sent twice
    assert parts(no_models) == []


def test_a_broken_connection_is_taken_up_by_the_same_pull(hub: Hub, stories: bytes) -> None:
    hub.cut_after = [300_000, 200_000]
    assert models.pull(NAME).read_bytes() == stories
    assert [seen.span for seen in hub.of_store()] == ["", "bytes=300000-", "bytes=500000-"]
    assert sum(seen.sent for seen in hub.of_store()) == len(stories)


def test_a_connection_that_breaks_for_good(hub: Hub, stories: bytes, no_models: Path) -> None:
    hub.cut_after = [300_000, *([0] * download.TRIES)]
    error = refused()
    assert "cannot be reached, or broke off" in error.message
    assert "goes on from there" in error.hint
    assert parts(no_models)[0].stat().st_size == 300_000
    models.pull(NAME)
    assert hub.of_store()[-1].span == "bytes=300000-"


def test_a_server_that_knows_no_ranges_begins_again(
    hub: Hub, stories: bytes, no_models: Path
) -> None:
    hub.cut_after, hub.ignore_range = [300_000], True
    assert models.pull(NAME).read_bytes() == stories


def test_a_shard_that_is_here_is_not_fetched_again(hub: Hub) -> None:
    files = {f"m-Q8_0-0000{n}-of-00002.gguf": b"GGUF" + bytes([n]) * 1000 for n in (1, 2)}
    hub.add("org/split", files)
    hub.cut_after = [1004, *([0] * download.TRIES)]
    refused("org/split:Q8_0")
    hub.seen.clear()
    models.pull("org/split:Q8_0")
    assert [seen.path for seen in hub.of_store()] == ["/org/split/m-Q8_0-00002-of-00002.gguf"]


def test_two_at_once_do_not_write_into_one_another(hub: Hub, stories: bytes) -> None:
    from filelock import FileLock

    digest = hashlib.sha256(stories).hexdigest()
    folder = places.cache_folder() / ".locks" / "models--org--tiny-GGUF"
    folder.mkdir(parents=True)
    with FileLock(folder / f"{digest}.lock"):
        assert "another process" in refused().message


# ── it is not what was promised ──────────────────────────────────────────────────────────────


def test_a_wrong_hash(hub: Hub, stories: bytes, no_models: Path) -> None:
    hub.damage = True
    error = refused()
    assert "stories-Q8_0.gguf arrived damaged" in error.message
    assert parts(no_models) == []
    with pytest.raises(UsageError):
        open_model("llamacpp", NAME)
    hub.damage = False
    assert models.pull(NAME).read_bytes() == stories


def test_a_part_that_is_too_long_begins_again(hub: Hub, stories: bytes, no_models: Path) -> None:
    digest = hashlib.sha256(stories).hexdigest()
    part = places.repo_folder("org/tiny-GGUF") / "blobs" / f"{digest}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(stories + b"more")
    assert models.pull(NAME).read_bytes() == stories


# ── there is no room ─────────────────────────────────────────────────────────────────────────


def of_disk(free: int) -> Callable[[object], Any]:
    usage = namedtuple("usage", "total used free")
    return lambda path: usage(free, 0, free)


def test_a_disk_that_is_to_stay_free(
    hub: Hub, stories: bytes, monkeypatch: pytest.MonkeyPatch, cached: Callable[..., Path]
) -> None:
    cached("org/old", "old-Q8_0.gguf", bytes(2_000_000))
    cached("org/small", "small-Q8_0.gguf", bytes(1000))
    monkeypatch.setattr(shutil, "disk_usage", of_disk(3_000_000))
    error = refused(disk=2_500_000)
    assert "needs 1.1 MiB more; 2.9 MiB are free" in error.message
    assert "Without llamacpp:org/old:Q8_0 (1.9 MiB) it would fit" in error.hint
    assert "small" not in error.hint
    assert hub.of_store() == []
    assert models.pull("llamacpp:org/old:Q8_0").exists()  # nothing was removed for it
    assert models.pull(NAME, disk=1_000_000).exists()


def test_what_is_here_already_needs_no_room(
    hub: Hub, stories: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.cut_after = [1_000_000, *([0] * download.TRIES)]
    refused()
    monkeypatch.setattr(shutil, "disk_usage", of_disk(300_000))
    assert models.pull(NAME, disk=0).exists()


def test_a_disk_that_is_full_meanwhile(
    hub: Hub, stories: bytes, monkeypatch: pytest.MonkeyPatch, no_models: Path
) -> None:
    append = download._append

    def full(out: Any, *rest: Any) -> None:
        class Disk:
            def write(self, piece: bytes) -> None:
                if out.tell() > 500_000:
                    raise OSError(errno.ENOSPC, "No space left on device")
                out.write(piece)

            def __getattr__(self, name: str) -> Any:
                return getattr(out, name)

        append(Disk(), *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(download, "_append", full)
        error = refused()
    assert "The disk is full" in error.message
    assert "goes on from there" in error.hint
    there = parts(no_models)[0].stat().st_size
    assert there > 500_000
    models.pull(NAME)
    assert hub.of_store()[-1].span == f"bytes={there}-"


def test_a_cache_that_may_not_be_written(
    hub: Hub, stories: bytes, no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_models / "huggingface").write_text("a file where the folder should be")
    error = refused()
    assert "cannot be kept in" in error.message


# ── it may not be had ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("token", [TOKEN, None])
def test_a_gated_model(
    hub: Hub, stories: bytes, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("org/gated", {"m-Q8_0.gguf": stories}, gated=True, needs="another")
    if token is None:
        monkeypatch.delenv("HF_TOKEN")
    error = refused("org/gated:Q8_0", yes=True)
    assert "org/gated is gated" in error.message
    assert f"{hub.url}/org/gated" in error.hint
    assert "HF_TOKEN" in error.hint


def test_a_gated_model_whose_licence_was_accepted(hub: Hub, stories: bytes) -> None:
    hub.add("org/gated", {"m-Q8_0.gguf": stories}, gated=True, needs=TOKEN)
    assert models.pull("org/gated:Q8_0", yes=True).read_bytes() == stories


def test_what_does_not_exist_or_is_private(hub: Hub) -> None:
    hub.add("org/private", {}, needs="another")
    for name in ("org/private:Q8_0", "org/nothing:Q8_0"):
        error = refused(name)
        assert "The hub has no org/" in error.message
        assert "HF_TOKEN" in error.hint


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "refuses"), (403, "refuses"), (404, "has no"), (429, "answered HTTP 429"), (400, "400")],
)
def test_other_answers(hub: Hub, status: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("org/tiny-GGUF", {}, status=status)
    assert words in refused().message


def test_a_quantisation_that_is_not_there(hub: Hub, stories: bytes) -> None:
    assert "There is: Q8_0" in refused("org/tiny-GGUF:Q2_K").hint
    assert "holds no MLX model" in refused("mlx:org/tiny-GGUF").message


@pytest.mark.parametrize("name", ["phi4", "llamacpp:/a/file.gguf", "mlx:somewhere", "nothing"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UsageError):
        models.pull(name)


# ── there is no hub ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["forbidden", "gone"])
def no_hub(request: pytest.FixtureRequest, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """``HF_HUB_OFFLINE``, or nobody listens there."""
    if request.param == "forbidden":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    else:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


async def test_offline_with_a_local_copy(
    hub: Hub, stories: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = models.pull(NAME)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.seen.clear()
    assert models.pull(NAME) == path
    fusion = await fuse("Once", pool=ASKED, mode="vote", max_tokens=4, read="text")
    assert fusion.candidates
    assert hub.seen == []
    local.unload()


@pytest.mark.usefixtures("no_hub")
def test_offline_without_one(hub: Hub) -> None:
    error = refused()
    assert "HF_HUB_OFFLINE" in str(error)
    assert hub.seen == []


# ── a licence ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"licence": "cc-by-nc-4.0"}, "cc-by-nc-4.0, which forbids commercial use"),
        ({"licence": "qwen-research"}, "forbids commercial use"),
        ({"gated": True, "needs": TOKEN}, "which its owners want to be accepted first"),
    ],
)
def test_a_licence_is_asked_about(
    hub: Hub,
    stories: bytes,
    facts: dict[str, Any],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub.add("org/tiny-GGUF", {"stories-Q8_0.gguf": stories}, **facts)
    asked: list[str] = []

    def answer(text: str) -> Callable[[str], str]:
        return lambda question: asked.append(question) or text  # type: ignore[func-returns-value]

    monkeypatch.setattr("builtins.input", answer("n"))
    assert "was not downloaded" in refused().message
    assert words in asked[0]
    assert hub.of_store() == []
    monkeypatch.setattr("builtins.input", answer("Y"))
    assert models.pull(NAME).exists()


def test_where_nobody_can_be_asked_the_option_is_named(hub: Hub, stories: bytes) -> None:
    hub.add("org/tiny-GGUF", {"stories-Q8_0.gguf": stories}, licence="mrl")
    error = refused()  # pytest gives no standard input, as a kernel may
    assert f"under the mrl, which forbids commercial use: {hub.url}/org/tiny-GGUF" in error.message
    assert "--yes" in error.hint
    assert models.pull(NAME, yes=True).exists()


def test_an_open_licence_is_not_asked_about(hub: Hub, stories: bytes) -> None:
    assert models.pull(NAME).exists()


def test_the_catalogue_knows_terms_that_a_copy_does_not_say(hub: Hub, stories: bytes) -> None:
    hub.add(
        "bartowski/Ministral-8B-Instruct-2410-GGUF",
        {"Ministral-8B-Instruct-2410-Q4_K_M.gguf": stories},
    )
    error = refused("ministral-8b")
    assert "Mistral Research License, which forbids commercial use" in error.message
    assert "mistralai/Ministral-8B-Instruct-2410" in error.message


# ── what a person sees ───────────────────────────────────────────────────────────────────────


def test_a_bar_in_a_terminal(hub: Hub, stories: bytes) -> None:
    import pexpect

    code = f"from fusion_magics import models; models.pull({NAME!r}); print('done')"
    child = pexpect.spawn(sys.executable, ["-c", code], timeout=60, dimensions=(24, 100))
    child.expect(pexpect.EOF)
    assert b"llamacpp:org/tiny-GGUF:Q8_0:" in child.before
    assert b"B/s]" in child.before
    assert b"done" in child.before
    child.close()
    assert TOKEN.encode() not in child.before


def test_no_bar_and_no_widget_where_nobody_looks(hub: Hub, stories: bytes) -> None:
    code = f"from fusion_magics import models; models.pull({NAME!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_without_the_package_that_speaks_with_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusion_magics.models.fetching.find_spec", lambda name: None)
    assert 'pip install "fusion-magics[local]"' in refused().hint
    assert issubclass(DownloadError, FusionError)
