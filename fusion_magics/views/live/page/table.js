// The rationale table, once it can be touched: sort, search, filter, open, vote.

const SHOWN = 20;

class Table {
  constructor(root, live) {
    this.root = root;
    this.live = live;
    this.state = live.state;
    this.table = root.querySelector(".fz-t");
    if (!this.table) return;
    this.gather();
    this.heads();
    this.tools();
    this.rows.forEach(row => this.touch(row));
    this.provenance();
    this.arrange();
  }

  // The static view folds the rest of a long table into a second one.
  gather() {
    const body = this.table.tBodies[0];
    for (const more of this.root.querySelectorAll("details > .fz-t")) {
      body.append(...more.tBodies[0].rows);
      more.parentElement.remove();
    }
    this.body = body;
    this.rows = [...body.rows].filter(row => row.dataset.i !== undefined);
    this.others = [...body.rows].filter(row => row.dataset.i === undefined);
    this.order = new Map(this.rows.map((row, at) => [row, at]));
  }

  get facts() { return this.live.result.rows; }

  heads() {
    const columns = this.live.result.columns;
    this.sorts = new Map();
    [...this.table.tHead.rows[0].cells].forEach((cell, at) => {
      const key = columns[at];
      if (!key || this.rows.length < 2) return;
      const sort = make("button", { type: "button", class: "fz-sort", onclick: () => this.sort(key) });
      sort.append(...cell.childNodes);
      if (sort.querySelector(".fz-sr")) sort.append(make("span", { "aria-hidden": "true" }, "#"));
      cell.append(sort);
      this.sorts.set(key, cell);
    });
  }

  sort(key, descending) {
    const { sort } = this.state;
    const first = key !== "rank" && this.counts(key);
    this.state.sort = { key, down: descending ?? (sort?.key === key ? !sort.down : first) };
    this.arrange();
  }

  counts(key) {
    return this.rows.some(row => typeof this.facts[row.dataset.i][key] === "number");
  }

  tools() {
    if (this.rows.length + this.others.length < 2) return;
    this.count = make("span", { role: "status", class: "fz-count" });
    this.search = make("input", {
      type: "search", placeholder: "search", "aria-label": "search members, answers and reasons",
      oninput: () => { this.state.query = this.search.value; this.arrange(); },
    });
    this.search.value = this.state.query;
    this.choice = this.select("show", this.live.result.filters, this.state.filter, value => {
      this.state.filter = value;
      this.arrange();
    });
    const { criteria, filters } = this.live.result;
    const keys = [...[...this.sorts.keys()].map(key => [key, key]), ...criteria];
    this.by = this.select("sort by", keys.map(([key, name]) => [key, `by ${name}`]),
      this.state.sort?.key ?? keys[0]?.[0], key => this.sort(key, key !== "rank" && this.counts(key)));
    if (!criteria.length) this.by.classList.add("fz-by-key");
    this.by.hidden = keys.length < 2;
    this.choice.hidden = filters.length < 3;
    this.table.before(make("div", { class: "fz-tools", role: "group", "aria-label": "rows" },
      this.search, this.choice, this.by, this.count));
    this.more = button("", () => { this.state.all = true; this.arrange(); }, { class: "fz-more" });
    this.table.after(this.more);
  }

  select(label, options, value, choose) {
    const element = make("select", { "aria-label": label, onchange: () => choose(element.value) },
      options.map(([key, text]) => make("option", { value: key }, text)));
    element.value = value;
    return element;
  }

  arrange() {
    const { sort, query, filter, all } = this.state;
    const place = row => this.order.get(row);
    const rows = [...this.rows].sort((a, b) => (sort ? this.compare(a, b, sort) : 0) || place(a) - place(b));
    const words = query.trim().toLowerCase();
    const found = [...rows, ...this.others].filter(row => this.matches(row, words, filter));
    const shown = new Set(all ? found : found.slice(0, SHOWN + 1));
    for (const row of [...rows, ...this.others]) {
      row.hidden = !shown.has(row);
      this.body.append(row);
    }
    for (const [key, cell] of this.sorts ?? []) {
      cell.setAttribute("aria-sort", sort?.key === key ? (sort.down ? "descending" : "ascending") : "none");
    }
    if (!this.count) return;
    const total = this.rows.length + this.others.length;
    this.count.textContent = words || filter !== "all" ? `${found.length} of ${total}` : "";
    this.more.hidden = shown.size === found.length;
    this.more.textContent = `show all ${found.length}`;
    if (sort) this.by.value = sort.key;
  }

