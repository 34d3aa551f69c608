// Interactive charts, loaded when the first one is asked for: draws a Vega-Lite specification of this host in
// the colours of the page, with a key to single out, tooltips by pointer and by keyboard, and a way back.
"use strict";
(() => {
  const NARROW = 500, DRAWN = 560;
  const root = new URL("../", document.currentScript.src); // the explorer may stand below a path of its host
  const open = new Set();
  const make = (name, attributes = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const load = (address) => new Promise((done, failed) => {
    const script = make("script", { src: address });
    script.addEventListener("load", done);
    script.addEventListener("error", () => { script.remove(); failed(new Error(`${address} did not come`)); });
    document.head.append(script);
  });
  let coming = null;
  const runTime = () => coming || (coming = load(document.body.dataset.vegaSrc).then(() => window.ofsightVega)
    .catch((error) => { coming = null; throw error; }));
  const ask = async (address) => {
    if (window.ofsightSpecification) return window.ofsightSpecification(address);
    const reply = await fetch(address);
    if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
    return reply.json();
  };

  // The specification has the colours of the light scheme; the style knows those of the scheme that is on.
  const painter = (colours) => {
    const style = getComputedStyle(document.documentElement);
    return (colour) => (colours[colour] && style.getPropertyValue(`--${colours[colour]}`).trim()) || colour;
  };
  const turned = (value, paint) => {
    if (typeof value === "string") return paint(value);
    if (Array.isArray(value)) return value.map((one) => turned(one, paint));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => {
      if (key === "legend" && one && one.orient) return [key, null]; // the key is of buttons, above the chart
      return [key, key === "values" ? one : turned(one, paint)];
    }));
  };
  // Titles of axes on as many lines as they need: a long one would be cut, or would take the plot's room.
  const titled = (view, letters) => {
    for (const inside of view.vconcat || view.layer || []) titled(inside, letters);
    for (const [channel, { axis }] of Object.entries(view.encoding || {}).filter(([, one]) => one.axis && one.axis.title)) {
      const words = [axis.title].flat().join(" ");
      axis.title = words.match(new RegExp(`.{1,${channel === "y" ? 24 : letters}}( |$)|\\S+`, "g")).map((line) => line.trim());
    }
  };
  const fitted = (specification, paint, width, room) => {
    const { title, usermeta, data, ...rest } = specification;
    const about = usermeta.ofsight, narrow = room < NARROW;
    const made = { ...turned(rest, paint), data };
    for (const view of made.vconcat || [made]) {
      if (about.scaled) view.height = Math.round(view.height * width / DRAWN);
      else if (narrow && view.height.step) view.height.step = Math.max(view.height.step, 40);
      view.width = width;
    }
    for (const one of made.params) {
      delete one.bind;
      if (one.name === "wrap") one.value = narrow ? 15 : 30;
    }
    if (narrow) titled(made, Math.round(room / 11));
    const font = narrow ? { labelFontSize: 12, titleFontSize: 12 } : {};
    Object.assign(made.config, { aria: false, background: "transparent", axis: { ...made.config.axis, ...font } });
    return made;
  };

  const SHAPES = {
    circle: ["circle", { cx: 7, cy: 7, r: 5.5 }], square: ["rect", { x: 1.5, y: 1.5, width: 11, height: 11 }],
    "triangle-up": ["path", { d: "M7 1L13 13H1Z" }], diamond: ["path", { d: "M7 0L14 7L7 14L0 7Z" }],
  };
  const drawing = (width, name, look) => {
    const [picture, drawn] = ["svg", name].map((one) => document.createElementNS("http://www.w3.org/2000/svg", one));
    for (const [key, value] of Object.entries(look)) drawn.setAttribute(key, value);
    for (const [key, value] of Object.entries({ width, height: 14, viewBox: `-1 -1 ${width + 2} 16`, "aria-hidden": "true" })) picture.setAttribute(key, value);
    picture.append(drawn);
    return picture;
  };
  const swatch = (entry, paint, colours) => {
    const [name, shape] = SHAPES[entry.shape] || SHAPES.square;
    const hex = Object.keys(colours).find((one) => colours[one] === entry.colour);
    const look = entry.hollow ? { fill: "none", stroke: paint(hex), "stroke-width": 2 } : { fill: paint(hex) };
    return drawing(14, name, { ...shape, ...look });
  };

  class Explored {
    constructor(figure, specification, vega, button) {
      Object.assign(this, { figure, specification, vega, button, only: null, at: -1 });
      this.about = specification.usermeta.ofsight;
      const title = figure.querySelector("figcaption").textContent;
      const ways = this.about.zoom.length ? ", plus and minus come closer and go back, 0 shows the whole" : "";
      this.key = make("div", { class: "chart-key", role: "group", "aria-label": "Show only" });
      // Lines behind the marks: nothing to single out, so words and no buttons.
      this.lines = make("p", { class: "chart-lines" }, ...this.about.lines.map(({ label, dash }) => make("span", {},
        drawing(26, "path", { d: "M0 7H26", stroke: "currentColor", "stroke-width": 1.5, "stroke-dasharray": dash.join(" ") }), label)));
      this.place = make("div", { class: "chart-place", "aria-hidden": "true" });
      this.ring = make("div", { class: "chart-ring", hidden: "" });
      this.tip = make("dl", { class: "chart-tip", hidden: "", "aria-hidden": "true" });
      this.plot = make("div", {
        class: "chart-plot", tabindex: "0", role: "application", "aria-roledescription": "interactive chart",
        "aria-label": `${title}. Arrow keys go from one value to the next${ways}.`,
      }, this.place, this.ring, this.tip);
      this.said = make("p", { class: "hidden", role: "status" });
      const hint = this.about.zoom.length ? " Drag to move; Ctrl with the wheel comes closer." : "";
      this.hint = make("p", { class: "chart-hint" }, `Point at a value, or use the arrow keys, to read it.${hint}`);
      this.back = make("button", { type: "button" }, "Back to the plain chart");
      this.box = make("div", { class: "explored" }, this.key, this.lines, this.plot, this.said, this.hint, make("p", { class: "chart-ways" }, ...this.zoomButtons(), this.back));
      this.plot.addEventListener("keydown", (event) => this.press(event));
      this.plot.addEventListener("blur", () => this.hide());
      this.plot.addEventListener("pointerleave", () => this.leave());
      this.tip.addEventListener("pointerenter", () => clearTimeout(this.leaving));
      this.tip.addEventListener("pointerleave", () => this.leave());
      this.escape = (event) => { if (event.key === "Escape") this.hide(); };
      document.addEventListener("keydown", this.escape);
    }

    zoomButtons() {
      if (!this.about.zoom.length) return [];
      return [["Closer", 0.5], ["Wider", 2], ["Whole", 0]].map(([words, times]) => {
        const button = make("button", { type: "button", class: "plain" }, words);
        button.addEventListener("click", () => this.zoom(times));
        return button;
      });
    }

    async draw() {
      this.hide();
      const room = this.place.clientWidth || this.figure.clientWidth;
      this.drawnAt = room;
      this.paint = painter(this.about.colours);
      const most = Math.min(room, this.about.scaled ? 640 : 860);
      let width = most - (room < NARROW ? 110 : 200);
      for (let turn = 0; turn < 2; turn += 1) {
        const found = await this.vega(this.place, fitted(this.specification, this.paint, Math.max(width, 90), room), {
          tooltip: (_, event, item, value) => (value ? this.show(item, value) : this.leave()),
        });
        if (this.view) this.view.finalize();
        this.view = found.view;
        // Labels take what they need; the plot gets what is left, at its second turn.
        const drawn = this.place.querySelector("svg").getBoundingClientRect().width;
        const left = most - drawn;
        if (left >= 0 && left < 24) break;
        width += left;
      }
      this.view.addEventListener("click", (_, item) => this.follow(item));
      this.showKey();
      if (this.only !== null) await this.single(this.only);
    }

    showKey() {
      const { key, colours } = this.about;
      this.key.hidden = key.length < 2;
      this.key.replaceChildren(...key.map((entry) => {
        const button = make("button", { type: "button", "aria-pressed": String(entry.label === this.only) },
          swatch(entry, this.paint, colours), entry.label);
        button.addEventListener("click", () => this.single(this.only === entry.label ? null : entry.label));
        return button;
      }));
    }

    async single(label) {
      this.only = label;
      this.about.key.forEach((entry, at) => this.key.children[at].setAttribute("aria-pressed", String(entry.label === label)));
      this.hide();
      await this.view.signal("only", label).runAsync();
    }

    async zoom(times) {
      this.hide();
      for (const { signal, from, to } of this.about.zoom) {
        const [low, high] = this.view.signal(signal) || [from, to];
        const middle = (low + high) / 2, half = (high - low) / 2 * times;
        const least = (to - from) / 50;
        const ends = [Math.max(from, middle - Math.max(half, least)), Math.min(to, middle + Math.max(half, least))];
        this.view.signal(signal, times === 0 || (ends[0] === from && ends[1] === to) ? [from, to] : ends);
      }
      await this.view.runAsync();
    }

    items() {
      const found = [], area = this.place.getBoundingClientRect();
      const walk = (item) => {
        if (item._svg && item.tooltip && typeof item.tooltip === "object" && !(item.opacity < 0.5)) {
          const { left, right } = item._svg.getBoundingClientRect();
          if (right > area.left && left < area.right) found.push(item);
        }
        for (const one of item.items || []) walk(one);
      };
      walk(this.view.scenegraph().root);
      return found;
    }

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      const zooms = this.about.zoom.length ? { "+": 0.5, "=": 0.5, "-": 2, 0: 0 } : {};
      const items = this.items();
      if (event.key in zooms) this.zoom(zooms[event.key]);
      else if (event.key === "Enter" && this.shown) this.follow(this.shown);
      else if (!items.length) return;
      else if (event.key in steps) this.at = this.at < 0 && steps[event.key] < 0 ? items.length - 1 : (this.at + steps[event.key] + items.length) % items.length;
      else if (event.key === "Home") this.at = 0;
      else if (event.key === "End") this.at = items.length - 1;
      else return;
      event.preventDefault();
      if (event.key in zooms || event.key === "Enter") return;
      const item = items[Math.min(this.at, items.length - 1)];
      this.show(item, item.tooltip);
      item._svg.scrollIntoView({ block: "nearest" });
      this.said.textContent = this.told(item.tooltip).map(([name, words]) => `${name}: ${words}`).join("; ");
    }

    told(value) {
      return Object.entries(value).filter(([, words]) => words !== "" && words !== null && words !== "null" && words !== "undefined");
    }

    show(item, value) {
      clearTimeout(this.leaving);
      this.shown = item;
      const rows = this.told(value);
      const source = this.about.source ? [["", this.about.source.replace(/^.*?(?=Source: )/s, "")]] : [];
      this.tip.replaceChildren(...[...rows, ...source].flatMap(([name, words]) => [
        ...(name ? [make("dt", {}, name)] : []), make("dd", name ? {} : { class: "chart-source" }, String(words)),
      ]));
      this.tip.hidden = false;
      this.ring.hidden = false;
      const plot = this.plot.getBoundingClientRect(), mark = item._svg.getBoundingClientRect();
      const put = (one, left, top) => { one.style.left = `${left}px`; one.style.top = `${top}px`; };
      this.ring.style.width = `${mark.width + 6}px`;
      this.ring.style.height = `${mark.height + 6}px`;
      put(this.ring, mark.left - plot.left - 3, mark.top - plot.top - 3);
      const tip = this.tip.getBoundingClientRect();
      const left = Math.max(0, Math.min(mark.left + mark.width / 2 - plot.left - tip.width / 2, plot.width - tip.width));
      const above = mark.top - plot.top - tip.height - 10;
      put(this.tip, left, above >= 0 && above + plot.top > 0 ? above : mark.bottom - plot.top + 10);
    }

    leave() {
      clearTimeout(this.leaving);
      // What is pointed at stays, and so do its words while the pointer is on them.
      this.leaving = setTimeout(() => { if (!this.tip.matches(":hover")) this.hide(); }, 350);
    }

    hide() {
      clearTimeout(this.leaving);
      this.tip.hidden = true;
      this.ring.hidden = true;
      this.shown = null;
    }

    follow(item) {
      const page = item && item.datum && item.datum.page;
      if (page) location.assign(new URL(`${page.slice(1)}${window.ofsightSearch ? ".html" : ""}`, root));
    }

    close() {
      document.removeEventListener("keydown", this.escape);
      if (this.view) this.view.finalize();
      this.box.remove();
      this.figure.classList.remove("is-explored");
      open.delete(this);
    }
  }

  // Opens the chart of a figure; ends when it is drawn. What fails leaves the plain chart as it is.
  window.ofsightExplore = async (figure, address, closed) => {
    const [vega, specification] = await Promise.all([runTime(), ask(address)]);
    const one = new Explored(figure, specification, vega);
    figure.append(one.box);
    try { await one.draw(); } catch (error) { one.close(); throw error; }
    figure.classList.add("is-explored");
    open.add(one);
    one.back.addEventListener("click", () => { one.close(); closed(); });
    return one.plot;
  };
  let waiting = 0;
  const again = () => { for (const one of open) if (one.place.clientWidth !== one.drawnAt) one.draw(); };
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(again, 200); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const one of open) one.draw(); });
})();
