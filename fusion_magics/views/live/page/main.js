// Finds the element of a fusion in the page, wherever and whenever it is, and makes it live.

// Each model loads this module anew; what they share hangs at the page.
const SHARED = Symbol.for("fusion_magics.live");
const GONE = "The kernel was restarted and does not have this any more: run the cell again.";

function shared() {
  return globalThis[SHARED] ??= (() => {
    const lives = new Map();
    let waits = false;
    const look = () => {
      waits = false;
      for (const root of document.querySelectorAll("[data-fz]:not([data-fz-on])")) {
        lives.get(root.dataset.fz)?.adopt(root);
      }
    };
    const observer = new MutationObserver(() => {
      if (waits) return;
      waits = true;
      requestAnimationFrame(look);
    });
    observer.observe(document.body, { childList: true, subtree: true });
    return { lives, look };
  })();
}

class Live {
  constructor(model) {
    this.model = model;
    this.key = model.get("key");
    this.state = { sort: null, query: "", filter: "all", open: new Set(), all: false };
    this.roots = new Map();
    this.waiting = new Map();
    this.asked = 0;
    this.take = this.take.bind(this);
    model.on("msg:custom", this.take);
    this.lose = this.lose.bind(this);
    model.on("comm_live_update", this.lose);
    const { lives, look } = shared();
    const before = lives.get(this.key);
    if (before) {
      this.state = before.state;
      before.dispose();
    }
    lives.set(this.key, this);
    look();
    this.send({ k: "hello" });
  }

  beat() {
    this.send({ k: "beat" });
    if (this.roots.size) return;
    // The notebook was not saved before the page was loaded anew: its cell is empty.
    this.dock ??= document.body.appendChild(make("div", { class: "fz fz-dock", "data-fz": this.key, role: "complementary", "aria-label": "running fusion" }));
  }

  quiet() {
    clearInterval(this.beats);
    this.beats = null;
  }

  send(message) {
    try { this.model.send(message); } catch { /* the kernel is gone, and so is its answer */ }
  }

  // The kernel was started anew; what is shown stays.
  lose() {
    this.gone = true;
    this.quiet();
    for (const view of this.roots.values()) view.lose?.();
    for (const answer of this.waiting.values()) answer({ error: GONE });
    this.waiting.clear();
  }

