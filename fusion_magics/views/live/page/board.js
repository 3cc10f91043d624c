// The running pool: a column per member, their time, and what the judge does.

const NARROW = 640;
// Characters that a column keeps; the result has all of them.
const KEPT = 16_000;
const ENDED = new Set(["done", "failed", "cancelled"]);
const PHASES = { loading: "load", reading: "read", writing: "write" };

class Board {
  constructor(root, whole, live) {
    this.live = live;
    this.columns = whole.columns.map((column, i) => new Column(column, i, live));
    this.title = make("b");
    this.clock = make("span", { class: "fz-clock" });
    this.stop = button("Cancel", () => this.cancel(), { class: "fz-stop" });
    this.judge = make("p", { class: "fz-judging" });
    this.strips = make("table", { class: "fz-s", "aria-hidden": "true" }, make("tbody"));
    const status = make("span", { role: "status" }, this.title, whole.about ? ` · ${whole.about}` : "");
    this.tabs = make("div", { class: "fz-tabs", role: "tablist", "aria-label": "members" },
      this.columns.map((column, i) => column.tab(() => this.pick(i), step => this.move(i + step))));
    this.element = make("div", { class: "fz-board" },
      make("div", { class: "fz-top" }, status, make("span", {}, this.clock, " ", this.stop)),
      this.tabs,
      make("div", { class: "fz-cols" }, this.columns.map(column => column.section)),
      this.judge, this.strips);
    root.append(this.element);
    this.drawn = 0;
    this.common(whole);
    this.select(0);
    this.width = new ResizeObserver(() => this.fit());
    this.width.observe(root);
    this.fit();
  }

  fit() {
    const width = this.element.clientWidth;
    if (!width) return;
    const narrow = width < NARROW && this.columns.length > 1;
    this.element.classList.toggle("fz-narrow", narrow);
    for (const { section } of this.columns) {
      if (narrow) section.setAttribute("role", "tabpanel");
      else section.removeAttribute("role");
    }
  }

  select(i) {
    this.selected = i;
    this.columns.forEach((column, at) => column.choose(at === i));
  }

  pick(i) {
    this.select(i);
    this.columns[i].label.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  move(i) {
    const at = (i + this.columns.length) % this.columns.length;
    this.columns[at].label.focus();
    this.pick(at);
  }

  cancel() {
    this.stop.disabled = true;
    this.stop.textContent = "Cancelling…";
    this.live.send({ k: "cancel" });
    // Below %%time and the like the kernel hears nothing of the page until the cell ends.
    setTimeout(() => { this.stop.textContent = "Not heard: press ■ above"; }, 3000);
  }

  lose() {
    this.title.textContent = "The kernel was restarted: this run is over";
    this.stop.hidden = true;
    for (const column of this.columns) {
      column.take({ doing: "lost", state: "failed", phases: column.phases });
    }
  }

  delta(message) {
    for (const [i, column] of Object.entries(message.columns)) this.columns[i]?.take(column);
    this.common(message);
  }

  common({ title, now, judge }) {
    if (title !== undefined) this.title.textContent = title;
    this.clock.textContent = seconds(now);
    if (judge !== undefined) this.judged = judge;
    if (judge?.of) {
      const label = make("bdi", {}, judge.label);
      const bar = make("progress", { value: judge.done, max: judge.of, "aria-label": "judged" });
      this.judge.replaceChildren(make("b", {}, label), ` ${judge.doing} `, bar, ` ${judge.done} of ${judge.of}`);
    }
    if (now - this.drawn > .25 || !this.drawn) {
      this.drawn = now;
      this.strip(now);
    }
  }

  strip(now) {
    const rows = this.columns.map(column => [column.name, column.bars(now), column.spent(now)]);
    if (this.judged?.since != null) {
      const since = this.judged.since;
      rows.push([this.judged.label, [["judge", since, now]], seconds(now - since)]);
    }
    this.strips.firstChild.replaceChildren(...rows.map(([name, bars, spent]) => make("tr", {},
      make("th", {}, make("bdi", {}, name)),
      make("td", {}, make("span", { class: "fz-bar" }, bars.map(([what, start, end]) => make("i", {
        class: `fz-${what}`,
        style: `left:${(100 * start / now).toFixed(1)}%;width:${(100 * (end - start) / now).toFixed(1)}%`,
      })))),
      make("td", {}, spent))));
  }

  dispose() {
    this.width.disconnect();
    this.element.remove();
  }
}

class Column {
  constructor(whole, index, live) {
    this.name = whole.label;
    this.state = make("span", { class: "fz-state" });
    this.text = make("div", { dir: "auto" });
    // Scrolled to its end by the layout itself: column-reverse starts at the bottom.
    this.out = make("div", {
      class: "fz-out", tabindex: "0", role: "log", "aria-live": "off", "aria-label": `text of ${whole.label}`,
    }, this.text);
    this.stop = button("×", () => {
      this.stop.disabled = true;
      live.send({ k: "cancel", i: index });
    }, { class: "fz-x1", "aria-label": `cancel ${whole.label}`, title: "cancel this member" });
    this.section = make("section", { "aria-label": whole.label },
      make("p", { class: "fz-name" }, make("b", {}, make("bdi", {}, whole.label)), this.state, this.stop),
      this.out);
    this.length = 0;
    this.take(whole);
  }

