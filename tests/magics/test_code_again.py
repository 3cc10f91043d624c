"""The code of a fusion asks the same again: the cell, read by IPython and the magic; the call."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics import Message, Prompt, fuse
from fusion_magics.follow_up import in_conversation
from fusion_magics.given import given as kept
from fusion_magics.types import Fusion, SamplingParams
from fusion_magics.views.code import as_magic, as_python

in_a_shell = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fusion(prompt: str | Prompt, **options: Any) -> Fusion:
    """A fusion that was asked so."""
    asked = in_conversation(prompt, options.get("system"), None)
    named = kept(fuse, (fuse.__kwdefaults__ or {}) | options)
    return Fusion("", asked, "vote", (), (), (), None, SamplingParams(), options=named)


def last(text: str) -> str:
    return text[-1]


def number(text: str) -> str:
    return text[0]


READERS = {"last": last, "number": number}


# ── reading the code back ────────────────────────────────────────────────────────────────────


def request(shell: InteractiveShell, cell: str) -> tuple[Prompt, dict[str, Any]]:
    """What the magic would ask for ``cell``, as IPython hands it over."""
    (call,) = ast.parse(shell.transform_cell(cell)).body
    _, line, body = (ast.literal_eval(arg) for arg in call.value.args)  # type: ignore[attr-defined]
    magics = shell.magics_manager.registry["FuseMagics"]
    asked = magics._request(line, body, READERS)
    assert not asked.silent
    return meant(asked.prompt, asked.options)


def called(code: str) -> tuple[Prompt, dict[str, Any]]:
    """The arguments of the call in ``code``."""
    *_, statement = ast.parse(code).body
    call = statement.value.value  # type: ignore[attr-defined]
    names = {"Prompt": Prompt, "Message": Message, **READERS}

    def value(node: ast.expr) -> Any:
        return eval(ast.unparse(node), names)

    return meant(value(call.args[0]), {one.arg: value(one.value) for one in call.keywords})


def meant(prompt: str | Prompt, options: Mapping[str, Any]) -> tuple[Prompt, dict[str, Any]]:
    """The conversation, and the options in one spelling of several that mean the same."""
    asked = in_conversation(prompt, options.get("system"), None)
    found = kept(fuse, (fuse.__kwdefaults__ or {}) | dict(options))
    found.pop("system", None)
    if found.get("early_stop") is True:
        found["early_stop"] = 0.95
    for name in ("pool", "judge", "jury"):
        if isinstance(found.get(name), list):
            found[name] = ",".join(found[name])
    return asked, found


def wanted(fused: Fusion) -> tuple[Prompt, dict[str, Any]]:
    own = {**fused.options}
    own.pop("continue_", None)
    if isinstance(own.get("read"), dict):
        own["read"] = READERS[own["read"]["function"]]
    return fused.prompt, meant("q", own)[1]


def same_again(shell: InteractiveShell, fused: Fusion) -> None:
    magic, python = as_magic(fused), as_python(fused)
    assert called(python) == wanted(fused)
    assert (request(shell, magic) if magic.startswith("%%fuse") else called(magic)) == wanted(fused)


# ── any text, any option ─────────────────────────────────────────────────────────────────────

PARTS = st.sampled_from(
    ["{{", "{{{", "}}", "{", "}", "{{x}}", '"', "'", '"""', "\\", "\n", "\r\n", "\r", "  ", "\t",
     ";", " ;", "-p", "--", "-m vote", ">>> ", "... ", "...: ", "In [3]: ", "[ins] In [1]: ",
     "%%fuse", "%time", "!ls", "?", "??", "#", "\x1b[31m", "\u202e", "\u200b", "\u200d", "\u2028",
     "\x85", "\x0c", "\x00", "\u3000", "\xa0", "é", "日本", "a,b", ",", "=", "{{'}}", "\n   \n",
     "$x", "{y}"]
)  # fmt: skip
TEXTS = st.lists(PARTS | st.text(max_size=4), max_size=8).map("".join)
PROMPTS = TEXTS.filter(str.strip)
NAMES = st.sampled_from(
    ["tiny:sums", "tiny:a*3@temperature=0.9", 'tiny:b@system="Be brief, please."', "llamacpp:a b",
     "llamacpp:\"a, b.gguf\"", "llamacpp:C:\\x.gguf", "llamacpp:it's", "llamacpp:a,b.gguf",
     "x:{{y}}"]
)  # fmt: skip
POOLS = NAMES | st.lists(NAMES, min_size=1, max_size=4)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "pool": POOLS,
        "judge": POOLS,
        "mode": st.sampled_from(["merge", "vote", "debate"]),
        "protocol": st.just("pairwise"),
        "rubric": TEXTS.filter(str.strip),
        "jury": st.sampled_from(["builder,skeptic", "a: b c; d: e", ["builder", "x: says, it"]]),
        "aggregate": st.just("majority"),
        "rounds": st.integers(3, 9),
        "read": st.sampled_from(["number", "json:a b", "json:\"", last]),
        "early_stop": st.just(True) | st.floats(0.51, 0.99),
        "samples": st.integers(2, 9),
        "system": TEXTS,
        "temperature": st.integers(0, 2) | st.floats(0, 100),
        "top_p": st.floats(1e-300, 1),
        "seed": st.integers(0, 2**32 - 2),
        "deadline": st.floats(1e-9, 1e9),
        "quorum": st.integers(1, 3),
        "budget": st.sampled_from(["20000tok", "0.05 usd"]),
        "escalate": st.just(True),
        "blind": st.just(True),
    },
)  # fmt: skip


@pytest.fixture
def plain_shell(bare_shell: InteractiveShell) -> InteractiveShell:
    """A shell whose defaults are those that ship."""
    bare_shell.run_line_magic("load_ext", "fusion_magics")
    return bare_shell


@in_a_shell
@given(PROMPTS)
@example("-p is what?")
@example(";")
@example("int x = 3;\n;")
@example("  >>> 1\n  ... 2\n   \nIn [1]: x\n")
@example('{{"{{"}} {{{x}}} {{')
@example("a\r\nb\rc\u2028d")
def test_every_prompt_is_asked_again(plain_shell: InteractiveShell, prompt: str) -> None:
    fused = fusion(prompt)
    assert as_magic(fused).startswith("%%fuse\n"), "there is no text that a cell cannot say"
    same_again(plain_shell, fused)


@in_a_shell
@given(OPTIONS)
@example({"system": "--"})
@example({"pool": "tiny:a,"})
@example({"read": number})
def test_every_option_is_given_again(
    plain_shell: InteractiveShell, options: dict[str, Any]
) -> None:
    same_again(plain_shell, fusion("q", **options))


@in_a_shell
@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), TEXTS), max_size=4))
def test_every_conversation_is_held_again(
    plain_shell: InteractiveShell, turns: list[tuple[Any, str]]
) -> None:
    messages = (*(Message(role, text) for role, text in turns), Message("user", "Why?"))
    same_again(plain_shell, fusion(Prompt(messages), seed=3))


@settings(max_examples=200)
@given(PROMPTS | st.text(min_size=60).filter(str.strip), OPTIONS)
def test_python_is_88_columns_wide(prompt: str, options: dict[str, Any]) -> None:
    code = as_python(fusion(prompt, **options))
    assert max(map(len, code.split("\n"))) <= 88
    assert code.isprintable() or {c for c in code if not c.isprintable()} == {"\n"}
