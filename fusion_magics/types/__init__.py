"""The vocabulary: plain, immutable values that every room speaks.

A **pool** of members answers a :class:`Prompt`; each answer is a :class:`Candidate`, each member
that gave none a :class:`Failure`. A judge reads the candidates and gives a :class:`Judgment`. A
mode turns them into a :class:`Fusion`: the one answer, with all it came from.
"""

from .asking import (
    FREE,
    Answers,
    Call,
    Candidate,
    Delta,
    Failure,
    Finish,
    FinishReason,
    Message,
    Price,
    Prompt,
    Purpose,
    Role,
    SamplingParams,
    State,
    Timing,
    TokenLogprob,
    Usage,
    Wording,
)
from .judging import (
    Analysis,
    Ballot,
    Comparison,
    Contradiction,
    CriterionScore,
    Judgment,
    Panel,
    Point,
    Verdict,
)
from .result import Change, Fusion, Vote

__all__ = [
    "FREE",
    "Analysis",
    "Answers",
    "Ballot",
    "Call",
    "Candidate",
    "Change",
    "Comparison",
    "Contradiction",
    "CriterionScore",
    "Delta",
    "Failure",
    "Finish",
    "FinishReason",
    "Fusion",
    "Judgment",
    "Message",
    "Panel",
    "Point",
    "Price",
    "Prompt",
    "Purpose",
    "Role",
    "SamplingParams",
    "State",
    "Timing",
    "TokenLogprob",
    "Usage",
    "Verdict",
    "Vote",
    "Wording",
]
