"""Scores as expected values over the score tokens."""

from __future__ import annotations

import json
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.asking import expected_value
from fusion_magics.types import Candidate, Timing, TokenLogprob, Usage

STEPS = (1, 2, 3, 4, 5)


def reply(tokens: list[TokenLogprob], text: str | None = None) -> Candidate:
    text = "".join(t.token for t in tokens) if text is None else text
    return Candidate("judge", text, Usage(), "stop", Timing(0.0), tuple(tokens))


def plain(*texts: str) -> list[TokenLogprob]:
    return [TokenLogprob(text, 0.0) for text in texts]


def score(token: str, **top: float) -> TokenLogprob:
    """A token with its alternatives; the probabilities need not add up to 1."""
    chances = {key.replace("_", " "): log(p) for key, p in top.items()}
    return TokenLogprob(token, chances.get(token, log(0.5)), tuple(chances.items()))


def test_between_two_scores_lies_their_mean() -> None:
    tokens = [*plain('{"score": '), score("4", **{"4": 0.3, "5": 0.3, "x": 0.4}), *plain("}")]
    assert expected_value(reply(tokens), ("score",), STEPS, 4) == pytest.approx(4.5)


def test_the_space_before_a_score_may_be_part_of_its_token() -> None:
    tokens = [*plain('{"score":'), score(" 4", _4=0.2, **{"4": 0.2, "2": 0.4}), *plain("}")]
    assert expected_value(reply(tokens), ("score",), STEPS, 4) == pytest.approx(3)


def test_and_so_may_what_stands_before_it() -> None:
    tokens = [*plain('{"score"'), score(":4", **{":4": 0.6, ":3": 0.2, " 1": 0.2}), *plain("}")]
    assert expected_value(reply(tokens), ("score",), STEPS, 4) == pytest.approx(2.4 + 0.6 + 0.2)


def test_the_score_of_the_asked_key_is_found_among_others() -> None:
    tokens = [
        *plain('{"check": "score\\": 1 {', '", "scores": {"a', '": {"reason": "[3", ", "'),
        *plain(', "score": '),
        score("5", **{"5": 0.5, "1": 0.5}),
        *plain('}, "b": {"list": [{"score": 3}], "score": '),
        score("2", **{"2": 0.9, "3": 0.1}),
        *plain("}}}"),
    ]
    tokens[2] = TokenLogprob('": {"reason": "[3"', 0.0)
    found = reply(tokens)
    json.loads(found.text)
    assert expected_value(found, ("scores", "a", "score"), STEPS, 5) == pytest.approx(3)
    assert expected_value(found, ("scores", "b", "score"), STEPS, 2) == pytest.approx(2.1)


def test_ten_begins_with_a_one() -> None:
    tokens = [*plain('{"score": '), score("1", **{"1": 0.75, "0": 0.25}), *plain("0", "}")]
    assert expected_value(reply(tokens), ("score",), (0, 10), 10) == pytest.approx(7.5)


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        plain('{"score": ', "other", "}"),
        plain('{"score": 4'),
        [*plain('{"score": '), TokenLogprob("4", float("-inf")), *plain("}")],
    ],
)
def test_without_probabilities_the_written_score_stands(tokens: list[TokenLogprob]) -> None:
    assert expected_value(reply(tokens, '{"score": 4}'), ("score",), STEPS, 4) == 4


def test_a_score_outside_the_scale_stands_as_written() -> None:
    tokens = [*plain('{"score": '), score("7", **{"7": 0.9, "1": 0.1}), *plain("}")]
    assert expected_value(reply(tokens), ("score",), (0, 10), 7) == 7


@given(st.text(max_size=30), st.sampled_from(STEPS))
def test_one_token_per_byte_where_characters_are_cut(reason: str, chosen: int) -> None:
    """A byte-level vocabulary shows each byte of a longer character as U+FFFD."""
    text = json.dumps({"reason": reason, "score": chosen, "more": reason}, ensure_ascii=False)
    text = text.encode("utf-8", "replace").decode()
    tokens = [TokenLogprob(bytes([b]).decode("utf-8", "replace"), -5.0) for b in text.encode()]
    at = len(json.dumps({"reason": reason}, ensure_ascii=False).encode("utf-8", "replace"))
    at += len(', "score": ') - 1
    other = 6 - chosen
    tokens[at] = score(str(chosen), **({str(chosen): 0.5, str(other): 0.5}))
    got = expected_value(reply(tokens, text), ("score",), STEPS, chosen)
    assert got == pytest.approx(3)
