"""Results as large as they get: a hundred candidates of 2,000 words each."""

from __future__ import annotations

from random import Random

from fusions_by_hand import candidate, fusion

from fusion_magics.types import CriterionScore, Fusion, Judgment, Verdict

PROSE = (
    "The lock is released with its connection, which also covers a crash.",
    "Don't rewrite the table: a reader's query would wait behind it, and so would everyone else's.",
    'What the manual calls "concurrently" is slower, but it holds no lock on writes.',
    "First add the column as nullable; then backfill in batches of 10,000 rows & watch the lag.",
)
CODE = (
    "    for row in session.execute(query, {'limit': 1_000}):",
    '        if row["total"] < 0 and not row["seen"]:',
    "            yield row",
    "",
    "    return [x for x in found if x.key > last]",
)
CHINESE = ("锁随连接一起释放，崩溃时也是如此。", "不要重写整张表，否则读者都要等待。")
KINDS = ("prose", "code", "chinese")


def _text(dice: Random, kind: str, count: int) -> str:
    if kind == "chinese":
        return "\n\n".join("".join(dice.choices(CHINESE, k=8)) for _ in range(count // 80))
    blocks, total = [], 0
    while total < count:
        block = " ".join(dice.choices(PROSE, k=5))
        if kind == "code":
            block = "\n".join((PROSE[0], "```python", *dice.choices(CODE, k=24), "```"))
        blocks.append(block)
        total += len(block.split())
    return "\n\n".join(blocks)


def large(kind: str = "prose", count: int = 100, words: int = 2000) -> Fusion:
    """``count`` candidates of ``words`` words (Chinese: characters) or a few more, all judged."""
    dice = Random(0)
    texts = [f"{i}: {_text(dice, kind, words)}" for i in range(count)]
    verdicts = tuple(
        Verdict(
            i,
            1 + i,
            round(9.9 - i / 20, 1),
            f"Reason {i}: it names the lock; it is silent on {dice.choice(PROSE).lower()}",
            criteria=(CriterionScore("correct", 9.0 - i / 20), CriterionScore("clear", 8.0)),
        )
        for i in range(count)
    )
    members = (candidate(f"local:model-{i}", text, end=1 + i / 10) for i, text in enumerate(texts))
    return fusion([*members], Judgment(verdicts, 0, "pointwise", "local:judge", 1 / count))


def texts_of(fused: Fusion) -> list[str]:
    """Every text that a candidate or the judge wrote."""
    assert fused.judgment is not None
    said = [verdict.rationale for verdict in fused.judgment.verdicts]
    return [c.text for c in fused.candidates] + said
