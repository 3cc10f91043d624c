"""Reading the line: options, quotes, and where the prompt begins."""

from __future__ import annotations

import inspect

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.fusion import fuse
from fusion_magics.judges import AGGREGATES, JUDGES
from fusion_magics.magics.options import command_parser, flags_of, magic_parser, parse, split_line
from fusion_magics.modes import MODES
from fusion_magics.views import VIEWS


@pytest.mark.parametrize(
    ("line", "words", "rest"),
    [
        ("", [], ""),
        ("How many?", [], "How many?"),
        ("-m vote How many?", ["-m=vote"], "How many?"),
        ("--mode=vote How many?", ["--mode=vote"], "How many?"),
        ('--system "Be brief." Why?', ["--system=Be brief."], "Why?"),
        ("--system 'Say \"no\".' Why?", ['--system=Say "no".'], "Why?"),
        ('--system="Don\'t guess." Why?', ["--system=Don't guess."], "Why?"),
        # Quotes inside a member name protect it and belong to it.
        (
            '-p tiny:sums@system="Be brief, please.",tiny:words Why?',
            ['-p=tiny:sums@system="Be brief, please.",tiny:words'],
            "Why?",
        ),
        (r"-p llamacpp:C:\models\a.gguf Why?", [r"-p=llamacpp:C:\models\a.gguf"], "Why?"),
        ("--temperature -1 Why?", ["--temperature=-1"], "Why?"),
        ("--system {{a + b}} Why?", ["--system={{a + b}}"], "Why?"),
        # The prompt is the user's own text, whatever it looks like.
        ('Say "hi"  to -m vote', [], 'Say "hi"  to -m vote'),
        ("don't you 'think'?", [], "don't you 'think'?"),
        ("-m vote -- -p is what?", ["-m=vote"], "-p is what?"),
        ("-5 + 3 = ?", [], "-5 + 3 = ?"),
        ("- a list", [], "- a list"),
        ("--no-such vote Why?", ["--no-such"], "vote Why?"),
        ("--mode", ["--mode"], ""),
        # A switch stands alone; an early stop has a value only if that is a probability.
        ("--dry-run Why?", ["--dry-run"], "Why?"),
        ("--escalate -m vote Why?", ["--escalate", "-m=vote"], "Why?"),
        ("--early-stop Why?", ["--early-stop"], "Why?"),
        ("--early-stop 0.9 Why?", ["--early-stop=0.9"], "Why?"),
        ("--early-stop 5 apples", ["--early-stop"], "5 apples"),
        ("--early-stop -- 0.9 of what?", ["--early-stop"], "0.9 of what?"),
        ("--early-stop", ["--early-stop"], ""),
    ],
)
def test_splitting(line: str, words: list[str], rest: str) -> None:
    assert split_line(line) == (words, rest)


def test_a_quote_that_never_ends_is_said() -> None:
    with pytest.raises(UsageError, match='quote " behind --system is never closed'):
        split_line('--system "Be brief. Why?')


def test_only_what_was_given_is_there() -> None:
    assert parse(magic_parser(), []) == {}
    words = ["-p=a:b,c:d", "-j=e:f", "-m=vote", "--top-p=0.5", "--max-tokens=9", "--seed=0"]
    assert parse(magic_parser(), [*words, "--temperature=-1", "-o=x", "--view=text"]) == {
        "pool": "a:b,c:d",
        "judge": "e:f",
        "mode": "vote",
        "top_p": 0.5,
        "max_tokens": 9,
        "seed": 0,
        "temperature": -1.0,
        "out": "x",
        "view": "text",
    }


def test_every_policy_has_its_option() -> None:
    words = ["--jury=builder,skeptic", "--aggregate=majority", "--rounds=3", "--read=json:x"]
    words += ["--early-stop", "-n=5", "--deadline=2.5", "--quorum=2", "--budget=20000tok"]
    assert parse(magic_parser(), [*words, "--escalate", "--dry-run", "--continue=before"]) == {
        "jury": "builder,skeptic",
        "aggregate": "majority",
        "rounds": 3,
        "read": "json:x",
        "early_stop": 0.95,
        "samples": 5,
        "deadline": 2.5,
        "quorum": 2,
        "budget": "20000tok",
        "escalate": True,
        "dry_run": True,
        "continue_": "before",
    }


