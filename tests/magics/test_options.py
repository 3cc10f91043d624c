"""Reading the line: options, quotes, and where the prompt begins."""

from __future__ import annotations

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.judges import JUDGES
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


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["--mod"], "There is no option --mod.", "Did you mean --mode?"),
        (["--xyzzy=1"], "There is no option --xyzzy.", "--pool, --judge, --mode,"),
        (["-x"], "There is no option -x.", "Options: "),
        (["--mode=voet"], "There is no mode 'voet'.", "Did you mean vote? There is: best-of, vote"),
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
    for option, table in (("--mode", MODES), ("--protocol", JUDGES), ("--view", VIEWS)):
        for word in table:
            assert flags[option].type(word) == word  # type: ignore[operator, misc]
        assert all(word in (flags[option].help or "") for word in table)


@pytest.mark.parametrize(
    "line", ["what is 2+2", "what is --seed 3 2+2", "--seed 3 what --mode vote is 2+2"]
)
def test_the_commands_options_stand_anywhere(line: str) -> None:
    assert parse(command_parser(), line.split())["prompt"] == ["what", "is", "2+2"]
    with pytest.raises(UsageError, match="There is no option --bogus"):
        parse(command_parser(), ["--bogus", *line.split()])


def test_the_command_has_every_option_but_out() -> None:
    magic, command = flags_of(magic_parser()), flags_of(command_parser())
    assert set(magic) - set(command) == {"-o", "--out"}
    assert set(command) - set(magic) == {"-h", "--help"}
