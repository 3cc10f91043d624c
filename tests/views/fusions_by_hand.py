"""Fusions made by hand, one per thing that a view must be able to say."""

from __future__ import annotations

from fusion_magics.types import (
    Call,
    Candidate,
    Failure,
    Fusion,
    Judgment,
    Prompt,
    SamplingParams,
    Timing,
    Usage,
    Verdict,
)

HOSTILE = {
    "script": "<script>window.__pwned=1</script>",
    "close": "</script></style></div></td></table><b>out</b>",
    "image": '<img src=x onerror="window.__pwned=2">',
    "svg": "<svg onload=window.__pwned=3>",
    "frame": '<iframe srcdoc="<script>parent.__pwned=4</script>"></iframe>',
    "link": "<a href='javascript:window.__pwned=5'>go</a> [go](javascript:window.__pwned=5)",
    "attribute": '" onmouseover="window.__pwned=6" x="',
    "comment": "<!-- --!> <![CDATA[ ]]>",
    "math": r"$\href{javascript:window.__pwned=7}{go}$ \(x^2\)",
    "ansi": "\x1b[31mred\x1b[2J\x1b]8;;http://evil\x07link\x9b5m",
    "bidi": "safe\u202eevil\u2066\u200btext",
    "surrogate": "half \ud800 pair",
    "style": "<style>body{display:none}</style>",
}


def candidate(
    member: str, text: str, start: float = 0.0, end: float = 0.8, **changes: object
) -> Candidate:
    """An answer whose tokens are its words, read in the first tenth of its time."""
    timing = Timing(0.0, start, start + (end - start) / 10, start + (end - start) / 5, end)
    usage = Usage(32, max(1, len(text.split())), cost=0.0)
    fields = {"usage": usage, "finish_reason": "stop", "timing": timing} | changes
    return Candidate(member, text, **fields)  # type: ignore[arg-type]


def fusion(
    candidates: list[Candidate],
    judgment: Judgment | None,
    failures: tuple[Failure, ...] = (),
    **changes: object,
) -> Fusion:
    """A fusion of ``candidates``, with the calls that they imply."""
    calls = [Call(c.member, "member", "done", c.timing, c.usage) for c in candidates]
    last = max((c.timing.ended or 0 for c in candidates), default=0.0)
    if judgment is not None and judgment.judge:
        for i, c in enumerate(candidates):
            at = last + 0.2 * i
            timing = Timing(last, None, at, at + 0.05, at + 0.2)
            label = f"{judgment.judge} on {c.member}"
            calls.append(Call(label, "judge", "done", timing, Usage(80, 30, 10, 0.0)))
    best = judgment.best if judgment else 0
    fields: dict[str, object] = {
        "text": candidates[best].text if candidates else "",
        "prompt": Prompt.of("How many r are in strawberry?"),
        "mode": "best-of",
        "pool": tuple(c.member for c in candidates) + tuple(f.member for f in failures),
        "params": SamplingParams(),
        "calls": tuple(calls),
        "notes": (),
    }
    return Fusion(
        candidates=tuple(candidates),
        failures=failures,
        judgment=judgment,
        **(fields | changes),  # type: ignore[arg-type]
    )


LOST = Failure(
    "llamacpp:big.gguf",
    "out-of-memory",
    "It does not fit: 18.1 GB are needed, 15.2 GB are free.",
    hint="Try a smaller quantisation, or @context=4096.",
    partial="It begins well and",
)


def best_of() -> Fusion:
    """Three members, a judge, a clear winner."""
    return fusion(
        [
            candidate("tiny:sums", "s t r a w b e r r y\nAnswer: 2", end=0.31),
            candidate(
                "tiny:words",
                "s t r a w b e r r y. r at 3, r at 8, r at 9: three.\nAnswer: 3",
                end=0.42,
            ),
            candidate("tiny:logic", "Answer: strawberry", end=0.2),
        ],
        Judgment(
            (
                Verdict(0, 2, 4.0, "Spelled right, counted wrong.", "r r r = 3; 2 is not 3"),
                Verdict(1, 1, 9.5, "Spelled and counted right.", "r r r = 3; 3 is 3"),
                Verdict(2, 3, 0.0, "Not a number.", "3; strawberry is no number"),
            ),
            1,
            "pointwise",
            "tiny:judge",
            1 / 3,
            order=(2, 0, 1),
        ),
    )


