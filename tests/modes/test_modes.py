"""Modes: what wins, how ties are settled, and that pool order decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cases import candidate, case
from hypothesis import given
from hypothesis import strategies as st

from fusion_magics.answers import comparable, reader_of
from fusion_magics.modes import MODES, best_of, debate, merge, vote
from fusion_magics.modes.vote import count
from fusion_magics.seams import Ahead, Outcome
from fusion_magics.types import Candidate, Judgment, Prompt, Verdict


@dataclass
class Scoring:
    """A judge that gives these scores."""

    scores: Sequence[float | None]

    async def __call__(self, prompt: Prompt, candidates: Sequence[Candidate]) -> Judgment:
        scores = self.scores
        best = max((s for s in scores if s is not None), default=None)
        tops = tuple(i for i, s in enumerate(scores) if s is not None and s == best)
        verdicts = tuple(
            Verdict(i, 1, s, error="" if s is not None else "unread") for i, s in enumerate(scores)
        )
        ties = tops if len(tops) > 1 else ()
        order = tuple(reversed(range(len(candidates))))
        best = tops[0] if tops else 0
        return Judgment(verdicts, best, "pointwise", "j", ties=ties, order=order)

    def arrived(self) -> None:
        return None

    def ahead(self, *_: object) -> list[Ahead]:
        return []


def run(mode: str, texts: Sequence[str], scores: Sequence[float | None], seed: int = 0) -> Outcome:
    return asyncio.run(
        MODES[mode](case(list(map(candidate, texts)), Scoring(scores), seed=seed))  # type: ignore[arg-type]
    )


def test_best_of_is_the_highest_score_verbatim() -> None:
    outcome = run("best-of", ["Answer: 1", " x\nAnswer: 2 ", "Answer: 1"], [3, 9, 4])
    assert outcome.text == " x\nAnswer: 2 "
    assert outcome.judgment is not None
    assert outcome.judgment.agreement == 1 / 3
    assert outcome.notes == ()


def test_equal_scores_go_to_the_answer_most_give() -> None:
    for seed in range(5):
        outcome = run("best-of", ["Answer: 1", "so Answer: 2", "Answer: 2"], [9, 9, 1], seed)
        assert comparable(outcome.text) == "2"
        assert outcome.judgment is not None
        assert outcome.judgment.rule


def test_the_reader_decides_which_answers_are_equal() -> None:
    texts = ["(A) 5", "(B) 5", "(B) 6"]
    by_letter = case(list(map(candidate, texts)), Scoring([9, 9, 1]), read=reader_of("letter"))
    outcome = asyncio.run(best_of(by_letter))
    assert outcome.text == "(B) 5"
    assert outcome.judgment is not None
    assert outcome.judgment.agreement == 2 / 3
    unread = replace(by_letter, judge=Scoring([None] * 3))
    assert asyncio.run(best_of(unread)).text in texts[1:]


def test_an_unreadable_judge_leaves_it_to_the_majority_and_says_so() -> None:
    outcome = run("best-of", ["Answer: 1", "Answer: 2", "Answer: 2"], [None, None, None])
    assert comparable(outcome.text) == "2"
    assert "unread" in outcome.notes[0]
    judgment = outcome.judgment
    assert judgment is not None
    assert judgment.best in (1, 2)
    assert judgment.agreement == 2 / 3
    assert judgment.ties == ()
    # What the judge did is not lost.
    assert (judgment.protocol, judgment.judge, judgment.order) == ("pointwise", "j", (2, 1, 0))
    assert [(v.score, v.error) for v in judgment.verdicts] == [(None, "unread")] * 3


def test_an_unreadable_judge_and_a_divided_pool_say_how_it_was_settled() -> None:
    judgment = run("best-of", ["Answer: 1", "Answer: 2"], [None, None]).judgment
    assert judgment is not None
    assert judgment.ties == (0, 1)
    assert judgment.rule.startswith("tied answers")


def test_it_is_said_where_the_judge_thinks_nothing_of_all() -> None:
    note = "The judge gives no answer more than 0."
    assert run("best-of", ["1", "2", "3"], [0, 0, 0]).notes == (note,)
    assert run("best-of", ["1", "2", "3"], [0, None, 0]).notes[1:] == (note,)
    assert run("best-of", ["1", "2", "3"], [0, 1, 0]).notes == ()


def test_a_worthless_answer_does_not_win_over_unjudged_ones() -> None:
    outcome = run("best-of", ["Answer: 1", "Answer: 2", "Answer: 2"], [0, None, None])
    assert comparable(outcome.text) == "2"
    assert outcome.notes == (
        "The judge decided nothing, so the majority did. unread",
        "The judge gives no answer more than 0.",
    )


def test_some_unreadable_verdicts_are_counted() -> None:
    outcome = run("best-of", ["Answer: 1", "Answer: 2"], [None, 4])
    assert comparable(outcome.text) == "2"
    assert outcome.notes == ("1 of 2 verdicts could not be had.",)


def test_vote_counts_normalised_answers() -> None:
    outcome = run("vote", ["Answer: 1,000", "It is 7.\nAnswer: 7", "#### 1000.0"], [])
    assert comparable(outcome.text) == "1000"
    assert outcome.judgment is not None
    assert outcome.judgment.agreement == 2 / 3
    assert [v.rank for v in outcome.judgment.verdicts] == [1, 2, 1]
    assert outcome.judgment.ties == ()


def test_a_long_answer_is_cut_in_the_rationale() -> None:
    judgment = count([candidate("long " * 200_000), candidate("Answer: 7")], 0)
    assert judgment.verdicts[0].rationale.startswith("1 of 2 votes for long long")
    assert judgment.verdicts[0].rationale.endswith("…")
    assert len(judgment.verdicts[0].rationale) < 100
    assert judgment.verdicts[1].rationale == "1 of 2 votes for 7"


def test_a_whole_answer_speaks_for_its_group_before_a_cut_one() -> None:
    for seed in range(8):
        judgment = count([candidate("Answer: 5", "length"), candidate("so\nAnswer: 5")], seed)
        assert judgment.best == 1


ANSWERS = st.lists(st.sampled_from(["1", "2", "3", "", "a\nAnswer: 1"]), min_size=1, max_size=7)


@given(ANSWERS, st.integers(0, 99), st.randoms())
def test_shuffling_members_never_changes_the_vote(
    texts: list[str], seed: int, dice: object
) -> None:
    shuffled = list(texts)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = run("vote", texts, [], seed), run("vote", shuffled, [], seed)
    assert one.text == other.text


@given(ANSWERS, st.data())
def test_shuffling_members_never_changes_the_best(texts: list[str], data: st.DataObject) -> None:
    pairs = [(t, data.draw(st.none() | st.integers(0, 2))) for t in texts]
    shuffled = data.draw(st.permutations(pairs))
    one = run("best-of", [t for t, _ in pairs], [s for _, s in pairs])
    other = run("best-of", [t for t, _ in shuffled], [s for _, s in shuffled])
    assert one.text == other.text


def test_ties_are_drawn_and_every_answer_can_win() -> None:
    texts = ["Answer: 1", "Answer: 2", "Answer: 3"]
    winners = {run("vote", texts, [], seed).text for seed in range(40)}
    assert winners == set(texts)


def test_the_table_holds_the_modes_by_the_word_a_user_types() -> None:
    assert {"best-of": best_of, "merge": merge, "debate": debate, "vote": vote} == MODES
