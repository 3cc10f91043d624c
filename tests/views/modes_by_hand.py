"""Fusions made by hand, one per mode, judge protocol and pool policy."""

from __future__ import annotations

from dataclasses import replace

from fusions_by_hand import HOSTILE, LOST, candidate, fusion
from fusions_by_hand import SAMPLES as FIRST_SAMPLES

from fusion_magics.types import (
    Analysis,
    Answers,
    Ballot,
    Change,
    Comparison,
    Contradiction,
    CriterionScore,
    Failure,
    Fusion,
    Judgment,
    Panel,
    Point,
    Prompt,
    Verdict,
)

LOCK = "Take an advisory lock per tenant, so that two deploys never race."
SPLIT = "Add the column as nullable, backfill in batches, then validate a check constraint."
KEEP = "Keep the old column for one release; rolling back is then a deploy, not a restore."
CODE = "Per batch:\n\n```sql\nUPDATE t\n   SET c = 0\n WHERE c IS NULL\n LIMIT 10000;\n```"
MEASURE = "Watch the replica lag while it runs."


def criteria(correct: float, complete: float, clear: float) -> tuple[CriterionScore, ...]:
    """Scores by three criteria, two of them with reasons."""
    return (
        CriterionScore("correct", correct, "It says what is locked, and for how long."),
        CriterionScore("complete", complete, "Nothing about the backfill."),
        CriterionScore("clear", clear),
    )


def rubric() -> Fusion:
    """Scored by three criteria, each with its own reason."""
    return fusion(
        [
            candidate("local:mistral-small-24b", f"{LOCK} {KEEP}", end=7.9),
            candidate("local:qwen2.5-14b", f"{SPLIT} No long lock is ever held.", end=4.8),
            candidate("openrouter:claude-3.7", KEEP, end=5.2),
        ],
        Judgment(
            (
                Verdict(0, 2, 8.2, "Right about the lock; silent on the backfill.", "…", "",
                        criteria(8.6, 7.0, 9.0)),
                Verdict(1, 1, 8.8, "The only answer that avoids a lock at every step.", "…", "",
                        criteria(9.2, 8.4, 8.8)),
                Verdict(2, 3, 6.0, "Best on rolling back.", "…", "", criteria(8.1, 6.6, 3.3)),
            ),
            1,
            "pointwise",
            "local:ministral-3-8b",
            1 / 3,
            rubric="general",
        ),
        (LOST,),
    )  # fmt: skip


ANALYSIS = Analysis(
    consensus=(Point("A change of a large table must not hold a long lock.", (0, 1)),),
    contradictions=(
        Contradiction(
            "Is a batch of 10,000 rows safe on replicas?",
            (Point("yes, at any load", (1,)), Point("no, it stalls them at peak", (0, 2))),
        ),
    ),
    partial_coverage=(Point("how to roll back", (0, 2)),),
    unique_insights=(Point("a lock per tenant keeps deploys apart", (0,)),),
    blind_spots=("Nobody says how long the constraint takes to validate.",),
    working="A rewrite holds a lock; [1] and [2] split it, [3] does not.",
)


def merge() -> Fusion:
    """Merged from three, one passage the aggregator's own, code in another."""
    scored = rubric()
    passages = (
        Point(SPLIT, (0, 1)),
        Point(LOCK, (0,)),
        Point(CODE, (1,)),
        Point(KEEP, (0, 2)),
        Point(MEASURE),
    )
    text = f"{SPLIT} {LOCK}\n\n{CODE}\n\n{KEEP} {MEASURE}"
    assert scored.judgment is not None
    judgment = replace(scored.judgment, analysis=ANALYSIS, agreement=0.71, order=(1, 0, 2))
    return replace(scored, text=text, mode="merge", passages=passages, judgment=judgment)


def merge_unscored() -> Fusion:
    """Merged without scores; the analysis could not be read, and the result says so."""
    merged = merge()
    says = "supports 2 of 5 sentences, 1 of them alone"
    verdicts = tuple(Verdict(i, 1, rationale=says) for i in range(3))
    note = "The analysis could not be read, so the answer was written from the raw answers."
    judgment = Judgment(verdicts, 1, "merge", "local:ministral-3-8b", ties=(0, 1, 2))
    return replace(merged, judgment=judgment, notes=(note,))


def merge_undecided() -> Fusion:
    """Stopped after the analysis."""
    merged = merge()
    assert merged.judgment is not None
    note = "Stopped before it was decided; what had arrived is kept."
    undecided = replace(merged.judgment, decided=False)
    return replace(merged, text="", passages=(), judgment=undecided, notes=(note,))


