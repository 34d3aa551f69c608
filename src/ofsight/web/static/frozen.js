// What the frozen pages need in place of a server: the search, whose index is a script beside this one, and the
// specifications of charts; each read at the first need.
"use strict";
(() => {
  const here = document.currentScript.src;
  const root = new URL("../", here);
  const plain = (words) => words.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/&/g, " and ")
    .toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
  let index = null;
  const load = () => index || (index = new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL("search-index.js", here);
    script.onload = () => done(window.ofsightIndex);
    script.onerror = failed;
    document.head.append(script);
  }).then(({ entries, urns }) => ({
    entries: entries.map(([label, kind, file]) => ({ label, kind, address: new URL(file, root).href, key: plain(label) })),
    urns,
  })));
  const pairs = (words) => {
    const padded = ` ${words} `;
    return new Set([...padded].slice(0, -1).map((letter, at) => letter + padded[at + 1]));
  };
  const alike = (one, other) => {
    let both = 0;
    for (const pair of one) both += other.has(pair);
    return (2 * both) / (one.size + other.size);
  };
  window.ofsightSearch = async (words, most = 8) => {
    const { entries, urns } = await load();
    const asked = plain(words).slice(0, 100);
    if (!asked) return [];
    if (/^(sc)?\d{3,7}$/.test(asked)) {
      const digits = asked.replace("sc", "");
      return urns.filter((urn) => urn.replace("SC", "").startsWith(digits)).slice(0, most)
        .map((urn) => ({ label: `Home ${urn}`, kind: "Home", address: new URL(`homes/${urn}.html`, root).href }));
    }
    const mine = pairs(asked);
    return entries.map((entry, at) => {
      const rank = entry.key === asked ? 3 : entry.key.startsWith(asked) ? 2
        : ` ${entry.key}`.includes(` ${asked}`) ? 1.5 : alike(mine, pairs(entry.key));
      return [rank, at, entry];
    }).filter(([rank]) => rank >= 0.45).sort((one, other) => other[0] - one[0] || one[1] - other[1])
      .slice(0, most).map(([, , entry]) => entry);
  };
  // A chart's specification comes as a script, because a page from a disk may fetch nothing.
  window.ofsightSpecification = (address) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address.replace(/\.json$/, ".js");
    script.onload = () => { script.remove(); done(window.ofsightGiven); };
    script.onerror = () => { script.remove(); failed(new Error(`${address} did not come`)); };
    document.head.append(script);
  });
  const place = document.querySelector("[data-results]");
  const words = new URLSearchParams(location.search).get("q");
  if (place && words) {
    const box = document.querySelector("input[name=q]");
    if (box) box.value = words.slice(0, 100);
    window.ofsightSearch(words, 20).then((found) => {
      place.replaceChildren(...found.map((one) => {
        const item = document.createElement("li"), link = document.createElement("a"), kind = document.createElement("span");
        link.href = one.address; link.textContent = one.label; kind.textContent = one.kind;
        item.append(link, " ", kind);
        return item;
      }));
      document.querySelector("[data-found]").textContent = found.length ? `${found.length} results.` : "Nothing is like that.";
    });
  }
})();
