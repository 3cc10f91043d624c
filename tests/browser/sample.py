"""A fusion by hand, for the kernel and for the test: five answers that differ in every column."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "views"))
from fusions_by_hand import LOST, candidate, fusion

from fusion_magics.types import CriterionScore, Fusion, Judgment, Usage, Verdict

MARKDOWN = """\
The mean of the sample is $\\bar{x} = \\frac{1}{n} \\sum_i x_i$, and it is *unbiased*.

```python
def mean(values):
    return sum(values) / len(values)
```

| n | mean |
|---|---|
| 3 | 2.5 |

- It needs one pass, and no more memory than the running sum of what it has seen by then.
- It is moved by one outlier as far as one likes, which the median of the sample is not.
"""

# member, text, start, end, rank, score, by criterion, rationale, cost
_ROWS = (
    ("zeta:small", "Take the mean.", 0.0, 1.9, 3, 6.5, (7.0, 6.0), "Brief.", 0.002),
    ("alpha:big", MARKDOWN, 0.2, 4.0, 2, 8.0, (9.0, 8.5), "It shows code and a formula.", 0.03),
    ("Mid:one", "Take the median of it all.", 0.1, 0.9, 1, 9.0, (6.0, 9.5), "Robust.", 0.001),
    ("beta:two", "I cannot say.", 0.3, 2.2, 5, 1.0, (1.0, 2.0), "No answer at all.", 0.004),
    ("gamma:odd", "Take the mode, or the mean.", 0.0, 0.5, 4, 5.0, (5.5, 4.0), "Vague.", 0.005),
)


def sample() -> Fusion:
    """Its best is not the one with the long answer, so that this is folded in its row."""
    candidates = [
        replace(c, usage=Usage(40, len(text.split()), cost=cost))
        for member, text, start, end, *_, cost in _ROWS
        for c in [candidate(member, text, start, end)]
    ]
    verdicts = tuple(
        Verdict(
            i,
            rank,
            score,
            why,
            "",
            "",
            (CriterionScore("correct", a), CriterionScore("clear", b)),
        )
        for i, (_, _, _, _, rank, score, (a, b), why, _) in enumerate(_ROWS)
    )
    judgment = Judgment(verdicts, 2, "pointwise", "tiny:judge", 0.4, rubric="general")
    return fusion(candidates, judgment, (LOST,))
