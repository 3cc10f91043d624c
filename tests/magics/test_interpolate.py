"""``{{…}}`` in a prompt."""

from __future__ import annotations

import pytest

from fusion_magics.errors import UsageError
from fusion_magics.magics.interpolate import fill

NAMES = {"n": 6, "name": "Ana", "people": {"a": {"b": 1}}, "braces": "{{n}}", "_hidden": 1}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("no braces", "no braces"),
        ("{{n}} apples", "6 apples"),
        ("{{ n }}{{n}}", "66"),
        ("{{n // 2}} and {{name.upper()!s}}", None),
        ("{{n // 2}} and {{name.upper()}}", "3 and ANA"),
        ("{{', '.join(str(i) for i in range(n))}}", "0, 1, 2, 3, 4, 5"),
        ('{{people["a"]["b"]}}', "1"),
        ('{{ {"a": {"b": n}}["a"] }}', "{'b': 6}"),
        ("{{\n  n +\n  1\n}}", None),
        ("{{(n +\n  1)}}", "7"),
        # Single braces are no business of ours: JSON, LaTeX, format strings, sets.
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        (r"\frac{1}{n}", r"\frac{1}{n}"),
        ("{n} {} }}", "{n} {} }}"),
        ("{{{n}}}", "{6}"),
        ('{"n": {{n}}}', '{"n": 6}'),
        # Inserted text is not read again; that is also how literal braces are written.
        ("{{braces}}", "{{n}}"),
        ('{{"{{"}}n}}', "{{n}}"),
        ("Größe {{n}} 🙂", "Größe 6 🙂"),
    ],
)
def test_filling(text: str, filled: str | None) -> None:
    if filled is None:
        with pytest.raises(UsageError):
            fill(text, NAMES)
    else:
        assert fill(text, NAMES) == filled


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{nam}}", "There is no 'nam' for {{nam}} in the prompt.", "Did you mean name?"),
        ("{{zzz + 1}}", "There is no 'zzz' for {{zzz + 1}} in the prompt.", "Define it in a cell"),
        ("{{_hiden}}", "There is no '_hiden'", "Define it"),
        ("{{n / 0}}", "{{n / 0}} failed: ZeroDivisionError: division by zero", ""),
        ("{{people['x']}}", "{{people['x']}} failed: KeyError: 'x'", ""),
        ("{{name.uper()}}", "{{name.uper()}} failed: AttributeError: 'str'", ""),
        ("{{1, 2}, {3}}", "{{1, 2}, {3}} in the prompt is no Python expression.", "Two literal"),
        ("{{}}", "{{}} in the prompt is no Python expression.", 'braces are written {{"{{"}}.'),
        ("{{import os}}", "{{import os}} in the prompt is no Python", "Two literal"),
        (
            "{{await n}}",
            "{{await n}} cannot be filled in: 'await' outside",
            "Give its value a name",
        ),
        ("{{(yield 1)}}", "{{(yield 1)}} cannot be filled in: 'yield' outside", "a cell above"),
        ("{{[x async for x in n]}}", "{{[x async for x in n]}} cannot be filled in: ", "a name"),
        ("say {{n and", "'{{n and' opens with {{ that is never closed.", "Two literal"),
    ],
)
def test_what_cannot_be_filled_is_named(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill(text, NAMES)
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
    assert caught.value.__context__ is None, "IPython would show a wall for an exception group"


def test_a_missing_name_inside_the_users_own_function_is_a_failure_of_theirs() -> None:
    space: dict[str, object] = {}
    exec("def broken():\n    return undefined_inside", space)
    with pytest.raises(UsageError, match=r"broken\(\)}} failed: NameError: .*undefined_inside"):
        fill("{{broken()}}", space)


def test_local_names_go_first_and_comprehensions_see_them() -> None:
    assert fill("{{n}} {{[n for _ in 'ab']}}", NAMES, {"n": 9}) == "9 [9, 9]"


def test_interrupts_pass_through() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill("{{stop()}}", {"stop": stop})


def test_a_long_prompt_full_of_braces_is_quick() -> None:
    with pytest.raises(UsageError):
        fill("{{ (" + "}} " * 100_000, NAMES)
    assert fill("{ } " * 100_000, NAMES) == "{ } " * 100_000
