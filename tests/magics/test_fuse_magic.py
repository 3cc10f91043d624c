"""``%%fuse`` and ``%fuse`` in a shell without a kernel."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from fusion_magics import pools
from fusion_magics.backends.scripted import Script
from fusion_magics.types import Fusion, Prompt, SamplingParams
from fusion_magics.views import plain

Run = Callable[[str], str]


def test_the_cells_value_is_the_fusion(shell: InteractiveShell, run: Run) -> None:
    printed = run("%%fuse\nHow {{2 + 3}}?\n  {as} it is\n")
    fusion = shell.user_ns["_"]
    assert isinstance(fusion, Fusion)
    assert fusion.prompt.text == fusion.text == "How 5?\n  {as} it is"
    assert printed.count(plain(fusion)) == 1, "shown once"


def test_the_line_form_and_assignment(shell: InteractiveShell, run: Run) -> None:
    assert run('x = %fuse --temperature 0.5 Say "hi" to {{"Ana"}}?') == ""
    fusion = shell.user_ns["x"]
    assert fusion.text == 'Say "hi" to Ana?'
    assert fusion.params.temperature == 0.5


def test_out_binds_and_shows(shell: InteractiveShell, run: Run) -> None:
    shown = run("%%fuse --out kept\nhi")
    assert shell.user_ns["kept"] is shell.user_ns["_"]
    assert plain(shell.user_ns["kept"]) in shown


@pytest.mark.parametrize("cell", ["%%fuse -o kept\nint x = 3;\n;\n", "%fuse -o kept int x = 3; ;"])
def test_a_lone_semicolon_shows_nothing(shell: InteractiveShell, run: Run, cell: str) -> None:
    assert run(cell) == ""
    assert shell.user_ns["kept"].text == "int x = 3;"


def test_a_lone_semicolon_takes_nothing_from_an_assignment(
    shell: InteractiveShell, run: Run
) -> None:
    assert run("x = %fuse hi ;") == ""
    assert shell.user_ns["x"].text == "hi"


def test_a_prompt_may_end_in_code(shell: InteractiveShell, run: Run) -> None:
    assert "SELECT * FROM t;" in run("%%fuse -o kept\nSELECT * FROM t;")
    assert shell.user_ns["kept"].text == "SELECT * FROM t;"


def test_every_option_arrives(
    shell: InteractiveShell, run: Run, scripts: dict[str, Script]
) -> None:
    def tell(prompt: Any, p: Any) -> str:
        system = prompt.messages[0].content
        return f"{system}|{p.temperature}|{p.top_p}|{p.max_tokens}|{p.seed}"

    scripts["tell"] = Script(tell)
    run(
        '%%fuse -p scripted:tell --system "Be {{1}}." --temperature 0.5 --top-p 0.9 '
        "--max-tokens 77 --seed 3 -o x\nhi"
    )
    assert shell.user_ns["x"].text == "Be 1.|0.5|0.9|77|3"


def test_what_was_typed_is_kept_over_what_is_configured(shell: InteractiveShell, run: Run) -> None:
    run("x = %fuse -p scripted:no --seed 4 --blind q")
    assert shell.user_ns["x"].options == {
        "pool": "scripted:no",
        "judge": "scripted:yes",
        "mode": "vote",
        "seed": 4,
        "blind": True,
    }


def test_a_blind_fusion_shows_names_after_the_vote(shell: InteractiveShell, run: Run) -> None:
    shown = run("%fuse -p scripted:echo,scripted:no --blind --out x q")
    assert "answer A" in shown
    assert "scripted:" not in shown
    run("x.cast_vote('A')")
    assert "scripted:echo" in run("x")


def test_locals_of_a_function_are_seen(shell: InteractiveShell, run: Run) -> None:
    run(
        "n = 1\n"
        "def f(n):\n    x = %fuse {{n}} and {{[n for _ in 'ab']}}\n    return x.text\n"
        "y = f(7)"
    )
    assert shell.user_ns["y"] == "7 and [7, 7]"


# ── what the notebook has: fusions to continue, functions that read ──────────────────────────


def test_a_fusion_of_the_notebook_is_continued(
    shell: InteractiveShell, run: Run, scripts: dict[str, Script]
) -> None:
    scripts["tell"] = Script(lambda p, _: " | ".join(m.content for m in p.messages))
    run("%fuse --out first one")
    run("%fuse -p scripted:tell --continue first --out second two")
    run("def f(before):\n    x = %fuse -p scripted:tell --continue before three\n    return x\n")
    run("third = f(second)")
    assert shell.user_ns["second"].text == "one | one | two"
    assert shell.user_ns["third"].text == "one | one | two | one | one | two | three"


def test_a_function_of_the_notebook_reads_the_answers(
    shell: InteractiveShell, run: Run, scripts: dict[str, Script]
) -> None:
    for i, text in enumerate(("a 1", "b 2", "c 1")):
        scripts[f"n{i}"] = Script(text)
    run("def last(text):\n    return text[-1]")
    run("x = %fuse -p scripted:n0,scripted:n1,scripted:n2 -m vote --read last q")
    assert shell.user_ns["x"].judgment.agreement == 2 / 3
    run("number = last\nx = %fuse -p scripted:n0,scripted:n1 -m vote --read number q")
    assert shell.user_ns["x"].judgment.agreement == 0.5, "the words there are come first"


# ── a dry run ────────────────────────────────────────────────────────────────────────────────


def test_a_dry_run_is_a_plan_that_shows_itself(shell: InteractiveShell, run: Run) -> None:
    shown = run("%%fuse --dry-run -p scripted:echo,scripted:no --out planned\nhi")
    planned = shell.user_ns["planned"]
    assert planned is shell.user_ns["_"]
    assert shown.count(repr(planned)) == 1
    assert planned.calls == 2
    assert _shown(shell, planned) == {"text/plain", "text/html"}
    run("y = %fuse --dry-run --view text hi")
    assert _shown(shell, shell.user_ns["y"]) == {"text/plain"}


# ── views ────────────────────────────────────────────────────────────────────────────────────


def _shown(shell: InteractiveShell, fusion: Any) -> set[str]:
    return set(shell.display_formatter.format(fusion)[0])


def test_the_view_asked_for_is_the_view_shown(shell: InteractiveShell, run: Run) -> None:
    run("x = %fuse hi")
    assert _shown(shell, shell.user_ns["x"]) == {"text/plain", "text/html"}
    run("y = %fuse --view text hi")
    run("z = %fuse hi")
    assert _shown(shell, shell.user_ns["y"]) == {"text/plain"}
    assert _shown(shell, shell.user_ns["x"]) == {"text/plain", "text/html"}, "the other keeps its"
    assert _shown(shell, shell.user_ns["y"]) == {"text/plain"}, "and so does this one"
    run("%config FuseMagics.view = 'text'")
    assert _shown(shell, shell.user_ns["x"]) == {"text/plain"}


def test_nothing_is_remembered_of_a_fusion_that_is_gone(shell: InteractiveShell, run: Run) -> None:
    views = shell.magics_manager.registry["FuseMagics"]._views
    run("x = %fuse --view text hi")
    assert list(views.values()) == ["text"]
    del shell.user_ns["x"]
    gc.collect()
    assert views == {}


# ── defaults ─────────────────────────────────────────────────────────────────────────────────


def test_config_sets_defaults_and_options_win(shell: InteractiveShell, run: Run) -> None:
    run("%config FuseMagics.pool = 'scripted:yes,scripted:no,scripted:yes'")
    run("x = %fuse hi")
    assert len(shell.user_ns["x"].pool) == 3
    run("%config FuseMagics.pool = ['scripted:no']")
    run("x = %fuse hi")
    assert shell.user_ns["x"].pool == ("scripted:no",)
    run("x = %fuse -p scripted:echo hi")
    assert shell.user_ns["x"].pool == ("scripted:echo",)


def test_config_sets_a_jury_a_rubric_and_caps(shell: InteractiveShell, run: Run) -> None:
    run("%config FuseMagics.mode = 'best-of'")
    run("%config FuseMagics.jury = 'builder,skeptic'")
    run("%config FuseMagics.rubric = 'correctness'")
    run("%config FuseMagics.aggregate = 'majority'")
    run("%config FuseMagics.budget = '100000tok'")
    run("%config FuseMagics.deadline = 30")
    options = shell.magics_manager.registry["FuseMagics"]._request("hi", None, None).options
    assert options["budget"] == "100000tok"
    assert options["deadline"] == 30
    run("x = %fuse hi")
    panel = shell.user_ns["x"].judgment.panel
    assert (panel.jurors, panel.aggregate) == (("builder", "skeptic"), "majority")
    run("x = %fuse --jury skeptic hi")
    assert shell.user_ns["x"].judgment.panel.jurors == ("skeptic",)
    run('x = %fuse --jury "" hi')
    judgment = shell.user_ns["x"].judgment
    assert (judgment.panel, judgment.protocol, judgment.rubric) == (
        None,
        "pointwise",
        "correctness",
    )


def test_a_jury_and_a_protocol_in_the_cell_win_over_the_configured_other(
    shell: InteractiveShell, run: Run
) -> None:
    run("%config FuseMagics.mode = 'best-of'")
    run("%config FuseMagics.jury = 'builder'")
    run("x = %fuse --protocol listwise hi")
    assert shell.user_ns["x"].judgment.protocol == "listwise"
    run("%config FuseMagics.protocol = 'listwise'")
    run("x = %fuse --jury skeptic hi")
    assert shell.user_ns["x"].judgment.protocol == "jury"


@pytest.mark.parametrize(
    ("trait", "value", "told"),
    [
        ("rubric", "corectness", "There is no rubric 'corectness'. Did you mean correctness"),
        ("jury", "bilder", "There is no persona 'bilder'. Did you mean builder"),
        ("budget", "5", "The budget cannot be '5'. Write US dollars or tokens"),
        ("deadline", -1.0, "deadline cannot be -1.0. Give seconds, more than 0"),
    ],
)
def test_config_refuses_what_no_cell_could_run_with(
    shell: InteractiveShell, trait: str, value: object, told: str
) -> None:
    from traitlets import TraitError

    magics = shell.magics_manager.registry["FuseMagics"]
    with pytest.raises(TraitError, match=told):
        setattr(magics, trait, value)


@pytest.mark.parametrize("trait", ["mode", "protocol", "aggregate", "view"])
def test_config_refuses_words_there_are_not(shell: InteractiveShell, trait: str) -> None:
    from traitlets import TraitError

    magics = shell.magics_manager.registry["FuseMagics"]
    with pytest.raises(TraitError, match=f"There is no {trait} 'x'"):
        setattr(magics, trait, "x")


def test_the_defaults_are_the_tiny_models(bare_shell: InteractiveShell) -> None:
    bare_shell.run_line_magic("load_ext", "fusion_magics")
    magics = bare_shell.magics_manager.registry["FuseMagics"]
    request = magics._request("", "hi", None)
    assert request.options == {
        "mode": "best-of",
        "protocol": "pointwise",
        "aggregate": "mean",
    }
    assert (request.view, magics.view) == (None, "live")


def test_help_shows_every_option_and_examples(run: Run) -> None:
    from fusion_magics.magics.options import flags_of, magic_parser

    for question in ("%fuse?", "%%fuse?"):
        shown = run(question)
        assert all(flag in shown for flag in flags_of(magic_parser()))
        assert "%%fuse -p tiny:sums,tiny:words" in shown
        assert "{{name}}" in shown


# ── bad input ────────────────────────────────────────────────────────────────────────────────

BAD = [
    ("%%fuse --out get_ipython\nhi", "UsageError: --out cannot be 'get_ipython'", "another name"),
    ("%%fuse --out Out\nhi", "UsageError: --out cannot be 'Out'", "Take another name."),
    ("%%fuse --mod vote\nhi", "UsageError: There is no option --mod.", "Did you mean --mode?"),
    ("%%fuse -m voet\nhi", "UsageError: There is no mode 'voet'.", "Did you mean vote?"),
    ("%%fuse hi there\nhi", "UsageError: 'hi' is no option of %%fuse.", "lines below"),
    ("%%fuse\n{{qqq}}", "UsageError: There is no 'qqq' for {{qqq}}", "Define it in a cell"),
    ("%%fuse\n{{1/0}}", "UsageError: {{1/0}} failed: ZeroDivisionError", ""),
    ("%%fuse\n   \n", "UsageError: The prompt is empty.", "Write the question"),
    ("%fuse", "UsageError: The prompt is empty.", "Write the question"),
    ("%fuse -m vote", "UsageError: The prompt is empty.", "Write the question"),
    ("%%fuse\n", "UsageError: %%fuse is a cell magic, but the cell body is empty.", "%fuse"),
    ('%fuse --system "Be hi', 'UsageError: The quote " behind --system is', "Close it."),
    ("%%fuse -p llamacp:x.gguf\nhi", "UsageError: There is no engine 'llamacp'", "llamacpp:x.gguf"),
    ("%%fuse -p tiny\nhi", "UsageError: There is no pool 'tiny'.", "tiny is an engine: write tiny"),
    ("%fuse -p scripted:yes, scripted:no hi", "UsageError: --pool ends in a comma", "in quotes"),
    ("%%fuse\n{{await x}}", "UsageError: {{await x}} cannot be filled in", "Give its value a name"),
    ('%%fuse -p ""\nhi', "UsageError: The pool has no members.", "Name some, such as tiny:"),
    ("%%fuse --temperature=-1\nhi", "UsageError: The sampling options: temp", "0 (greedy)"),
    ("%%fuse --continue qqq\nhi", "UsageError: --continue: 'qqq' is no Fusion.", "with --out"),
    ("%%fuse --continue In\nhi", "UsageError: --continue: 'In' is no Fusion.", "with --out"),
    ("%%fuse --read qqq\nhi", "UsageError: There is no reader 'qqq'.", "There is: auto, number"),
    ("%%fuse --quorum 5\nhi", "UsageError: quorum cannot be 5.", "from 1 to 1"),
    ("%%fuse --budget 5\nhi", "UsageError: The budget cannot be '5'.", "0.05usd"),
    ("%%fuse --deadline=-1\nhi", "UsageError: deadline cannot be -1.0.", "more than 0"),
    ("%%fuse --dry-run=1\nhi", "UsageError: --dry-run takes no value.", "Write it alone"),
    ("%%fuse --early-stop 3\nhi", "UsageError: '3' is no option of %%fuse.", "lines below"),
    ("%%fuse -p scripted:broken\nhi", "NoAnswerError: No member answered.", "scripted:broken: "),
]


def test_a_reader_of_nearly_this_name_is_named(run: Run) -> None:
    run("def last_word(text): return text.split()[-1]")
    assert "Did you mean last_word?" in run("%fuse --read lastword hi")


@pytest.mark.parametrize(("cell", "message", "cure"), BAD)
@pytest.mark.parametrize("xmode", ["Context", "Verbose", "Minimal"])
@pytest.mark.parametrize("path", ["terminal", "kernel"])
def test_each_bad_input_is_one_clear_message(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    cell: str,
    message: str,
    cure: str,
    xmode: str,
    path: str,
) -> None:
    shell.run_line_magic("xmode", xmode)
    capsys.readouterr()
    if path == "terminal":
        result = shell.run_cell(cell)
    else:
        result = asyncio.run(_as_the_kernel_does(shell, cell))
    printed = "".join(capsys.readouterr()).strip()
    assert printed.startswith(message)
    assert cure in printed
    assert len(printed.splitlines()) <= 3
    assert not result.success, "executors such as nbclient must see the error"


async def _as_the_kernel_does(shell: InteractiveShell, cell: str) -> Any:
    result = await shell.run_cell_async(cell, transformed_cell=shell.transform_cell(cell))
    left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    assert not left, "nothing is left running"
    return result


def test_programmer_errors_keep_their_traceback(run: Run, scripts: dict[str, Script]) -> None:
    def bug(*_: Any) -> str:
        raise RuntimeError("a bug")

    scripts["bug"] = Script(bug)
    shown = run("%%fuse -p scripted:bug\nhi")
    assert "RuntimeError: a bug" in shown
    assert "Traceback" in shown
    assert "Exception Group" not in shown


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("--mod vote", "--mode"),
        ("-m voet", "vote"),
        ("--protocol pairwse", "pairwise"),
        ("--aggregate majorty", "majority"),
        ("--view tabel", "table"),
        ("-m best-of --rubric genral", "general"),
        ("-m best-of --jury bilder", "builder"),
        ("--read nmber", "number"),
        ("--read my_raeder", "my_reader"),
        ("--continue frist", "first"),
        ("-p mnie", "mine"),
        ("-p scripted:yse", "scripted:yes"),
        ("-p tiny:sms", "tiny:sums"),
        ("-p scriptd:yes", "scripted:yes"),
        ("-p tiny:sums@engine=mxl", "mlx"),
        ("-p tiny:sums@temprature=1", "temperature"),
        ("-p tiny:sums@contxt=64", "context"),
        ("-j tiny:jugde", "tiny:judge"),
    ],
)
def test_every_mistake_has_its_nearest_word(
    run: Run, shell: InteractiveShell, line: str, nearest: str
) -> None:
    fusion = Fusion("", Prompt.of("q"), "vote", (), (), (), None, SamplingParams())
    shell.user_ns.update(first=fusion, my_reader=lambda text: text)
    pools.save("mine", "scripted:yes")
    said, cure = run(f"%fuse {line} hi").split("\n", 1)
    assert said.startswith("UsageError: ")
    assert f"Did you mean {nearest}? " in cure
