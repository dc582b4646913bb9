"use strict";
// Filters, search and keys. Everything that is told on the pages is there without scripts.
(function () {
  const root = document.documentElement.dataset.root;
  document.querySelectorAll(".js").forEach((element) => { element.hidden = false; });

  // A plot that is wider than the page shows what changed first. Once it comes in sight: before that it is not
  // laid out, and asking where something is would lay it out.
  const near = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
    near.unobserve(target);
    const mark = target.querySelector("polygon.wo, polygon.be");
    if (mark) target.scrollLeft = mark.getBoundingClientRect().left - target.clientWidth * 0.6;
  }));
  document.querySelectorAll("figure.full").forEach((figure) => near.observe(figure));

  startZoom();
  const search = startSearch();
  const filter = startFilter();
  startKeys();

  // A plot as large as the window, and larger.
  function startZoom() {
    const drawings = document.querySelectorAll("figure .drawing");
    if (!drawings.length) return;
    const sheet = document.createElement("dialog");
    sheet.className = "zoom";
    sheet.setAttribute("aria-label", "Plot, enlarged");
    const button = (text, label, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      return made;
    };
    const bar = document.createElement("p");
    const room = document.createElement("div");
    room.className = "scroll";
    room.tabIndex = 0;
    let width = 0;
    const scale = (by) => {
      width = by ? width * by : room.clientWidth;
      room.querySelectorAll("svg").forEach((svg) => {
        svg.setAttribute("width", width);
        svg.removeAttribute("height");
      });
    };
    bar.append(button("+", "larger", () => scale(1.5)), " ", button("−", "smaller", () => scale(1 / 1.5)), " ",
      button("Close", "close", () => sheet.close()));
    sheet.append(bar, room);
    document.body.append(sheet);
    drawings.forEach((drawing) => {
      const open = button("⤢", "Enlarge the plot", () => {
        room.replaceChildren(drawing.cloneNode(true));
        room.querySelector("button").remove();
        sheet.showModal();
        scale(0);
      });
      open.className = "enlarge js";
      drawing.append(open);
    });
  }

  // Finds kernels, machines, benchmarks, operations and alerts. The index is a script, not data that
  // is fetched: a page from a disk may not read files. It is loaded when somebody wants it.
  function startSearch() {
    const input = document.getElementById("search");
    const box = document.getElementById("found");
    const list = box.querySelector("ul");
    const said = box.querySelector("p");
    const MOST = 40;
    let entries = null;

    window.melbotIndex = (index) => {
      entries = index.pages.map(([kind, label, detail, href]) => ({ kind, label, detail, href }));
      index.operations.forEach(([detail, page, names]) => names.forEach((name) => {
        const [label, anchor] = Array.isArray(name) ? name : [name, name];
        entries.push({ kind: "operation", label, detail, href: page + "#op-" + anchor });
      }));
      entries.forEach((entry) => {
        entry.low = entry.label.toLowerCase();
        entry.all = (entry.kind + " " + entry.label + " " + entry.detail).toLowerCase();
      });
      show();
    };

    function load() {
      if (load.done) return;
      load.done = true;
      const script = document.createElement("script");
      script.src = root + "search.js";
      script.onerror = () => { said.textContent = "The index could not be loaded."; };
      document.head.append(script);
    }

    // The smaller, the better.
    function rank(entry, text) {
      if (entry.low === text) return 0;
      if (entry.low.startsWith(text)) return 1;
      return entry.low.includes(text) ? 2 : 3;
    }

    function show() {
      const text = input.value.trim().toLowerCase();
      box.hidden = text === "";
      if (box.hidden) return;
      if (!entries) {
        said.textContent = "Loading the index …";
        return;
      }
      const words = text.split(/\s+/);
      const hits = entries.filter((entry) => words.every((word) => entry.all.includes(word)));
      const ranks = new Map(hits.map((entry) => [entry, rank(entry, text)]));
      hits.sort((a, b) => ranks.get(a) - ranks.get(b));
      list.replaceChildren(...hits.slice(0, MOST).map(item));
      said.textContent = hits.length === 0 ? "Nothing is called like this."
        : hits.length > MOST ? "The first " + MOST + " of " + hits.length + " found."
          : hits.length + " found.";
    }

    function item(entry) {
      const link = document.createElement("a");
      link.href = root + entry.href;
      link.textContent = entry.label;
      const detail = document.createElement("small");
      detail.textContent = entry.kind + (entry.detail ? " · " + entry.detail : "");
      const li = document.createElement("li");
      link.append(detail);
      li.append(link);
      return li;
    }

    function close() {
      input.value = "";
      show();
      input.focus();
    }

    input.addEventListener("input", () => { load(); show(); });
    input.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const first = list.querySelector("a");
      if (first && !box.hidden) first.click();
    });
    input.form.addEventListener("keydown", (event) => {
      const links = Array.from(list.querySelectorAll("a"));
      const at = links.indexOf(document.activeElement);
      if (event.key === "Escape") {
        close();
      } else if (event.key === "ArrowDown" && links.length) {
        links[Math.min(at + 1, links.length - 1)].focus();
      } else if (event.key === "ArrowUp" && at >= 0) {
        (links[at - 1] || input).focus();
      } else {
        return;
      }
      event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      if (!input.form.contains(event.target)) box.hidden = true;
    });
    return input;
  }

  // Hides rows that are not asked for. What is asked for is in the address, to be sent to others.
  function startFilter() {
    const input = document.querySelector("[data-filter]");
    if (!input) return null;
    const said = document.querySelector("[data-filtered]");
    const only = document.getElementById("only-changed");
    const tables = Array.from(document.querySelectorAll("table.kernels"));
    const rows = Array.from(document.querySelectorAll(
      tables.length ? "table.kernels tbody tr" : "main tbody tr"));
    // Rows of alerts are found by whatever they say, others by their name.
    const whole = input.dataset.filter === "rows";
    const names = rows.map((row) =>
      (whole ? row : row.cells[0]).textContent.replace(/\s+/g, " ").toLowerCase());
    const picks = Array.from(document.querySelectorAll("[data-pick]"));

    function apply() {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const picked = (row) =>
        picks.every((pick) => !pick.value || row.dataset[pick.dataset.pick] === pick.value);
      let shown = 0;
      rows.forEach((row, at) => {
        const hit = words.every((word) => names[at].includes(word)) && picked(row);
        row.hidden = !hit;
        if (hit) shown += 1;
      });
      const filtered = words.length || picks.some((pick) => pick.value);
      said.textContent = filtered ? shown + " of " + rows.length : "";
      tables.forEach((table) => {
        const section = table.closest("section");
        const visible = Array.from(table.tBodies[0].rows).some((row) =>
          !row.hidden && (!only || !only.checked || row.classList.contains("moved")));
        section.querySelector(".empty").hidden = visible;
        table.parentElement.hidden = !visible;
      });
      document.querySelectorAll("table.alerts").forEach((table) => {
        table.closest("section").hidden = Array.from(table.tBodies[0].rows).every((row) => row.hidden);
      });
      remember(words);
    }

    function remember(words) {
      // Others keep their state there as well.
      const stateful = location.hash.includes("=");
      const state = new URLSearchParams(stateful ? location.hash.slice(1) : "");
      const note = (name, value) => { if (value) state.set(name, value); else state.delete(name); };
      note("filter", words.length ? input.value : "");
      note("changed", only && only.checked ? "1" : "");
      picks.forEach((pick) => note(pick.dataset.pick, pick.value));
      const hash = state.toString();
      if (hash || stateful) {
        history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
      }
    }

    function recall() {
      const state = new URLSearchParams(location.hash.slice(1));
      input.value = state.get("filter") || "";
      if (only) only.checked = state.has("changed");
      picks.forEach((pick) => { pick.value = state.get(pick.dataset.pick) || ""; });
      apply();
    }

    input.addEventListener("input", apply);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      input.value = "";
      apply();
    });
    if (only) only.addEventListener("change", apply);
    picks.forEach((pick) => pick.addEventListener("change", apply));
    // A link to a place on the page is no filter.
    window.addEventListener("hashchange", () => { if (location.hash.includes("=")) recall(); });
    if (location.hash.includes("=")) recall();
    return input;
  }

  function startKeys() {
    const dialog = document.getElementById("keys");
    const pages = { h: "index.html", a: "alerts.html", k: "kernels/index.html",
      m: "machines/index.html", b: "benchmarks/index.html" };
    let go = 0;

    // The next or the last thing that is worse or better, from where the page is.
    function step(way) {
      const marks = Array.from(document.querySelectorAll("main .v.worse, main .v.better, main td.worse, main td.better"))
        .filter((mark) => mark.checkVisibility() && (mark.matches("td") || !mark.closest(".legend")));
      // Of a sentence the link to its alert, which is in bold.
      const told = (mark) => mark.closest("li") && mark.closest("li").querySelector("a:has(b)");
      const places = marks.map((mark) => mark.querySelector("a") || told(mark) || mark);
      if (!places.length) return;
      const here = places.indexOf(document.activeElement);
      const at = here < 0 ? (way > 0 ? 0 : places.length - 1)
        : (here + way + places.length) % places.length;
      if (!places[at].matches("a")) places[at].tabIndex = -1;
      places[at].focus();
      places[at].scrollIntoView({ block: "center", inline: "center" });
    }

    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const second = Date.now() - go < 1500;
      go = 0;
      if (second && pages[event.key]) location.href = root + pages[event.key];
      else if (event.key === "g") go = Date.now();
      else if (event.key === "/") search.focus();
      else if (event.key === "f" && filter) filter.focus();
      else if (event.key === "n") step(1);
      else if (event.key === "p") step(-1);
      else if (event.key === "?") dialog.showModal();
      else return;
      event.preventDefault();
    });
    document.querySelectorAll("[data-keys]").forEach((button) =>
      button.addEventListener("click", () => dialog.showModal()));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
})();
