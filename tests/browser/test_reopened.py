"""A notebook that JupyterLab saved, read again: by front ends, by exporters, without a kernel.

The file is made by real clicks, with the models that ship; then nothing but the file is left.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import Lab, NotebookPage, opened, reopened, without_kernel

from fusion_magics import Fusion
from fusion_magics.answers import split_answer

sys.path.append(str(Path(__file__).parents[1] / "views"))
from reading import read

ARTIFACTS = Path(__file__).parents[2] / "artifacts"
WIDGET = "application/vnd.jupyter.widget-view+json"
NO_SESSION = "() => !window.jupyterapp.shell.currentWidget.sessionContext.session"
NEVER = ("Loading widget", "Error displaying widget", "widget-view", "Could not render")

LOAD = """%load_ext fusion_magics
from fusion_magics.backends.scripted import SCRIPTS, Script
WORDS = "the lock is released with its connection".split()
for name in ("one", "two"):
    SCRIPTS[name] = Script(" ".join(f"{name}{i}-{WORDS[i % 7]}" for i in range(2000)))
reply = '{"check": "checked", "rationale": "Right, as far as can be told.", "score": 8}'
SCRIPTS["judge"] = Script(reply, wording="short")
"""
FUSIONS = {
    "best": "A shop had 84 apples, sold 37 and got 26 new ones. How many are there?",
    "voted": "-p tiny:a,tiny:b,tiny:c -m vote\nWhat is 95 - 48?",
    "merged": "-m merge\nTwo things: What is 95 - 48? And Spell planet backwards.",
    "debated": "-p tiny:a,tiny:b,tiny:c -m debate --rounds 2\nWhat is 348 + 267?",
    "jury": "--jury builder,skeptic,founder\nWhat is 348 + 267?",
    "pairs": "--protocol pairwise\n"
    "Mia is taller than Ned. Zoe is shorter than Ned. Who is the tallest?",
    "long": "-p scripted:one,scripted:two -j scripted:judge --max-tokens 9999\nTell me all.",
}
KEEP = "import json\njson.dump({{n: globals()[n].to_json() for n in {names}}}, open('{file}', 'w'))"


@dataclass(frozen=True)
class Saved:
    """A notebook's file, and what its cells hold: name → fusion, in the cells' order."""

    path: Path
    fusions: dict[str, Fusion]

    def cell(self, name: str) -> nbformat.NotebookNode:
        return nbformat.read(self.path, as_version=4).cells[1 + [*self.fusions].index(name)]

    def html(self, name: str) -> str:
        outputs = self.cell(name).outputs
        return "".join(o.data["text/html"] for o in outputs if "data" in o)


@pytest.fixture(scope="module")
def saved(lab: Lab, chromium: Any) -> Saved:
    """Each mode and protocol, one with a vote cast by a click; saved, and the kernels ended."""
    cells = [f"%%fuse -o {name} {_lines(asked)}" for name, asked in FUSIONS.items()]
    keep = KEEP.format(names=[*FUSIONS], file="fusions.json")
    nb = opened(lab, chromium, "kept.ipynb", [LOAD, *cells, keep])
    for i in range(len(cells) + 1):
        nb.run(i)
    row = nb.output(1, "tbody tr[data-i]").nth(1)
    row.get_by_role("button", name="vote for").click()
    nb.output(
        1,
        "small",
    ).filter(has_text="your vote").wait_for()
    nb.run(len(cells) + 1)
    nb.shot("reopened-before")
    nb.save()
    nb.page.close(run_before_unload=False)
    lab.shut_kernels_down()
    stored = json.loads((lab.folder / "fusions.json").read_text())
    return Saved(nb.path, {name: Fusion.from_json(text) for name, text in stored.items()})


def _lines(asked: str) -> str:
    return asked if asked.startswith("-") else f"\n{asked}"


# ── what must be there ───────────────────────────────────────────────────────────────────────


def _texts(fusion: Fusion) -> list[str]:
    """What candidates and judges say, in the pieces in which it is shown."""
    rounds = [fusion, *fusion.rounds]
    answers = [candidate for one in rounds for candidate in one.candidates]
    pieces = [piece for candidate in answers for piece in split_answer(candidate.text)]
    if (judgment := fusion.judgment) is not None:
        judged = judgment.comparisons or judgment.verdicts
        pieces += [text for one in judged for text in (one.rationale, one.working)]
        pieces += [c.rationale for v in judgment.verdicts for c in v.criteria]
        pieces += [ballot.rationale for ballot in judgment.panel.ballots] if judgment.panel else []
        pieces += [judgment.analysis.working] if judgment.analysis else []
    return [piece for piece in pieces if piece]


def _facts(fusion: Fusion) -> list[str]:
    """Names, scores and criteria."""
    verdicts = fusion.judgment.verdicts if fusion.judgment else ()
    scores = [v.score for v in verdicts] + [c.score for v in verdicts for c in v.criteria]
    names = [c.member for c in fusion.candidates]
    names += [c.name for v in verdicts for c in v.criteria]
    return names + [f"{score:.1f}".removesuffix(".0") for score in scores if score is not None]


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def missing(fusion: Fusion, shown: str) -> list[str]:
    """What of ``fusion`` is not in a text."""
    shown = _squeezed(shown)
    return [said for said in (*_texts(fusion), *_facts(fusion)) if _squeezed(said) not in shown]


def _complete(saved: Saved, nb: NotebookPage, shot: str) -> None:
    """Every cell shows everything, and nothing is said of widgets."""
    for i, (name, fusion) in enumerate(saved.fusions.items(), 1):
        view = nb.output(i, ".jp-RenderedHTMLCommon").last
        view.scroll_into_view_if_needed()
        assert missing(fusion, read(view.inner_html()).text) == [], name
    _no_widget_is_missed(nb)
    nb.output(1).scroll_into_view_if_needed()
    nb.page.wait_for_timeout(400)  # JupyterLab fades
    nb.shot(shot)


def _no_widget_is_missed(nb: NotebookPage) -> None:
    text = nb.page.locator(".jp-Notebook").inner_text()
    assert [said for said in NEVER if said in text] == []


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def test_the_file_holds_no_widget(saved: Saved) -> None:
    notebook = nbformat.read(saved.path, as_version=4)
    nbformat.validate(notebook)
    assert "widgets" not in notebook.metadata
    for name in saved.fusions:
        data = [o.data for o in saved.cell(name).outputs]
        assert [set(one) for one in data] == [{"text/html", "text/plain"}], name
    assert "widget" not in saved.path.read_text().lower()


def test_the_file_holds_every_text_once(saved: Saved) -> None:
    for name, fusion in saved.fusions.items():
        shown = _squeezed(read(saved.html(name)).text)
        texts = Counter(map(_squeezed, _texts(fusion)))
        answer = [passage.text for passage in fusion.passages] or split_answer(fusion.text)
        texts.update(_squeezed(piece) for piece in answer if piece)
        for text in texts:
            # One text may be a part of another: two members agree, a reason quotes an answer.
            most = sum(times * other.count(text) for other, times in texts.items())
            if len(text) > 12:  # a single number is a score, too
                assert 1 <= shown.count(text) <= most, (name, text)


def test_the_file_holds_a_long_text_once_in_all(saved: Saved) -> None:
    raw, fusion = saved.path.read_text(), saved.fusions["long"]
    assert fusion.judgment is not None
    for i, candidate in enumerate(fusion.candidates):
        assert len(candidate.text) > 20_000
        assert raw.count(candidate.text) == 1
        # The answer is text/plain, too: for terminals.
        times = 2 if i == fusion.judgment.best else 1
        assert raw.count(candidate.text.split()[1000]) == times


def test_the_vote_that_was_clicked_is_kept(saved: Saved) -> None:
    assert saved.fusions["best"].vote is not None
    assert "your vote" in saved.html("best")


# ── opened again ─────────────────────────────────────────────────────────────────────────────


def test_with_a_new_kernel_before_anything_ran(saved: Saved, lab: Lab, chromium: Any) -> None:
    nb = reopened(lab, chromium, saved.path.name)
    nb.ready()
    nb.theme("JupyterLab Light")
    _complete(saved, nb, "reopened-new-kernel")
    assert nb.output(1, "style").count() > 0, "it is not trusted, so this shows nothing"
    nb.page.close(run_before_unload=False)
    lab.shut_kernels_down()


def test_without_a_kernel(saved: Saved, lab: Lab, chromium: Any) -> None:
    nb = without_kernel(lab, chromium, saved.path.name)
    _complete(saved, nb, "reopened-no-kernel")
    assert nb.output(1, "style").count() > 0, "it is not trusted, so this shows nothing"
    assert nb.page.evaluate(NO_SESSION)
    nb.page.close(run_before_unload=False)


def test_untrusted(saved: Saved, lab: Lab, chromium: Any) -> None:
    notebook = nbformat.read(saved.path, as_version=4)
    notebook.cells[0].source = "changed"
    nbformat.write(notebook, saved.path.with_name("untrusted.ipynb"))
    nb = without_kernel(lab, chromium, "untrusted.ipynb")
    _complete(saved, nb, "reopened-untrusted")
    assert nb.output(1, "style").count() == 0, "it is trusted, so this shows nothing"
    nb.page.close(run_before_unload=False)


SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
STATE = "application/vnd.jupyter.widget-state+json"


def test_with_the_state_of_widgets_saved(saved: Saved, lab: Lab, chromium: Any) -> None:
    nb = opened(lab, chromium, "state.ipynb", [LOAD, f"%%fuse\n{FUSIONS['best']}"])
    nb.run(0)
    _toggle(nb, SAVE_STATE)
    try:
        nb.run(1)
        nb.output(1, ".fz-tools").wait_for()
        notebook = nb.save()
    finally:
        _toggle(nb, SAVE_STATE)
    nb.page.close(run_before_unload=False)
    lab.shut_kernels_down()
    nbformat.validate(notebook)
    assert notebook.metadata.widgets[STATE]["state"], "GitHub refuses a file without"
    assert WIDGET not in str(notebook.cells)
    for again in (without_kernel, reopened):
        nb = again(lab, chromium, "state.ipynb")
        if again is reopened:
            nb.ready()
        view = nb.output(1, ".jp-RenderedHTMLCommon").last
        assert missing(saved.fusions["best"], read(view.inner_html()).text) == []
        _no_widget_is_missed(nb)
        nb.page.close(run_before_unload=False)
    lab.shut_kernels_down()


def _toggle(nb: NotebookPage, command: str) -> None:
    nb.page.evaluate("id => window.jupyterapp.commands.execute(id)", command)


# ── saved while it ran ───────────────────────────────────────────────────────────────────────


def test_saved_while_it_ran(lab: Lab, chromium: Any) -> None:
    slow = LOAD + 'SCRIPTS["slow"] = Script("word " * 400, gap=0.05)'
    nb = opened(
        lab, chromium, "running.ipynb", [slow, "%%fuse -p scripted:slow,scripted:one -m vote\nAll?"]
    )
    nb.run(0)
    nb.start(1)
    nb.output(1, ".fz-board").filter(has_text="word word").wait_for()
    saved = nb.save()
    nb.stop()
    nb.page.close(run_before_unload=False)
    lab.shut_kernels_down()
    (output,) = saved.cells[1].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert "word word" not in str(saved)
    assert "widgets" not in saved.metadata
    nb = without_kernel(lab, chromium, "running.ipynb")
    view = nb.output(1, ".fz")
    view.filter(has_text="saved before the result").wait_for()
    _no_widget_is_missed(nb)
    nb.shot("reopened-while-running")
    nb.page.close(run_before_unload=False)


# ── exported ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_exported_to_html(saved: Saved, chromium: Any, tmp_path: Path, template: str) -> None:
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name=template, mathjax_url="")
    html, _ = exporter.from_filename(str(saved.path))
    path = tmp_path / "page.html"
    path.write_text(html)
    page = chromium.new_page(viewport={"width": 1100, "height": 900})
    page.route("http*://**", lambda route: route.abort())
    page.goto(f"file://{path}")
    views = page.locator(".fz")
    assert views.count() == len(saved.fusions)
    for view, (name, fusion) in zip(views.all(), saved.fusions.items(), strict=True):
        assert missing(fusion, read(view.inner_html()).text) == [], name
    assert [said for said in NEVER if said in html] == []
    page.screenshot(path=ARTIFACTS / f"reopened-exported-{template}.png")
    page.close()


@pytest.mark.parametrize("kind", ["latex", "markdown", "rst"])
def test_exported_to_text(saved: Saved, kind: str) -> None:
    from nbconvert import get_exporter

    text, _ = get_exporter(kind)().from_filename(str(saved.path))
    for name, fusion in saved.fusions.items():
        for candidate in fusion.candidates:
            assert candidate.member in text, name
        assert fusion.judgment is not None
        for verdict in fusion.judgment.verdicts:
            assert _squeezed(verdict.rationale) in _squeezed(text), name
    assert [said for said in NEVER if said in text] == []
