"""All hostile texts in a real page, live and static: nothing runs, loads, covers or hides."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from layout import OVERFLOW

from fusion_magics.views import _words as words

FOLDERS = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "views")]
sys.path.append(FOLDERS[1])
from packed import LONG, fusions  # noqa: E402
from test_hostile import SHORT, squeezed  # noqa: E402

SETUP = f"""%load_ext fusion_magics
import sys
sys.path += {FOLDERS!r}
from dataclasses import replace
from held import stream
from packed import LONG, SHORT, fusions, long
FUSIONS = fusions()"""

# Whatever a payload would reach for. JupyterLab's own calls go to its own origin.
WATCH = """() => {
  window.caught_ = [];
  const caught = (what, said = '') => window.caught_.push(`${what} ${String(said).slice(0, 200)}`);
  for (const name of ['open', 'alert', 'confirm', 'prompt', 'print']) {
    window[name] = said => caught(name, said);
  }
  const ours = url => new URL(url?.url ?? url, location.href).origin === location.origin;
  const { fetch } = window;
  window.fetch = (url, ...rest) => { ours(url) || caught('fetch', url); return fetch(url, ...rest); };
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
  ...[document.title.replace(/^\\W*/, ''), location.href].filter((now, i) => now !== window.was_[i]),
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
  const area = root.closest('.jp-OutputArea, body').getBoundingClientRect();
  const apart = '.fz-sr, .fz-bar i, .fz-dock';
  for (const e of root.querySelectorAll('*')) {
    for (const { name } of e.attributes) if (name.startsWith('on')) found.push(e.outerHTML);
    const { position } = getComputedStyle(e);
    if (!['static', 'relative'].includes(position) && !e.matches(apart)) {
      found.push(`${position} ${e.outerHTML}`);
    }
  }
  return found.map(html => html.slice(0, 200));
})"""

OPEN = "root => root.querySelectorAll('details').forEach(d => { d.open = true })"
READ = "(root, css) => [...root.querySelectorAll(css)].map(e => e.innerText)"


class Watched:
    """A page, and what it asks of other places than its own."""

    def __init__(self, page: Any, home: str) -> None:
        self.page = page
        self.strange: list[str] = []
        own = (home, home.replace("http:", "ws:"), "data:", "blob:", "about:")
        for event in ("request", "websocket", "popup", "framenavigated"):
            page.on(event, lambda what: what.url.startswith(own) or self.strange.append(what.url))
        page.on("dialog", lambda dialog: (self.strange.append(dialog.message), dialog.dismiss()))
        page.evaluate(WATCH)

    def longest(self) -> float:
        """The longest task since this was last asked, in milliseconds."""
        return float(self.page.evaluate("() => { const l = longest_; longest_ = 0; return l }"))

    def found(self) -> list[str]:
        """All that should not be."""
        roots = self.page.locator(".fz")
        overflow = f"roots => roots.flatMap({OVERFLOW})"
        return [
            *self.strange,
            *self.page.evaluate(CAUGHT),
            *roots.evaluate_all(STRANGE),
            *roots.evaluate_all(overflow),
        ]


def unread(shown: list[str], texts: Any = SHORT.values(), length: int = 100_000) -> list[str]:
    """The texts that cannot be read in ``shown``, white space apart."""
    # Cleaned, since what streams is cleaned piece by piece: accents may stand higher.
    page = "\n".join(squeezed(words.clean(text)) for text in shown)
    wanted = {squeezed(words.clean(text)[:length]) for text in texts}
    return [text[:80] for text in wanted if text not in page]


def test_live(open_notebook: Any, lab: Any) -> None:
    shown = [f"FUSIONS[{i}]" for i in range(1, len(fusions()))]
    cells = [
        SETUP,
        "await stream(list(SHORT.values()), 9, 'short-end', FUSIONS[0])",
        "await stream(LONG, 20, 'long-end', long())",
        *shown,
        "replace(FUSIONS[1], blind=True)",
    ]
    nb = open_notebook("hostile-live.ipynb", cells, height=1000)
    nb.run(0)
    page = Watched(nb.page, lab.url)
    import time
    t = time.time()
    def log(*a):
        nonlocal t
        print(*a, round(time.time()-t, 2), "longest", page.longest()); t = time.time()

    nb.start(1)
    nb.output(1, ".fz-cols section").nth(len(SHORT) - 1).wait_for(state="attached")
    log("board")
    last = list(SHORT.values())[-1]
    nb.output(1, ".fz-top").filter(has_text=words.one_line(last)[:60]).wait_for()
    log("streamed")
    assert page.found() == []
    log("found")
    x = nb.output(1, ".fz-cols").evaluate(READ, ".fz-out")
    print(len(x), x[:5], x[-5:])
    nb.page.wait_for_timeout(1000)
    x = nb.output(1, ".fz-cols").evaluate(READ, ".fz-out")
    print(len(x), x[:5], x[-5:])
    print(nb.output(1, ".fz-top").inner_text(), nb.output(1, ".fz-narrow").count())
    assert unread(nb.output(1, ".fz-cols").evaluate(READ, ".fz-out")) == []
    assert unread(nb.output(1, ".fz-cols").evaluate(READ, ".fz-name b"), length=60) == []
    nb.page.set_viewport_size({"width": 400, "height": 1000})
    nb.output(1, ".fz-narrow").wait_for()
    assert page.found() == []
    nb.page.set_viewport_size({"width": 1200, "height": 1000})
    log("narrow")
    (lab.folder / "short-end").touch()
    nb.wait(1)
    log("end")

    nb.start(2)
    nb.output(2, ".fz-cols section").nth(len(LONG) - 1).wait_for()
    nb.output(2, ".fz-judging progress").wait_for()
    log("long streamed")
    assert page.found() == []
    (lab.folder / "long-end").touch()
    nb.wait(2)
    nb.output(2, ".fz-t").wait_for()
    nb.page.wait_for_timeout(500)
    log("long result")
    assert page.found() == []
    log("long found")
    for i in range(3, len(cells)):
        nb.run(i)
        nb.output(i, ".fz-acts" if i < len(cells) - 1 else ".fz-vote").first.wait_for()
        log("shown", i)
    log("all run")
    assert 0
