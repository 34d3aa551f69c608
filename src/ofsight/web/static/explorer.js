// What is easier with a script: suggestions while typing, tables sorted by a column, charts that answer. Every
// page works without.
"use strict";
(() => {
  // Suggestions: a combobox as WAI-ARIA describes it. The form itself still leads to the page of results.
  const form = document.querySelector("form[data-search]");
  if (form) {
    const input = form.querySelector("input[name=q]");
    const list = document.createElement("ul");
    list.className = "suggestions";
    list.id = "suggestions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    list.hidden = true;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    form.querySelector(".field").append(list);
    let chosen = -1, waiting = 0, asked = 0;
    const close = () => {
      list.hidden = true; chosen = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (place) => {
      const items = [...list.children];
      if (!items.length) return;
      chosen = (place + items.length) % items.length;
      items.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
      input.setAttribute("aria-activedescendant", items[chosen].id);
      items[chosen].scrollIntoView({ block: "nearest" });
    };
    const show = (rows) => {
      list.replaceChildren(...rows.map((row, at) => {
        const item = document.createElement("li");
        item.id = `suggestion-${at}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.dataset.address = row.address;
        const kind = document.createElement("span");
        kind.textContent = row.kind;
        item.append(row.label, kind);
        return item;
      }));
      list.hidden = rows.length === 0;
      input.setAttribute("aria-expanded", String(rows.length > 0));
      chosen = -1;
    };
    const find = async () => {
      const words = input.value.trim();
      const mine = ++asked;
      if (words.length < 2) { close(); return; }
      try {
        const rows = await (window.ofsightSearch
          ? window.ofsightSearch(words)
          : fetch(`${form.dataset.search}?q=${encodeURIComponent(words)}&limit=8`)
            .then((reply) => (reply.ok ? reply.json() : { rows: [] })).then((found) => found.rows));
        if (mine === asked) show(rows);
      } catch { close(); }
    };
    input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(find, 120); });
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      // A search box would be emptied by Escape: with suggestions open the key closes them and nothing else.
      if (event.key === "Escape") { event.preventDefault(); asked += 1; close(); return; }
      if (event.key === "ArrowDown") { event.preventDefault(); choose(chosen + 1); }
      else if (event.key === "ArrowUp") { event.preventDefault(); choose(chosen < 0 ? -1 : chosen - 1); }
      else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); location.assign(list.children[chosen].dataset.address); }
    });
    list.addEventListener("mousedown", (event) => {
      const item = event.target.closest("li");
      if (item) { event.preventDefault(); location.assign(item.dataset.address); }
    });
    input.addEventListener("blur", close);
  }

  // Long tables: only the rows that hold some words. How many are left is said aloud.
  let filters = 0;
  const filterRows = (table, body) => {
    const place = `rows-${++filters}`;
    const box = document.createElement("p"), label = document.createElement("label");
    const input = document.createElement("input"), said = document.createElement("span");
    box.className = "rows-filter";
    label.htmlFor = place;
    label.textContent = "Show only rows with ";
    input.type = "search"; input.id = place; input.maxLength = 100; input.autocomplete = "off";
    said.setAttribute("role", "status");
    box.append(label, input, " ", said);
    (table.closest(".table-frame") || table).before(box);
    const rows = [...body.rows].map((row) => [row, row.textContent.toLowerCase()]);
    input.addEventListener("input", () => {
      const words = input.value.trim().toLowerCase();
      let left = 0;
      for (const [row, text] of rows) { row.hidden = !text.includes(words); left += !row.hidden; }
      said.textContent = words ? `${left} of ${rows.length} rows` : "";
    });
  };

  // Tables sorted by a column: the words of a number are read as a number, what is none goes last.
  const worth = (cell) => {
    const words = cell.textContent.trim();
    const number = parseFloat(words.replace(/,/g, "").replace("−", "-"));
    if (cell.classList.contains("number")) return Number.isNaN(number) ? null : number;
    const day = /^\d{1,2} [A-Z][a-z]+ \d{4}/.test(words) ? Date.parse(words) : NaN;
    return Number.isNaN(day) ? (words === "–" || words === "" ? null : words.toLowerCase()) : day;
  };
  for (const table of document.querySelectorAll("table[data-sort]")) {
    const body = table.tBodies[0];
    if (!body || body.rows.length < 3) continue;
    if (body.rows.length >= 15) filterRows(table, body);
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [worth(row.cells[at]), row]);
        rows.sort(([one], [other]) => {
          if (one === null || other === null) return (one === null) - (other === null);
          const order = typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
          return down ? -order : order;
        });
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  // Charts that answer: a button by each, where their run time is to be had; nothing of it is loaded before one
  // is pressed. For the rest of the visit they open by themselves when they come into sight.
  const { vegaSrc, chartsSrc } = document.body.dataset;
  const links = vegaSrc ? document.querySelectorAll("a[data-chart]") : [];
  const visit = (value) => {
    try {
      if (value === undefined) return sessionStorage.getItem("ofsight-charts") === "open";
      if (value) sessionStorage.setItem("ofsight-charts", "open"); else sessionStorage.removeItem("ofsight-charts");
    } catch { /* a browser that keeps nothing: every page begins with the plain charts */ }
    return false;
  };
  let charts = null;
  const explorer = () => charts || (charts = new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = chartsSrc;
    script.onload = () => done(window.ofsightExplore);
    script.onerror = () => { charts = null; script.remove(); failed(new Error("charts.js did not come")); };
    document.head.append(script);
  }));
  for (const link of links) {
    const figure = link.closest(".part").querySelector("figure");
    const ways = document.createElement("p"), button = document.createElement("button");
    const title = document.createElement("span"), said = document.createElement("span");
    ways.className = "chart-ways explore";
    button.type = "button";
    title.className = "hidden";
    title.textContent = `: ${figure.querySelector("figcaption").textContent}`;
    button.append("Explore this chart", title);
    said.setAttribute("role", "status");
    ways.append(button, " ", said);
    figure.append(ways);
    const start = async (asked) => {
      if (button.disabled) return;
      button.disabled = true;
      said.textContent = "Loading…";
      try {
        const plot = await (await explorer())(figure, link.href, () => { visit(false); ways.hidden = false; button.focus(); });
        ways.hidden = true;
        said.textContent = "";
        if (asked) { visit(true); plot.focus({ preventScroll: true }); }
      } catch (error) {
        said.textContent = "The interactive chart could not be loaded. The chart above shows the same.";
      }
      button.disabled = false;
    };
    button.addEventListener("click", () => start(true));
    if (visit() && "IntersectionObserver" in window) {
      const seen = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) { seen.disconnect(); start(false); }
      });
      seen.observe(figure);
    }
  }
})();