def vote() -> Fusion:
    """The same answers, counted."""
    return fusion(
        [
            candidate("tiny:a", "Answer: 3"),
            candidate("tiny:b", "Answer: 2"),
            candidate("tiny:c", "I count 3.\nAnswer: 3"),
        ],
        Judgment(
            (
                Verdict(0, 1, rationale="2 of 3 votes for 3"),
                Verdict(1, 3, rationale="1 of 3 votes for 2"),
                Verdict(2, 1, rationale="2 of 3 votes for 3"),
            ),
            0,
            "vote",
            agreement=2 / 3,
        ),
        mode="vote",
    )


def one_left() -> Fusion:
    """All failed but one: nothing to compare."""
    crash = Failure("mlx:there", "crashed", "The child process ended by signal 9.", True)
    return fusion([candidate("tiny:words", "Answer: 3")], None, (LOST, crash))


def tied() -> Fusion:
    """Two share the top."""
    return fusion(
        [candidate(m, f"Answer: {a}") for m, a in (("one", "3"), ("two", "4"), ("three", "5"))],
        Judgment(
            (Verdict(0, 1, 8.0, "Good."), Verdict(1, 1, 8.0, "Good."), Verdict(2, 3, 1.0, "No.")),
            1,
            "pointwise",
            "tiny:judge",
            1 / 3,
            ties=(0, 1),
            rule="equal scores: one drawn by the seed",
        ),
    )


def unread() -> Fusion:
    """One verdict could not be read, one answer was cut, one is long."""
    long = "It is a long story. " * 60
    return fusion(
        [
            candidate("one", long),
            candidate("two", "Answer: 4", finish_reason="length"),
        ],
        Judgment(
            (
                Verdict(0, 1, 7.25, "Long but right."),
                Verdict(1, 2, error="The judge's reply could not be read, twice: not JSON"),
            ),
            0,
            "pointwise",
            "tiny:judge",
            0.5,
        ),
        notes=("Cut at the token limit: two.",),
    )


def hostile() -> Fusion:
    """Every text is an attack, in every place that shows one."""
    attack = "\n".join(HOSTILE.values())
    return fusion(
        [candidate(attack, f"{attack}\nAnswer: {attack}"), candidate("long", attack * 9)],
        Judgment(
            (
                Verdict(0, 1, 9.0, attack, attack),
                Verdict(1, 1, None, attack * 3, attack, error=attack),
            ),
            0,
            "pointwise",
            attack,
            0.5,
            ties=(0, 1),
            rule=attack,
        ),
        (Failure(attack, attack, attack, hint=attack, partial=attack),),
        mode=attack,
        notes=(attack,),
    )


def hundred() -> Fusion:
    """A hundred members, two of them lost."""
    many = [candidate(f"m{i}", f"Answer: {i % 7}") for i in range(98)]
    verdicts = tuple(Verdict(i, 1 + i, 10 - i / 10, f"reason {i}") for i in range(98))
    return fusion(many, Judgment(verdicts, 0, "pointwise", "j", 0.15), (LOST, LOST))


def stopped() -> Fusion:
    """Stopped when one had answered and one was writing: no decision."""
    late = Failure("slow", "cancelled", "Cancelled.", partial="one two\nthree")
    note = "Stopped before it was decided; what had arrived is kept."
    return fusion([candidate("quick", "No.\nAnswer: no")], None, (late,), text="", notes=(note,))


def code() -> Fusion:
    """The answer is a file that has answers in it."""
    yaml = "```yaml\nfirst:\n  answer: 1\nsecond:\n  answer: 2\nthird: x\n```"
    return fusion([candidate("one", yaml)], None)


def nothing() -> Fusion:
    """No candidate: a fusion that was stored before anything came."""
    return fusion([], None, (LOST,))


def megabyte() -> Fusion:
    """One line of a megabyte without a space."""
    huge = "x" * 1_000_000
    verdicts = (Verdict(0, 1, 5.0, huge, huge), Verdict(1, 2, 1.0, "small"))
    return fusion(
        [candidate(huge[:400], huge), candidate("small", "Answer: " + huge)],
        Judgment(verdicts, 0, "pointwise", "j", 0.5),
    )


def rtl() -> Fusion:
    """Arabic with a number and a Latin name in it, and Chinese beside it."""
    return fusion(
        [
            candidate("arabic", "\u0627\u0644\u062c\u0648\u0627\u0628 \u0647\u0648 3 (GGUF)."),
            candidate("chinese", "\u7b54\u6848\u662f\u4e09\u3002" * 30),
        ],
        Judgment(
            (Verdict(0, 1, 9.0, "\u0635\u062d"), Verdict(1, 2, 8.0, "\u597d")),
            0,
            "pointwise",
            "j",
            0.5,
        ),
    )


SAMPLES = {
    f.__name__: f
    for f in (
        *(best_of, vote, one_left, tied, unread, stopped, code),
        *(hostile, hundred, nothing, megabyte, rtl),
    )
}
