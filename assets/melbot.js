"use strict";
// Filters rows by name. Everything else on the pages works without scripts.
(function () {
  const input = document.querySelector("[data-filter]");
  if (!input) return;
  const said = document.querySelector("[data-filtered]");
  const only = document.getElementById("only-changed");
  document.querySelectorAll(".js").forEach((element) => { element.hidden = false; });

  const tables = Array.from(document.querySelectorAll("table.kernels"));
  const rows = Array.from(document.querySelectorAll(
    tables.length ? "table.kernels tbody tr" : "main tbody tr"));
  const names = rows.map((row) => row.cells[0].textContent.toLowerCase());

  function matches(name, words) {
    return words.every((word) => name.includes(word));
  }

  function apply() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, at) => {
      const hit = matches(names[at], words);
      row.hidden = !hit;
      if (hit) shown += 1;
    });
    said.textContent = words.length ? shown + " of " + rows.length : "";
    tables.forEach((table) => {
      const section = table.closest("section");
      const visible = Array.from(table.tBodies[0].rows).some((row) =>
        !row.hidden && (!only || !only.checked || row.classList.contains("moved")));
      section.querySelector(".empty").hidden = visible;
      table.parentElement.hidden = !visible;
    });
    remember(words);
  }

  function remember(words) {
    const state = new URLSearchParams();
    if (words.length) state.set("filter", input.value);
    if (only && only.checked) state.set("changed", "1");
    const hash = state.toString();
    const filtered = location.hash.includes("filter=") || location.hash.includes("changed=");
    if (hash || filtered) {
      history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    }
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (state.has("filter")) input.value = state.get("filter");
    if (only && state.has("changed")) only.checked = true;
    if (input.value || (only && only.checked)) apply();
  }

  input.addEventListener("input", apply);
  if (only) only.addEventListener("change", apply);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape" && event.target === input) {
      input.value = "";
      apply();
    }
  });
  recall();
})();