  tab(choose, step) {
    const keys = { ArrowRight: 1, ArrowLeft: -1 };
    this.label = button(make("bdi", {}, this.name), choose, {
      role: "tab",
      onkeydown: event => {
        if (!keys[event.key]) return;
        event.preventDefault(); // which would scroll the row of tabs
        step(keys[event.key]);
      },
    });
    this.mark();
    return this.label;
  }

  choose(chosen) {
    this.label.setAttribute("aria-selected", chosen);
    this.label.tabIndex = chosen ? 0 : -1;
    this.section.classList.toggle("fz-chosen", chosen);
  }

  take({ text, add, cut, doing, state, phases }) {
    if (text !== undefined) {
      this.text.replaceChildren();
      this.length = 0;
    }
    if (cut) this.text.append(make("div", { class: "fz-cut" }, "…"));
    if (add) this.append(add);
    if (doing === undefined) return;
    this.doing = doing;
    this.phases = phases;
    this.now = state;
    this.state.textContent = doing;
    this.mark();
  }

  mark() {
    const ended = ENDED.has(this.now);
    this.section.dataset.state = this.now;
    if (this.label) this.label.dataset.state = this.now;
    this.stop.hidden = ended;
  }

  // A block per line: a browser lays out only the block that grows.
  append(add) {
    const [first, ...rest] = add.split("\n");
    const last = this.text.lastElementChild;
    if (last && !last.classList.contains("fz-cut")) last.append(first);
    else this.text.append(make("div", {}, first));
    this.text.append(...rest.map(line => make("div", {}, line || "\u200b")));
    this.length += add.length;
    if (this.length > KEPT) this.forget();
  }

  forget() {
    while (this.length > KEPT / 2 && this.text.children.length > 1) {
      this.length -= this.text.firstElementChild.textContent.length + 1;
      this.text.firstElementChild.remove();
    }
    const line = this.text.firstElementChild;
    if (this.length > KEPT) line.textContent = line.textContent.slice(-KEPT / 2);
    this.length = this.text.textContent.length;
    this.text.prepend(make("div", { class: "fz-cut" }, "…"));
  }

  bars(now) {
    return this.phases.flatMap(([state, start], at) => {
      const end = this.phases[at + 1]?.[1] ?? (ENDED.has(state) ? start : now);
      return PHASES[state] ? [[PHASES[state], start, end]] : [];
    });
  }

  spent(now) {
    const last = this.phases.at(-1);
    return seconds(last && ENDED.has(last[0]) ? last[1] : now);
  }
}
