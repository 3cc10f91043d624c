"""Charts: what they say, in any notebook, whatever the names and the user's settings are."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib
import pytest
from fusions_by_hand import HOSTILE, best_of, candidate, fusion
from modes_by_hand import SAMPLES, debate, jury, rubric
from reading import read

from fusion_magics.errors import UsageError
from fusion_magics.types import Fusion, Judgment, Verdict
from fusion_magics.views.charts import KINDS, chart_panel, plot, svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def written(fused: Fusion, kind: str) -> list[str]:
    """Every text of the chart."""
    root = ElementTree.fromstring(svg(fused, kind))
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def scored(*members: str, **changes: object) -> Fusion:
    judgment = Judgment(
        tuple(Verdict(i, i + 1, 9.0 - i) for i in range(len(members))), 0, "pointwise", "j"
    )
    return fusion([candidate(m, f"Answer: {m}", **changes) for m in members], judgment)


def _charts() -> Iterator[tuple[str, str]]:
    """The samples, and the charts that they have."""
    for name, sample in SAMPLES.items():
        fused = sample()
        judged = fused.judgment is not None
        if judged and any(v.score is not None for v in fused.judgment.verdicts):
            yield from ((name, "scores"), (name, "cost"))
        if fused.candidates:
            yield from ((name, "agreement"), (name, "timeline"))


CHARTS = [each for each in _charts() if each[0] != "megabyte"]


@pytest.mark.parametrize(("name", "kind"), CHARTS)
def test_a_chart_holds_nothing_that_runs(name: str, kind: str) -> None:
    root = ElementTree.fromstring(svg(SAMPLES[name](), kind))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not tags & {"script", "foreignObject", "image", "a"}
    assert not any(attribute.startswith("on") for e in root.iter() for attribute in e.attrib)


@pytest.mark.parametrize("kind", KINDS)
def test_where_there_is_nothing_to_plot_it_says_so(kind: str) -> None:
    with pytest.raises(UsageError, match=r"This fusion has no .* to plot"):
        plot(SAMPLES["nothing"](), kind)


def test_scores_by_member_in_the_order_of_the_table() -> None:
    texts = written(best_of(), "scores")
    assert [t for t in texts if t.startswith("tiny:")] == ["tiny:words", "tiny:sums", "tiny:logic"]
    assert {"9.5", "4", "score (0 to 10)", "3 answers, pointwise, judge tiny:judge"} <= set(texts)
    assert "score" not in texts, "one kind of mark needs no legend"


def test_criteria_and_jurors_have_their_marks() -> None:
    assert {" correct", " complete", " clear"} <= set(written(rubric(), "scores"))
    texts = written(jury(), "scores")
    assert {"a juror's score", "their spread"} <= set(texts)
    assert "3 answers, jury, judge local:ministral-3-8b, 5 jurors" in texts


def test_a_jury_on_the_merged_answer_has_one_row() -> None:
    fused = jury()
    assert fused.judgment is not None
    assert fused.judgment.panel is not None
    ballots = tuple(b for b in fused.judgment.panel.ballots if b.candidate == 0)
    panel = replace(fused.judgment.panel, ballots=ballots, ship=(), of_answer=True)
    texts = written(replace(fused, judgment=replace(fused.judgment, panel=panel)), "scores")
    assert "the merged answer" in texts
    assert "local:qwen2.5-14b" not in texts


def test_agreement_has_a_number_in_every_cell() -> None:
    texts = written(SAMPLES["vote"](), "agreement")
    assert (texts.count("0"), texts.count("1")) == (4, 5 + 1), "and 1 is the first column"
    assert "1: the same final answer, 0: another one" in texts


def test_the_timeline_names_its_phases_and_unit() -> None:
    texts = written(best_of(), "timeline")
    assert {"loading", "reading", "writing", "judging", "seconds since the fusion began"} <= {
        *texts
    }
    assert {"tiny:sums", "judge tiny:judge", "6 calls of 4 models"} <= set(texts)


@pytest.mark.parametrize(
    ("cost", "axis"),
    [
        (0.002, "cost (US dollars)"),
        (0.0, "tokens read and written (free)"),
        (None, "tokens read and written (the cost is unknown)"),
    ],
)
def test_the_axis_says_what_was_spent(cost: float | None, axis: str) -> None:
    fused = scored("a", "b")
    calls = tuple(replace(c, usage=replace(c.usage, cost=cost)) for c in fused.calls)
    assert axis in written(replace(fused, calls=calls), "cost")


def test_without_tokens_seconds_are_what_was_spent() -> None:
    fused = scored("a", "b")
    none = {"prompt_tokens": 0, "completion_tokens": 0}
    calls = tuple(replace(c, usage=replace(c.usage, **none)) for c in fused.calls)
    assert "seconds (free)" in written(replace(fused, calls=calls), "cost")


def test_a_debaters_calls_are_added_up() -> None:
    fused = debate()
    once = plot(fused, "cost").alt
    twice = plot(replace(fused, calls=fused.calls * 2), "cost").alt
    assert "tiny:b 9 at 39" in once
    assert "tiny:b 9 at 78" in twice


def test_of_many_some_are_shown_and_it_is_said() -> None:
    many = SAMPLES["hundred"]()
    assert any("30 of 98 members shown" in t for t in written(many, "scores"))
    assert any("names shown" in t for t in written(many, "cost"))
    assert "agreement of 24 answers; 74 more members not shown" in written(many, "agreement")
    assert any("30 of 99 models shown" in t for t in written(many, "timeline"))


# ── hostile and strange text ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    [*HOSTILE.values(), r"$\frac{1}{", "_hidden", "答案" * 40, "\u0627\u0644\u062c", "\U0001f9ff",
     "x" * 5000, ""],
)  # fmt: skip
def test_any_name_can_be_drawn(name: str, kind: str) -> None:
    chart = plot(scored(name, "b"), kind)
    data, _ = chart._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_dollars_are_no_mathematics_and_long_names_are_shortened() -> None:
    texts = written(scored("$a_1$", "llamacpp:/a/long/path/to/the/weights-Q4_K_M.gguf"), "scores")
    assert "$a_1$" in texts
    assert "llamacpp:/a/l…ts-Q4_K_M.gguf" in texts


def test_the_users_settings_are_neither_used_nor_changed() -> None:
    settings = {"text.usetex": True, "axes.facecolor": "black", "font.size": 40.0}
    plain = svg(best_of())
    with matplotlib.rc_context(settings):
        assert svg(best_of()) == plain
        chart = plot(best_of())
        assert matplotlib.rcParams["text.usetex"] is True
        assert matplotlib.rcParams["font.size"] == 40.0
    assert chart.get_facecolor() == (1, 1, 1, 1)


# ── shown and saved ──────────────────────────────────────────────────────────────────────────


def test_it_shows_itself_as_an_image_with_words() -> None:
    data, metadata = plot(best_of())._repr_mimebundle_()
    assert data["text/plain"] == (
        "score by member, 0 to 10: tiny:words 9.5, tiny:sums 4, tiny:logic 0"
    )
    image = base64.b64decode(data["image/png"])
    width = int.from_bytes(image[16:20], "big")
    assert width == 2 * metadata["image/png"]["width"]


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_it_can_be_saved(form: str) -> None:
    out = io.BytesIO()
    plot(rubric()).savefig(out, format=form)
    assert len(out.getvalue()) > 1000


def test_equal_fusions_give_equal_documents() -> None:
    assert svg(rubric()) == svg(rubric())


def test_the_panel_is_an_image_with_a_text_in_its_place() -> None:
    image = read(chart_panel(SAMPLES["hostile"](), "cost")).one("p", "fz-chart").one("img")
    assert set(image.attributes) == {"src", "alt"}
    kind, content = image.attributes["src"].split(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(content).decode() == svg(SAMPLES["hostile"](), "cost")
    assert image.attributes["alt"].startswith("score against tokens read and written (free): ")


def test_pyplot_is_left_alone_and_matplotlib_comes_late() -> None:
    program = """if True:
        import sys
        sys.path.append('tests/views')
        from fusions_by_hand import best_of
        from fusion_magics.views import bundle
        bundle(best_of())
        assert 'matplotlib' not in sys.modules
        best_of().plot("timeline")._repr_mimebundle_()
        assert 'matplotlib.pyplot' not in sys.modules
    """
    subprocess.run([sys.executable, "-c", program], check=True)


# ── errors ───────────────────────────────────────────────────────────────────────────────────


def test_another_kind_is_named_with_its_cure() -> None:
    with pytest.raises(UsageError, match=r"no chart 'score'.\nDid you mean scores\?"):
        best_of().plot("score")


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install 'fusion-magics\[plots\]'"):
        best_of().plot()