  compare(a, b, { key, down }) {
    const [x, y] = [a, b].map(row => this.facts[row.dataset.i][key] ?? null);
    // What has no value stands last, whatever the direction.
    if (x === null || y === null) return (x === null) - (y === null);
    return (typeof x === "number" ? x - y : x.localeCompare(y)) * (down ? -1 : 1);
  }

  matches(row, words, filter) {
    const kind = row.dataset.i === undefined ? "none" : this.facts[row.dataset.i].kind;
    if (filter !== "all" && kind !== filter) return false;
    return !words || (row.words ??= this.said(row)).includes(words);
  }

  // What the code for the same table searches, too: member, answer, reasons.
  said(row) {
    const texts = row.querySelectorAll("th bdi, :is(.fz-a, .fz-why) :is(.fz-x, strong)");
    return [...texts].map(element => element.textContent).join("\n").toLowerCase();
  }

  // ── one row ───────────────────────────────────────────────────────────────────────────────

  touch(row) {
    const i = Number(row.dataset.i);
    const cell = row.querySelector(".fz-a");
    for (const details of cell?.querySelectorAll(":scope > details") ?? []) {
      const key = `${i} ${details.querySelector("u")?.textContent}`;
      const enrich = () => details.open && attempt(details.firstElementChild, () => this.enrich(i, details));
      details.open = this.state.open.has(key);
      details.addEventListener("toggle", () => {
        this.state.open[details.open ? "add" : "delete"](key);
        enrich();
      });
      enrich();
    }
    row.querySelector("th").append(this.vote(i));
  }

  async enrich(i, details) {
    const block = details.querySelector(":scope > .fz-x");
    if (!block || details.rich || !details.querySelector("summary u")?.textContent.startsWith("full answer")) return;
    const { html } = await this.live.ask("rich", { i });
    details.rich = true;
    block.replaceChildren(fragment(html));
    block.classList.add("fz-rich");
  }

  vote(i) {
    const { vote, rows } = this.live.result;
    const mine = vote === i;
    return button(mine ? "★ take back" : "☆ vote", event => attempt(event.currentTarget, () => {
      this.state.focus = i;
      return this.live.ask("vote", { i: mine ? null : i });
    }), { class: "fz-vote", "aria-pressed": String(mine), "aria-label": `vote for ${rows[i].member}`, "data-vote": i });
  }

  // ── which passage rests on which row ──────────────────────────────────────────────────────

  provenance() {
    const passages = new Map();
    for (const piece of this.root.querySelectorAll(".fz-h [data-passage]")) {
      const { passage, rows } = piece.dataset;
      if (!passages.has(passage)) passages.set(passage, { pieces: [], rows: new Set(rows.split(" ")) });
      passages.get(passage).pieces.push(piece);
    }
    const number = row => row.querySelector(".fz-k").textContent.trim();
    const light = (elements, on) => elements.forEach(element => element.classList.toggle("fz-lit", on));
    const over = (element, show) => {
      for (const [name, on] of [["mouseenter", true], ["focusin", true], ["mouseleave", false], ["focusout", false]]) {
        element.addEventListener(name, () => show(on));
      }
    };
    for (const { pieces, rows } of passages.values()) {
      pieces[0].tabIndex = 0;
      for (const piece of pieces) {
        over(piece, on => light([...pieces, ...this.rows.filter(row => rows.has(number(row)))], on));
      }
    }
    for (const row of this.rows) {
      over(row, on => {
        for (const { pieces, rows } of passages.values()) if (rows.has(number(row))) light(pieces, on);
      });
    }
  }
}
