// What is asked for and shown below the table: a comparison, a heat map, a chart, the code.

class Panels {
  constructor(root, live) {
    this.live = live;
    this.root = root;
    const { result } = live;
    this.panel = make("div", { class: "fz-panel", role: "group", hidden: true });
    this.status = make("span", { role: "status", class: "fz-said" });
    const tools = [
      result.text && button("copy answer", () => this.say("copied", () => copy(result.text))),
      result.members.length > 1 && this.opens("compare two", "compare", () => this.compare()),
      result.members.length > 1 && this.opens("agreement", "agreement", () => this.open("agreement", "agreement")),
      this.charts(),
      this.opens("show as code", "code", () => this.code()),
      ...["CSV", "JSON"].map(kind => button(`export ${kind}`, () => this.say("saved", () => this.save(kind)))),
    ];
    this.bar = make("div", { class: "fz-acts", role: "group", "aria-label": "this result" }, tools.filter(Boolean), this.status);
    root.append(this.bar, this.panel);
    live.state.reopen?.(this); // a vote draws the result anew
  }

  opens(label, name, open) {
    return button(label, open, { "aria-expanded": "false", "data-panel": name });
  }

  charts() {
    const { charts } = this.live.result;
    if (!charts.length) return null;
    const choose = make("select", { "aria-label": "chart", onchange: () => {
      const kind = choose.value;
      choose.value = "";
      if (kind) this.open("chart", `chart of ${kind}`, { kind });
    } }, make("option", { value: "" }, "chart …"), charts.map(kind => make("option", { value: kind }, kind)));
    return choose;
  }

  async say(word, act) {
    try {
      await act();
      this.status.textContent = word;
    } catch (error) {
      this.status.textContent = error.message;
    }
    setTimeout(() => { this.status.textContent = ""; }, 4000);
  }

  async save(kind) {
    const { name, type, text } = await this.live.ask("export", { kind });
    download(name, type, text);
  }

  // ── the panel ─────────────────────────────────────────────────────────────────────────────

  show(title, name, ...content) {
    const close = button("×", () => this.close(), { class: "fz-x1", "aria-label": `close ${title}` });
    const head = make("p", { class: "fz-name" }, make("b", {}, title), close);
    this.panel.replaceChildren(head, ...content.filter(Boolean));
    this.panel.setAttribute("aria-label", title);
    this.panel.hidden = false;
    this.marked(name);
  }

  close() {
    this.panel.hidden = true;
    this.live.state.reopen = null;
    const opener = this.bar.querySelector("[aria-expanded=true]");
    this.marked(null);
    opener?.focus();
  }

  marked(name) {
    for (const opener of this.bar.querySelectorAll("[data-panel]")) {
      opener.setAttribute("aria-expanded", String(opener.dataset.panel === name));
    }
  }

  async open(kind, title, content = {}) {
    this.live.state.reopen = panels => panels.open(kind, title, content);
    await this.say("", async () => {
      const reply = await this.live.ask(kind, content);
      const shown = fragment(reply.html);
      const image = shown.querySelector("img");
      const save = image && button("save SVG", () => make("a", { href: image.src, download: `${title}.svg` }).click());
      this.show(title, kind, shown, this.asCode(reply.code), save);
    });
  }

  asCode(code) {
    return code ? make("p", { class: "fz-code" }, make("code", {}, code), " ",
      button("copy", () => this.say("copied", () => copy(code)))) : null;
  }

  compare(a = 0, b = 1) {
    const { members } = this.live.result;
    const body = make("div");
    const choices = [a, b].map((chosen, at) => make("select", { "aria-label": `${at ? "second" : "first"} answer` },
      members.map(({ i, name }) => make("option", { value: i, dir: "auto" }, name))));
    choices.forEach((choice, at) => { choice.value = members[at ? b : a].i; });
    const draw = () => this.say("", async () => {
      const chosen = choices.map(choice => choice.selectedIndex);
      this.live.state.reopen = panels => panels.compare(...chosen);
      const [x, y] = chosen.map(at => members[at].i);
      const reply = await this.live.ask("diff", { a: x, b: y });
      body.replaceChildren(fragment(reply.html), this.asCode(reply.code));
    });
    choices.forEach(choice => choice.addEventListener("change", draw));
    this.show("word by word", "compare", make("p", { class: "fz-pick" }, choices[0], " and ", choices[1]), body);
    return draw();
  }

  async code() {
    this.live.state.reopen = panels => panels.code();
    await this.say("", async () => {
      const { sort, query, filter } = this.live.state;
      const reply = await this.live.ask("code", { sort: sort?.key, down: sort?.down, query, filter });
      const parts = reply.parts.flatMap(([what, text]) => [
        make("p", {}, what, " ", button("copy", () => this.say("copied", () => copy(text)))),
        make("pre", { tabindex: "0", "aria-label": what }, text),
      ]);
      this.show("the same as code", "code", ...parts);
    });
  }
}
