"use strict";
// Comparisons: which kernels are shown, what they are set against, and what is shown as text.
(function () {
  const tables = Array.from(document.querySelectorAll("table.kernels"));
  const choices = Array.from(document.querySelectorAll("[data-column]"));
  const base = document.getElementById("baseline");
  const said = document.getElementById("copied");
  const sheet = document.getElementById("copy-text");
  if (!tables.length) return;
  const kernels = choices.map((choice) => choice.parentElement.textContent.trim());
  const count = kernels.length;

  // The cells of a row that belong to kernels; null for a row that spans the table.
  function cellsOf(row) {
    return row.cells.length < count ? null : Array.from(row.cells).slice(-count);
  }

  function bodyRows(table) {
    return Array.from(table.tBodies[0].rows);
  }

  function number(cell) {
    const text = cell.firstChild ? cell.firstChild.textContent : "";
    return Number.parseFloat(text.replace(/,/g, "").replace("−", "-"));
  }

  // Kernels that are not chosen are hidden in every table of the page.
  function chooseColumns() {
    document.querySelectorAll("main table tr").forEach((row) => {
      const cells = cellsOf(row);
      if (!cells) return;
      cells.forEach((cell, at) => { cell.hidden = !choices[at].checked; });
    });
  }

  // What stands under the name of a kernel: its track, and what it is set against.
  function nameBaseline(against) {
    document.querySelectorAll("main table thead tr").forEach((row) => {
      const cells = cellsOf(row);
      if (!cells) return;
      cells.forEach((cell, at) => {
        const small = cell.querySelector("small");
        if (!small) return;
        cell.told = cell.told || small.textContent;
        const track = cell.told.includes(" · ") ? cell.told.split(" · ")[0] + " · " : "";
        small.textContent = against === null ? cell.told
          : track + (at === against ? "baseline" : "vs " + kernels[against]);
      });
    });
  }

  // Against another kernel there is only the difference of the figures: nothing was judged.
  function chooseBaseline() {
    const against = base.value === "" ? null : Number(base.value);
    tables.forEach((table) => bodyRows(table).forEach((row) => {
      const cells = cellsOf(row);
      const from = against === null ? 0 : number(cells[against]);
      cells.forEach((cell, at) => {
        cell.judged = cell.judged || { name: cell.className, small: cell.querySelector("small"), title: cell.title };
        const old = cell.querySelector("small");
        if (old) old.remove();
        cell.className = against === null ? cell.judged.name : "n";
        cell.title = against === null ? cell.judged.title : "";
        if (against === null) {
          if (cell.judged.small) cell.append(cell.judged.small);
          return;
        }
        const change = 100 * (number(cell) - from) / Math.abs(from) * (row.dataset.better === "lower" ? -1 : 1);
        if (!Number.isFinite(change)) return;
        const small = document.createElement("small");
        small.textContent = at === against ? "baseline"
          : (change > 0 ? "+" : change < 0 ? "−" : "") + Math.abs(change).toFixed(1) + " %";
        cell.append(small);
      });
    }));
    nameBaseline(against);
    document.getElementById("unjudged").hidden = against === null;
  }

  function remember() {
    recall.changed = true;
    const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    const without = choices.flatMap((choice, at) => choice.checked ? [] : [kernels[at]]);
    state.delete("without");
    without.forEach((kernel) => state.append("without", kernel));
    if (base.value === "") state.delete("against");
    else state.set("against", kernels[base.value]);
    const hash = state.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  }

  function recall() {
    const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    const without = state.getAll("without");
    choices.forEach((choice, at) => { choice.checked = !without.includes(kernels[at]); });
    const against = kernels.indexOf(state.get("against"));
    base.value = against < 0 ? "" : String(against);
    // A page that is as it came has nothing to be changed, and may have many thousand cells.
    if (!recall.changed && !without.length && against < 0) return;
    recall.changed = true;
    chooseColumns();
    chooseBaseline();
  }

  // What is to be seen: of each benchmark the operations with value and change by kernel.
  function shown() {
    const columns = kernels.map((kernel, at) => at).filter((at) => choices[at].checked);
    const benchmarks = tables.filter((table) => table.checkVisibility()).map((table) => ({
      name: table.closest("section").dataset.benchmark,
      rows: bodyRows(table).filter((row) => row.checkVisibility()).map((row) => ({
        name: row.querySelector("th a").textContent,
        cells: columns.map((at) => {
          const cell = cellsOf(row)[at];
          const small = cell.querySelector("small");
          return {
            value: cell.firstChild ? cell.firstChild.textContent.trim() : "",
            // With many kernels most have no change below their value.
            change: small ? small.textContent.replace(/\s+/g, " ").trim()
              : base.value === "" && cell.dataset.change || "",
          };
        }),
      })),
    }));
    return { kernels: columns.map((at) => kernels[at]), benchmarks };
  }

  const both = (cell) => cell.change ? cell.value + " (" + cell.change + ")" : cell.value;

  const FORMATS = {
    markdown({ kernels: names, benchmarks }) {
      const safe = (text) => text.replace(/[\\|`*_<>[\]]/g, "\\$&");
      const line = (cells) => "| " + cells.join(" | ") + " |";
      return benchmarks.map(({ name, rows }) => ["### " + safe(name), "", line(["Operation", ...names.map(safe)]),
        line(["---", ...names.map(() => "---:")]),
        ...rows.map((row) => line([safe(row.name), ...row.cells.map(both).map(safe)])), ""].join("\n")).join("\n");
    },
    csv({ kernels: names, benchmarks }) {
      // What begins like a formula is none.
      const safe = (text) => (/^[=+@\t\r]/.test(text) ? "'" : "") + text;
      const plain = (text) => text.replace(/,/g, "").replace("−", "-");
      // A baseline has no change.
      const percent = (text) => (plain(text).match(/[+-]?[0-9.]+(?= %)/) || [""])[0];
      const quoted = (text) => /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
      const lines = benchmarks.flatMap(({ name, rows }) => rows.flatMap((row) => row.cells.map((cell, at) =>
        [safe(name), safe(row.name), safe(names[at]), plain(cell.value), percent(cell.change)])));
      return [["benchmark", "operation", "kernel", "value", "change_pct"], ...lines]
        .map((cells) => cells.map(quoted).join(",")).join("\n") + "\n";
    },
    text({ kernels: names, benchmarks }) {
      return benchmarks.map(({ name, rows }) => {
        const lines = [["", ...names], ...rows.map((row) => [row.name, ...row.cells.map(both)])];
        const widths = lines[0].map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
        return name + "\n" + lines.map((cells) => cells.map((cell, at) =>
          at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at])).join("  ").trimEnd()).join("\n") + "\n";
      }).join("\n");
    },
  };

  // Where the clipboard is closed to scripts, the text is shown to be copied by hand.
  function copy(format) {
    const text = FORMATS[format](shown());
    const byHand = () => {
      sheet.querySelector("textarea").value = text;
      sheet.showModal();
      sheet.querySelector("textarea").select();
    };
    if (!navigator.clipboard) byHand();
    else navigator.clipboard.writeText(text).then(() => { said.textContent = "Copied."; }, byHand);
  }

  choices.forEach((choice) => choice.addEventListener("change", () => { chooseColumns(); remember(); }));
  document.querySelectorAll("[data-columns]").forEach((button) => button.addEventListener("click", () => {
    choices.forEach((choice) => { choice.checked = button.dataset.columns === "all"; });
    chooseColumns();
    remember();
  }));
  base.addEventListener("change", () => { chooseBaseline(); remember(); });
  document.querySelectorAll("[data-copy]").forEach((button) =>
    button.addEventListener("click", () => copy(button.dataset.copy)));
  // A link to a place on the page is no choice.
  window.addEventListener("hashchange", () => { if (location.hash.includes("=")) recall(); });
  recall();
  // The newest kernels are what one comes for. With the next frame, for which the page is laid out anyway.
  requestAnimationFrame(() => tables.forEach((table) => {
    const scroll = table.closest(".scroll");
    if (scroll) scroll.scrollLeft = scroll.scrollWidth;
  }));
})();