def merge_long() -> Fusion:
    """A merged answer of many passages."""
    texts = [f"Passage {i} says this and that at some length. " * 4 for i in range(60)]
    passages = tuple(Point(text, (i % 3,) if i % 4 else ()) for i, text in enumerate(texts))
    return replace(merge(), text="\n\n".join(texts), passages=passages)


def pairwise() -> Fusion:
    """Every pair in both orders; one flipped, one reply could not be read."""
    three = [candidate("tiny:a", "Answer: 12"), candidate("tiny:b", "Answer: 14")]
    three.append(candidate("tiny:c", "Six and eight are 14.\nAnswer: 14"))
    return fusion(
        three,
        Judgment(
            (Verdict(0, 3, 1.9), Verdict(1, 1, 7.4), Verdict(2, 2, 5.7)),
            1,
            "pairwise",
            "tiny:judge",
            2 / 3,
            comparisons=(
                Comparison((0, 1), ((1,), (0,)), "14 is right.", "6 + 8 = 14"),
                Comparison((1, 0), ((1,), (0,)), "12 is too small.", "6 + 8 = 14"),
                Comparison((0, 2), ((2,), (0,)), "It shows the sum."),
                Comparison((2, 0), error="The judge's reply could not be read, twice: not JSON"),
                Comparison((1, 2), ((1,), (2,)), "Short and right."),
                Comparison((2, 1), ((2,), (1,)), "It shows the sum."),
            ),
            pairs=3,
            flips=1,
        ),
        prompt=Prompt.of("What is 6 + 8?"),
    )


def listwise() -> Fusion:
    """Three permutations of three."""
    fused = pairwise()
    assert fused.judgment is not None
    comparisons = (
        Comparison((0, 1, 2), ((1, 2), (0,)), "Two give 14.", "6 + 8 = 14"),
        Comparison((2, 0, 1), ((2,), (1,), (0,)), "The first shows its working."),
        Comparison((1, 2, 0), ((1, 2), (0,)), "Both are right."),
    )
    judgment = replace(
        fused.judgment, protocol="listwise", comparisons=comparisons, pairs=3, flips=1
    )
    return replace(fused, judgment=judgment)


JURORS = ("builder", "skeptic", "creator", "futurist", "founder")
REASONS = (
    "Could be pasted into a runbook.",
    "Nobody measured the replica lag.",
    "Short and in the right order.",
    "Ages well with online DDL.",
    "Saves one outage, pays itself.",
)


def jury() -> Fusion:
    """Five personas of one model, who disagree about all but the winner."""
    fused = rubric()
    scores = ((60, 45, 55, 70, 40), (88, 45, 80, 85, 75), (35, 20, 65, 50, 30))
    ballots = tuple(
        Ballot(juror, i, row[j] >= 60, row[j], REASONS[j] if i == 1 else f"{juror} on {i}")
        for i, row in enumerate(scores)
        for j, juror in enumerate(JURORS)
    )
    panel = Panel(
        JURORS,
        ("local:ministral-3-8b",) * 5,
        ballots,
        ship=(0.4, 0.8, 0.2),
        alpha=0.46,
        alpha_interval=(0.11, 0.70),
    )
    verdicts = tuple(Verdict(i, r, s) for i, (r, s) in enumerate(((2, 5.4), (1, 7.46), (3, 4.0))))
    judgment = Judgment(verdicts, 1, "jury", "local:ministral-3-8b", 1 / 3, panel=panel)
    return replace(fused, judgment=judgment)


def jury_of_models() -> Fusion:
    """Three models weighted by reliability; one does not judge its own answer, one is mute."""
    unread = "The judge's reply could not be read, twice: not JSON"
    own = "A juror does not judge its own answer."
    panel = Panel(
        ("tiny:a", "skeptic", "tiny:judge"),
        ("tiny:a", "tiny:b", "tiny:judge"),
        (
            Ballot("tiny:a", 0, error=own),
            Ballot("skeptic", 0, False, 20, "Wrong."),
            Ballot("tiny:judge", 0, False, 10, "12 is not 14."),
            Ballot("tiny:a", 1, True, 90, "Right."),
            Ballot("skeptic", 1, error=unread),
            Ballot("tiny:judge", 1, False, 45, "Right, but it shows no working."),
        ),
        "reliability",
        (1.2, 0.5, 1.3),
        (0.0, 0.5),
    )
    judgment = Judgment(
        (Verdict(0, 2, 1.3), Verdict(1, 1, 6.6)), 1, "jury", "tiny:judge", 0.5, panel=panel
    )
    both = [candidate("tiny:a", "Answer: 12"), candidate("tiny:b", "Answer: 14")]
    note = "tiny:a is a juror and a member; it did not judge its own answer."
    return fusion(both, judgment, notes=(note,))