  ask(k, content = {}) {
    if (this.gone) return Promise.reject(new Error(GONE));
    const n = ++this.asked;
    this.send({ k, n, ...content });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("The kernel is busy or gone: nothing came back.")), 20_000);
      this.waiting.set(n, reply => {
        clearTimeout(late);
        if (reply.error) reject(new Error(reply.error));
        else resolve(reply);
      });
    });
  }

  take(message) {
    if (message.k === "board") this.begin(message);
    else if (message.k === "delta") this.delta(message);
    else if (message.k === "result") this.end(message);
    else if (message.k === "reply") {
      this.waiting.get(message.n)?.(message);
      this.waiting.delete(message.n);
    }
  }

  // ── while it runs ─────────────────────────────────────────────────────────────────────────

  begin(whole) {
    this.board = { whole, n: whole.n };
    this.fresh = null; // it has them already
    this.beats ??= setInterval(() => this.beat(), 1000);
    for (const root of this.roots.keys()) this.draw(root);
  }

  delta(message) {
    if (!this.board) return;
    if (message.n <= this.board.n) return;
    if (message.n !== this.board.n + 1) {
      // Something was lost on the way.
      if (!this.board.lost) this.send({ k: "hello" });
      this.board.lost = true;
      return;
    }
    this.board.n = message.n;
    this.fresh ??= [];
    this.fresh.push(message);
    if (this.fresh.length === 1) requestAnimationFrame(() => this.paint());
    // A hidden page has no frames.
    else if (this.fresh.length > 100) this.paint();
  }

  paint() {
    const fresh = this.fresh ?? [];
    this.fresh = null;
    for (const view of this.roots.values()) fresh.forEach(message => view.delta?.(message));
    if (this.board) keep(this.board.whole, fresh);
  }

  // ── afterwards ────────────────────────────────────────────────────────────────────────────

  // The cell's own output changes now; where it does not, this page was loaded after the cell began.
  end(result) {
    if (this.result?.version === result.version) return;
    this.paint();
    this.board = null;
    this.quiet();
    this.result = result;
    setTimeout(() => this.replace().catch(() => { /* the kernel is gone; what is shown stays */ }), 1500);
  }

  async replace() {
    const stale = [...this.roots].filter(([root, view]) => root.isConnected && view.result !== this.result);
    if (!stale.length && !this.dock) return;
    const { html } = await this.ask("html");
    for (const [root] of stale) {
      const fresh = fragment(html).firstElementChild;
      if (root === this.dock) fresh.classList.add("fz-dock");
      if (root === this.dock) fresh.prepend(button("×", () => fresh.remove(), { class: "fz-x1 fz-close", "aria-label": "close" }));
      fresh.prepend(make("p", { class: "fz-notes" }, this.result.unsaved));
      this.drop(root);
      root.replaceWith(fresh);
    }
    this.dock = null;
  }

  // ── elements ──────────────────────────────────────────────────────────────────────────────

  adopt(root) {
    root.setAttribute("data-fz-on", "");
    // A notebook in command mode takes keys for its own.
    root.addEventListener("keydown", event => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
    for (const old of this.roots.keys()) if (!old.isConnected) this.drop(old);
    this.roots.set(root, {});
    this.draw(root);
  }

  // A view of the model begins empty.
  async fill(root) {
    const { html } = await this.ask("html");
    root.replaceWith(fragment(html));
  }

  drop(root) {
    this.roots.get(root)?.dispose?.();
    this.roots.delete(root);
  }

  draw(root) {
    this.roots.get(root)?.dispose?.();
    if (this.board) {
      [...root.children].filter(child => child.tagName !== "STYLE").forEach(child => child.remove());
      this.roots.set(root, new Board(root, this.board.whole, this));
    } else if (this.result && !root.querySelector(".fz-by")) {
      this.fill(root);
    } else if (this.result) {
      this.roots.set(root, this.result.blind ? new Blind(root, this) : new Result(root, this));
    }
  }

  dispose() {
    this.quiet();
    this.model.off("msg:custom", this.take);
    this.model.off("comm_live_update", this.lose);
    for (const root of [...this.roots.keys()]) {
      root.removeAttribute("data-fz-on");
      this.drop(root);
    }
    const { lives } = shared();
    if (lives.get(this.key) === this) lives.delete(this.key);
  }
}

// A second element of the same run begins with all that the first has.
function keep(whole, messages) {
  for (const { columns, title, now, judge } of messages) {
    Object.assign(whole, { now }, title !== undefined && { title }, judge !== undefined && { judge });
    for (const [i, { text, add = "", ...rest }] of Object.entries(columns)) {
      const column = whole.columns[i];
      const all = (text === undefined ? column.add ?? "" : "") + add;
      Object.assign(column, rest, { add: all.slice(-KEPT), cut: column.cut || all.length > KEPT });
    }
  }
}

class Result {
  constructor(root, live) {
    this.result = live.result;
    const { answer } = live.result;
    const plain = root.querySelector(".fz-h");
    if (answer && plain) {
      const working = plain.nextElementSibling;
      if (working?.matches(".fz-w, details")) working.remove();
      plain.replaceWith(fragment(answer));
    }
    this.table = new Table(root, live);
    this.panels = new Panels(root, live);
    if (live.state.focus !== undefined) {
      root.querySelector(`[data-vote="${live.state.focus}"]`)?.focus();
      delete live.state.focus;
    }
  }
}

class Blind {
  constructor(root, live) {
    this.result = live.result;
    for (const element of root.querySelectorAll("[data-letter]")) {
      const { letter } = element.dataset;
      element.querySelector("th").append(button("vote", event => attempt(event.currentTarget, () => live.ask("vote", { i: letter })),
        { class: "fz-vote", "aria-label": `vote for answer ${letter}` }));
    }
  }
}

export default {
  initialize({ model }) {
    const live = new Live(model);
    return () => live.dispose();
  },
  // For front ends that run models only where they have a view.
  render({ model, el }) {
    el.append(make("div", { class: "fz", "data-fz": model.get("key") }));
  },
};
