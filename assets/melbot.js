"use strict";
// Filters rows. Everything else on the pages works without scripts.
(function () {
  // A plot that is wider than the page shows what changed first.
  document.querySelectorAll("figure.full").forEach((figure) => {
    const mark = figure.querySelector("polygon.wo, polygon.be");
    if (mark) figure.scrollLeft = mark.getBoundingClientRect().left - figure.clientWidth * 0.6;
  });

  const input = document.querySelector("[data-filter]");
  if (!input) return;
  const said = document.querySelector("[data-filtered]");
  const only = document.getElementById("only-changed");
  document.querySelectorAll(".js").forEach((element) => { element.hidden = false; });

  const tables = Array.from(document.querySelectorAll("table.kernels"));
  const rows = Array.from(document.querySelectorAll(
    tables.length ? "table.kernels tbody tr" : "main tbody tr"));
  // Rows of alerts are found by whatever they say, others by their name.
  const whole = input.dataset.filter === "rows";
  const names = rows.map((row) =>
    (whole ? row : row.cells[0]).textContent.replace(/\s+/g, " ").toLowerCase());
  const picks = Array.from(document.querySelectorAll("[data-pick]"));

  function picked(row) {
    return picks.every((pick) => !pick.value || row.dataset[pick.dataset.pick] === pick.value);
  }

  function matches(name, words) {
    return words.every((word) => name.includes(word));
  }

  function apply() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, at) => {
      const hit = matches(names[at], words) && picked(row);
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
    const state = new URLSearchParams();
    if (words.length) state.set("filter", input.value);
    if (only && only.checked) state.set("changed", "1");
    picks.forEach((pick) => { if (pick.value) state.set(pick.dataset.pick, pick.value); });
    const hash = state.toString();
    const filtered = /(filter|changed|state|severity)=/.test(location.hash);
    if (hash || filtered) {
      history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
    }
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    if (state.has("filter")) input.value = state.get("filter");
    if (only && state.has("changed")) only.checked = true;
    picks.forEach((pick) => { if (state.has(pick.dataset.pick)) pick.value = state.get(pick.dataset.pick); });
    if (input.value || (only && only.checked) || picks.some((pick) => pick.value)) apply();
  }

  input.addEventListener("input", apply);
  if (only) only.addEventListener("change", apply);
  picks.forEach((pick) => pick.addEventListener("change", apply));
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