def debate() -> Fusion:
    """Two rounds: one is convinced, one stays, one breaks off."""
    first = Answers(
        (
            candidate("tiny:a", "6 + 8 = 12\nAnswer: 12"),
            candidate("tiny:b", "6 + 8 = 14\nAnswer: 14"),
            candidate("tiny:c", "I guess.\nAnswer: 15"),
        )
    )
    said = "[2] adds right; [3] only guesses."
    last = (
        candidate("tiny:a", "6 + 8 = 14 after all\nAnswer: 14", critique=said),
        candidate("tiny:b", "6 + 8 = 14\nAnswer: 14", critique="[1] is two short."),
    )
    lost = replace(LOST, member="tiny:c")
    judgment = Judgment(
        (Verdict(0, 1, 9.0, "Right."), Verdict(1, 1, 9.0, "Right.")),
        1,
        "pointwise",
        "tiny:judge",
        1.0,
        ties=(0, 1),
        rule="equal scores: one drawn by the seed",
    )
    return fusion(
        list(last),
        judgment,
        (lost,),
        mode="debate",
        rounds=(first, Answers(last, (lost,))),
        changes=(Change(1, "tiny:a", "12", "14", ("tiny:b",)),),
        prompt=Prompt.of("What is 6 + 8?"),
    )


def debate_unmoved() -> Fusion:
    """Nobody changed."""
    fused = debate()
    answers = Answers(fused.candidates)
    return replace(fused, rounds=(answers, answers), changes=(), failures=())


def early_stop() -> Fusion:
    """A vote that ended before all were asked; one answer came late, one model thought."""
    fused = FIRST_SAMPLES["vote"]()
    thinking = "Let me count: s t r a w b e r r y. That is three."
    thought = (*fused.candidates[:2], replace(fused.candidates[2], thinking=thinking))
    late = (candidate("slow:d", "It is three, I think.\nAnswer: 3", end=9.0),)
    lost = Failure("slow:d", "late", "It had not ended after 5 s.")
    return replace(fused, candidates=thought, late=late, failures=(lost,), saved_calls=4)


def escalated() -> Fusion:
    """The first member was sure, so nobody else was asked."""
    note = "tiny:a was sure (0.97): 5 calls saved."
    pool = ("tiny:a", "tiny:b", "tiny:c")
    return fusion([candidate("tiny:a", "Answer: 3")], None, pool=pool, saved_calls=5, notes=(note,))


def hostile_modes() -> Fusion:
    """Every text of every mode is an attack."""
    attack = "\n".join(HOSTILE.values())
    point = Point(attack, (0, 1))
    both = (
        candidate(attack, attack, thinking=attack, critique=attack),
        candidate("long", attack * 9),
    )
    comparisons = (
        Comparison((0, 1), ((0,), (1,)), attack, attack),
        Comparison((1, 0), error=attack),
    )
    panel = Panel(
        (attack, "b"),
        (attack, "c"),
        (Ballot(attack, 0, True, 90, attack), Ballot("b", 0, error=attack)),
        attack,
        (1.5, 0.5),
    )
    scores = (CriterionScore(attack, 9.0, attack),)
    judgment = Judgment(
        (Verdict(0, 1, 9.0, attack, attack, "", scores), Verdict(1, 2, 1.0, attack * 3)),
        0,
        attack,
        attack,
        0.5,
        comparisons=comparisons,
        pairs=1,
        panel=panel,
        analysis=Analysis(
            (point,), (Contradiction(attack, (point,)),), (point,), (point,), (attack,)
        ),
        rubric=attack,
    )
    return fusion(
        list(both),
        judgment,
        text=f"{attack}\n{attack}",
        mode="merge",
        passages=(point, Point(attack)),
        rounds=(Answers(both), Answers((replace(both[0], text="no"), both[1]))),
        changes=(Change(1, attack, attack, attack, (attack,)),),
        late=(both[0],),
    )


OF_MODES = (
    *(rubric, merge, merge_unscored, merge_undecided, merge_long, pairwise, listwise),
    *(jury, jury_of_models, debate, debate_unmoved, early_stop, escalated, hostile_modes),
)
SAMPLES = FIRST_SAMPLES | {f.__name__: f for f in OF_MODES}
