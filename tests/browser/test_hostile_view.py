"""All hostile texts in a real page, live and static: nothing runs, loads, covers or hides."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import Lab, NotebookPage, opened, without_kernel
from layout import OVERFLOW

from fusion_magics.views import _words as words

FOLDERS = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "views")]
sys.path.append(FOLDERS[1])
from packed import LONG, TEXTS, packed  # noqa: E402
from test_hostile import squeezed  # noqa: E402

PACKS = len(packed())
SETUP = f"""%load_ext fusion_magics
import sys
sys.path += {FOLDERS!r}
from dataclasses import replace
from held import stream
from packed import LONG, TEXTS, joined, long, packed
PACKED = packed()"""
CELLS = [
    SETUP,
    "await stream(TEXTS, 9, 'short-end', PACKED[0])",
    *(f"PACKED[{i}]" for i in range(1, PACKS)),
    "joined()",
    "replace(joined(), blind=True)",
]
RESULTS = range(1, PACKS + 2)
LAST = len(CELLS) - 1
SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"

# Where a result shows its texts one by one.
PLACES = {
    "member": "tbody tr[data-i] th bdi",
    "reason": ".fz-why > .fz-x, .fz-why details > .fz-x",
    "thinking and critique": ".fz-a details > .fz-x",
    "note": ".fz-notes li",
    "failure": "tr.fz-fail",
    "analysis": ".fz-o",
    "jury": ".fz-j",
    "debate": ".fz-r",
}

# Whatever a payload would reach for. JupyterLab's own calls go to its own origin.
WATCH = """() => {
  window.caught_ = [];
  const caught = (what, said = '') => window.caught_.push(`${what} ${String(said).slice(0, 200)}`);
  for (const name of ['open', 'alert', 'confirm', 'prompt', 'print']) {
    window[name] = said => caught(name, said);
  }
  const ours = url => new URL(url?.url ?? url, location.href).origin === location.origin;
  const { fetch } = window;
  window.fetch = (url, ...rest) => {
    ours(url) || caught('fetch', url);
    return fetch(url, ...rest);
  };
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    ours(url) || caught('xhr', url);
    return open.call(this, method, url, ...rest);
  };
  navigator.sendBeacon = url => { caught('beacon', url); return false; };
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  Object.defineProperty(document, 'cookie', {
    get() { return get.call(this); },
    set(said) { caught('cookie', said); set.call(this, said); },
  });
  window.addEventListener('securitypolicyviolation', event => caught('csp', event.blockedURI));
  window.longest_ = 0;
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) {
      window.longest_ = Math.max(window.longest_, duration);
    }
  }).observe({ type: 'longtask' });
  window.was_ = [document.title.replace(/^\\W*/, ''), location.href];
}"""

CAUGHT = """() => [
  ...window.caught_,
  ...(window.__pwned === undefined ? [] : ['__pwned']),
  ...[document.title.replace(/^\\W*/, ''), location.href]
    .filter((now, i) => now !== window.was_[i]),
]"""

# Elements and attributes that are not ours, and what leaves its place.
STRANGE = """roots => roots.flatMap(root => {
  const found = [];
  const not = 'script, iframe, object, embed, applet, form, svg, link, meta, base, video, audio, '
    + 'source, textarea, template, noscript, dialog, portal, marquee, [id], [name], [srcset], '
    + '[background], [formaction], [contenteditable], [popovertarget]';
  for (const e of root.querySelectorAll(not)) found.push(e.outerHTML);
  for (const e of root.querySelectorAll('img')) {
    if (!e.src.startsWith('data:image/svg+xml;base64,')) found.push(e.outerHTML);
  }
  for (const e of root.querySelectorAll('[href], [src], [action]')) {
    if (e.tagName === 'IMG') continue;
    if (e.tagName !== 'A' || !/^(https?:\\/\\/|mailto:)/.test(e.getAttribute('href'))) {
      found.push(e.outerHTML);
    }
  }
  for (const e of root.querySelectorAll('style')) {
    if (e.parentElement !== root || !e.textContent.startsWith('.fz.fz{')) found.push(e.outerHTML);
  }
  for (const e of root.querySelectorAll('*')) {
    for (const { name } of e.attributes) if (name.startsWith('on')) found.push(e.outerHTML);
  }
  const style = /^((left|width|text-align|--share): *[\\w.%]+; *)+$/;
  for (const e of root.querySelectorAll('[style]:not([style=""])')) {
    if (!style.test(`${e.getAttribute('style')};`.replace(';;', ';'))) found.push(e.outerHTML);
  }
  for (const e of root.querySelectorAll('.fz, .fz-dock')) found.push(e.outerHTML);
  return found.map(html => html.slice(0, 200));
})"""

OPEN = "root => root.querySelectorAll('details').forEach(d => { d.open = true })"
READ = "(roots, css) => roots.flatMap(r => [...r.querySelectorAll(css)].map(e => e.innerText))"


class Watched:
    """A page, and what it asks of other places than its own."""

    def __init__(self, page: Any, *own: str) -> None:
        self.page = page
        self.strange: list[str] = []
        own = (*own, "data:", "blob:", "about:")
        for event in ("request", "websocket", "popup", "framenavigated"):
            page.on(event, lambda what: what.url.startswith(own) or self.strange.append(what.url))
        page.on("dialog", lambda dialog: (self.strange.append(dialog.message), dialog.dismiss()))

    def found(self, css: str = ".fz", overflow: bool = True) -> list[str]:
        """What should not be, of the views and of the page around them."""
        roots = self.page.locator(css)
        assert roots.count()
        pwned = self.page.evaluate("window.__pwned === undefined ? [] : ['__pwned']")
        scripts = [STRANGE, OVERFLOW][: 1 + overflow]
        return [*self.strange, *pwned, *(f for js in scripts for f in roots.evaluate_all(js))]


def unread(shown: Iterable[str], texts: Collection[str] = TEXTS) -> list[str]:
    """The texts that cannot be read in ``shown``, white space apart."""
    # Cleaned, since what streams is cleaned piece by piece: accents may stand higher.
    page = "\n".join(squeezed(words.clean(text)) for text in shown)
    return [text for text in texts if squeezed(words.clean(text)) not in page]


# ── live ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Seen:
    """What was wrong, by when it was so, and the file that was saved in the end."""

    path: Path
    found: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, list[str]] = field(default_factory=dict)
    caught: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(lab: Lab, chromium: Any) -> Seen:
    """Everything shown live, opened, compared, charted and voted on; then saved."""
    nb = opened(lab, chromium, "hostile-live.ipynb", CELLS, height=1000)
    page = Watched(nb.page, lab.url, lab.url.replace("http", "ws"))
    seen = Seen(nb.path)
    nb.run(0)
    nb.page.evaluate(WATCH)
    _running(nb, page, seen, lab)
    shown: dict[str, list[str]] = {place: [] for place in PLACES}
    for i in RESULTS:
        if i > 1:
            nb.run(i)
        _result(nb, i)
        for place, css in PLACES.items():
            shown[place] += nb.output(i, ".fz").evaluate_all(READ, css)
    seen.found["results"] = page.found()
    notes = [words.clean(text)[:200] for text in TEXTS]  # long ones are cut there
    for place, texts in shown.items():
        seen.unread[place] = unread(texts, notes if place == "note" else TEXTS)
    nb.shot("hostile-result")
    nb.run(LAST)
    nb.output(LAST, ".fz-vote").first.wait_for()
    nb.output(LAST, ".fz").evaluate(OPEN)
    seen.found["blind"] = page.found()
    nb.output(LAST, ".fz-vote").first.click()
    nb.output(LAST, ".fz-vote[aria-pressed=true]").wait_for()
    seen.found["voted"] = page.found()
    seen.caught = nb.page.evaluate(CAUGHT)
    nb.page.evaluate("id => window.jupyterapp.commands.execute(id)", SAVE_STATE)
    nb.save()
    nb.page.evaluate("id => window.jupyterapp.commands.execute(id)", SAVE_STATE)
    nb.page.close(run_before_unload=False)
    lab.shut_kernels_down()
    return seen


def _running(nb: NotebookPage, page: Watched, seen: Seen, lab: Lab) -> None:
    nb.start(1)
    said = words.one_line(TEXTS[-1])
    nb.output(1, ".fz-top").filter(has_text=said).wait_for()
    for name, width in (("running", 1200), ("running, narrow", 400)):
        nb.page.set_viewport_size({"width": width, "height": 1000})
        nb.output(1, ".fz-narrow").wait_for(state="attached" if width == 400 else "detached")
        nb.shot(f"hostile-{name.replace(', ', '-')}")
        seen.found[name] = page.found()
    nb.page.set_viewport_size({"width": 1200, "height": 1000})
    nb.output(1, ".fz-narrow").wait_for(state="detached")
    board = nb.output(1, ".fz-board")
    seen.unread["running"] = unread(board.evaluate_all(READ, ".fz-out"))
    seen.unread["running member"] = unread(board.evaluate_all(READ, ".fz-name b"))
    (lab.folder / "short-end").touch()
    nb.wait(1)


def _result(nb: NotebookPage, i: int) -> None:
    """Open all that can be opened in the result of a cell."""
    view = nb.output(i, ".fz")
    nb.output(i, ".fz-acts").wait_for()
    if (more := nb.output(i, ".fz-more")).is_visible():
        more.click()
    view.evaluate(OPEN)
    rows = nb.output(i, "tr[data-i]").count()
    if i <= PACKS:
        nb.output(i, ".fz-rich").nth(rows - 1).wait_for()
    # The last one stays.
    for panel in ("code", "agreement", "compare")[i % 3 :] + ("code",)[: i % 3]:
        nb.output(i, f"[data-panel={panel}]").click()
        nb.output(i, f"[data-panel={panel}][aria-expanded=true]").wait_for()
    if i % 3 == 1:
        kind = ("scores", "agreement", "timeline", "cost")[i // 3]
        nb.output(i).get_by_label("chart", exact=True).select_option(kind)
        nb.output(i, ".fz-chart img").wait_for()


def test_nothing_runs_or_leaves_its_place(seen: Seen) -> None:
    assert seen.found.keys() == {"running", "running, narrow", "results", "blind", "voted"}
    assert {when: found for when, found in seen.found.items() if found} == {}
    assert seen.caught == []


def test_all_can_be_read(seen: Seen) -> None:
    assert len(seen.unread) == 2 + len(PLACES)
    assert {place: texts for place, texts in seen.unread.items() if texts} == {}


def test_a_line_of_a_megabyte_does_not_freeze_the_page(open_notebook: Any, lab: Any) -> None:
    tries = 4
    cells = [SETUP, *(f"await stream(LONG, 20, 'long-{i}', long())" for i in range(tries))]
    nb = open_notebook("hostile-long.ipynb", cells)
    nb.run(0)
    nb.page.evaluate(WATCH)
    page = Watched(nb.page, lab.url, lab.url.replace("http", "ws"))
    longest = []
    for i in range(tries):  # another load of the machine may stretch one
        nb.page.evaluate("window.longest_ = 0")
        nb.start(1 + i)
        nb.output(1 + i, ".fz-judging progress").wait_for()
        assert page.found() == []
        shown = nb.output(1 + i, ".fz-board").evaluate_all(READ, ".fz-out")
        assert unread(shown, [text[-1000:] for text in LONG]) == []
        nb.page.evaluate("window.drawn_ = window.longest_, window.longest_ = 0")
        (lab.folder / f"long-{i}").touch()
        nb.wait(1 + i)
        nb.output(1 + i, ".fz-acts").wait_for()
        nb.page.wait_for_timeout(500)
        longest.append(nb.page.evaluate("Math.max(window.drawn_, window.longest_)"))
        if longest[-1] < 1000:
            break
    print("the longest task, in milliseconds:", longest)
    nb.output(1, ".fz").evaluate(OPEN)
    assert page.found() == []
    assert nb.page.evaluate(CAUGHT) == []
    assert min(longest) < 1000


# ── static ───────────────────────────────────────────────────────────────────────────────────


def test_the_file_holds_no_text_in_a_widget(seen: Seen) -> None:
    notebook = nbformat.read(seen.path, as_version=4)
    state = str(notebook.metadata.widgets)
    assert "data-fz" in state, "no state was saved, so this shows nothing"
    assert "__pwned" not in state


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_opened_again_without_a_kernel(seen: Seen, lab: Any, chromium: Any, trusted: bool) -> None:
    notebook = nbformat.read(seen.path, as_version=4)
    name = seen.path.name
    if not trusted:
        name = "hostile-untrusted.ipynb"
        notebook.cells[0].source = "changed"
        nbformat.write(notebook, seen.path.with_name(name))
    nb = without_kernel(lab, chromium, name)
    page = Watched(nb.page, lab.url, lab.url.replace("http", "ws"))
    nb.output(LAST, ".jp-RenderedHTMLCommon details").first.wait_for(state="attached")
    assert bool(nb.output(1, "style").count()) == trusted
    nb.page.locator(".jp-Notebook").evaluate(OPEN)
    nb.page.wait_for_timeout(500)  # MathJax and images, had they been asked for
    assert page.found(overflow=trusted) == []
    assert nb.page.locator("mjx-container").count() == 0
    assert unread(nb.page.locator(".fz").all_text_contents()) == []
    nb.shot(f"hostile-{'trusted' if trusted else 'untrusted'}")
    nb.page.close(run_before_unload=False)


def test_exported(seen: Seen, chromium: Any, tmp_path: Path) -> None:
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter(mathjax_url="").from_filename(str(seen.path))
    path = tmp_path / "page.html"
    path.write_text(html)
    tab = chromium.new_page(viewport={"width": 1100, "height": 900})
    tab.route("http*://**", lambda route: route.abort())
    # What nbconvert itself asks for, for a notebook with the state of widgets.
    own = ("https://cdnjs.cloudflare.com/ajax/libs/", "https://unpkg.com/@jupyter-widgets/")
    page = Watched(tab, path.as_uri(), *own)
    tab.goto(path.as_uri())
    tab.evaluate(OPEN.replace("root =>", "() =>").replace("root.", "document."))
    tab.wait_for_timeout(500)
    assert page.found() == []
    assert unread(tab.locator(".fz").all_inner_texts()) == []
    tab.close()