def test_every_option_is_an_argument_of_fuse() -> None:
    known = {*inspect.signature(fuse).parameters, "out", "view"}
    assert {action.dest for action in magic_parser()._actions} <= known


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--dry-run=yes"], "--dry-run takes no value.", "Write it alone: --dry-run"),
        (["--early-stop=2"], "--early-stop cannot be '2'.", "a number between 0.5 and 1"),
        (["--aggregate=max"], "There is no aggregate 'max'.", "There is: mean, majority"),
        (["--jury=builder,"], "--jury ends in a comma: 'builder,'.", "without blanks"),
        (["--mod"], "There is no option --mod.", "Did you mean --mode?"),
        (["--xyzzy=1"], "There is no option --xyzzy.", "--pool, --judge, --mode,"),
        (["-x"], "There is no option -x.", "Options: "),
        (
            ["--mode=voet"],
            "There is no mode 'voet'.",
            "Did you mean vote? There is: best-of, merge, debate, vote",
        ),
        (["--protocol=x"], "There is no protocol 'x'.", "There is: pointwise"),
        (["--view=tabel"], "There is no view 'tabel'.", "Did you mean table?"),
        (["--seed=abc"], "--seed cannot be 'abc'.", "Give a whole number."),
        (["--temperature=hot"], "--temperature cannot be 'hot'.", "Give a number."),
        (["--pool=a:b,"], "--pool ends in a comma: 'a:b,'.", "without blanks, or in quotes."),
        (["--mode"], "--mode has no value.", "Write it behind: --mode VALUE"),
    ],
)
@pytest.mark.parametrize("parser", [magic_parser, command_parser])
def test_mistakes_are_named_with_the_cure(parser, words, message, hint) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError) as caught:
        parse(parser(), words)
    assert caught.value.message == message
    assert hint in caught.value.hint


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_where_ipython_has_it(flag: str) -> None:
    with pytest.raises(UsageError, match=r"no option of a magic\.\nWrite: %fuse\?"):
        parse(magic_parser(), [flag])


@pytest.mark.parametrize("name", ["a-b", "class", "1a", "a.b", ""])
def test_out_is_a_variable(name: str) -> None:
    with pytest.raises(UsageError, match=r"--out cannot be '.*'\.\nGive the name of a variable"):
        parse(magic_parser(), [f"--out={name}"])


def test_the_words_are_those_of_the_tables() -> None:
    flags = flags_of(magic_parser())
    tables = {"--mode": MODES, "--protocol": JUDGES, "--aggregate": AGGREGATES, "--view": VIEWS}
    for option, table in tables.items():
        for word in table:
            assert flags[option].type(word) == word  # type: ignore[operator, misc]
        assert all(word in (flags[option].help or "") for word in table)


@pytest.mark.parametrize(
    "line",
    [
        "--early-stop what is 2+2",
        "what is --early-stop 2+2",
        "--early-stop 0.9 what is 2+2",
        "what is 2+2",
        "what is --seed 3 2+2",
        "--seed 3 what --mode vote is 2+2",
    ],
)
def test_the_commands_options_stand_anywhere(line: str) -> None:
    assert parse(command_parser(), line.split())["prompt"] == ["what", "is", "2+2"]
    with pytest.raises(UsageError, match="There is no option --bogus"):
        parse(command_parser(), ["--bogus", *line.split()])


def test_the_command_has_every_option_but_those_for_a_notebook() -> None:
    magic, command = flags_of(magic_parser()), flags_of(command_parser())
    assert set(magic) - set(command) == {"-o", "--out", "--continue", "--blind"}
    assert set(command) - set(magic) == {"-h", "--help"}
