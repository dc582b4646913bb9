// Opens every page of a finished site from file:// in headless Chromium, as a reader would, and
// says what is wrong with it.
//
//   node check.mjs SITE
//
// Prints one line a fault, then the counts; ends with status 1 if there was a fault.
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";

import { first_view } from "./first_view.mjs";
import { launch } from "./launch.mjs";
import { serve } from "./server.mjs";
import { check_from_server, check_keyboard, check_without_scripts } from "./ways.mjs";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
/// Compressed bytes that may have to come before a page can be seen.
const FIRST_VIEW = 100_000;
const NOWHERE = "no operation has a name like this";

const site = realpathSync(process.argv[2] ?? fail("usage: node check.mjs SITE"));

/// A kernel to search for: the index is a call with what is found.
const [, index] = readFileSync(join(site, "search.js"), "utf8").match(/^melbotIndex\((.*)\);\n$/s) ?? [];
const [, wanted] = JSON.parse(index ?? "{}").pages?.find(([kind]) => kind === "kernel") ?? fail("search.js names no kernel");

const faults = [];
const count = { pages: 0, links: 0, anchors: 0, filters: 0, picks: 0, rows: 0, kinds: 0, zooms: 0, comparisons: 0 };
/// Pages of one folder are of one kind: what takes long is checked on the first of each.
const kinds = new Set();
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

const files = readdirSync(site, { recursive: true }).map((name) => join(site, name));
const pages = files.filter((file) => file.endsWith(".html")).sort();
if (pages.length === 0) fail(`no page in ${site}`);

const browser = await launch();
const readers = await browser.newContext({ viewport: DESK });
const { server, address } = await serve(site);
try {
  const ids = new Map();
  const links = [];
  for (const file of pages) {
    links.push(...(await visit(file, ids)));
    count.pages += 1;
  }
  for (const link of links) check_link(link, ids);
  if (count.filters === 0) faults.push("no page has a filter: input[data-filter]");
} finally {
  await browser.close();
  server.close();
}
await check_markup();

for (const fault of faults) console.log(fault);
const totals = Object.entries(count).map(([what, number]) => `${number} ${what}`);
console.log(`checked ${totals.join(", ")}; ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;

// Everything that needs the page open. Returns its links; notes its ids.
async function visit(file, ids) {
  const name = relative(site, file);
  const report = (what) => faults.push(`${name}: ${what}`);
  const page = await readers.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") report(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => report(`script: ${error.message}`));
  page.on("requestfailed", (request) => report(`not loaded: ${request.url()}`));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) report(`asks the network for ${request.url()}`);
  });
  try {
    await page.setViewportSize(DESK);
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
    const found = await page.evaluate(links_and_ids);
    ids.set(file, new Set(found.ids));
    for (const id of found.doubled) report(`id ${id} is there twice`);
    const bytes = first_view(file);
    if (bytes > FIRST_VIEW) report(`${bytes} bytes have to come before it is seen`);
    await check_colours(page, report);
    await check_phone(page, report);
    await check_filters(page, report);
    await check_picks(page, report);
    const kind = name.includes(sep) ? `${dirname(name)}/${basename(name) === "index.html"}` : name;
    if (!kinds.has(kind)) {
      kinds.add(kind);
      count.kinds += 1;
      await check_without_scripts(browser, file, page, report);
      await check_from_server(browser, address(file), report);
      await check_access(page, report);
      await check_keyboard(page, report);
      await check_keys(page, report);
      await check_search(page, report);
      await check_zoom(page, report);
      await check_comparison(page, report);
    }
    return found.links.map((url) => ({ from: name, url }));
  } finally {
    await page.close();
  }
}

function links_and_ids() {
  const attributes = { a: "href", area: "href", link: "href", script: "src", img: "src", use: "href" };
  const links = new Set();
  for (const [tag, attribute] of Object.entries(attributes)) {
    for (const element of document.querySelectorAll(`${tag}[${attribute}]`)) {
      links.add(new URL(element.getAttribute(attribute), document.baseURI).href);
    }
  }
  const all = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const doubled = all.filter((id, at) => all.indexOf(id) < at);
  return { links: [...links], ids: all, doubled };
}

// A relative link leads to a file that exists (a page, or a raw log outside the site), and its
// anchor to an element of that page.
function check_link({ from, url }, ids) {
  const target = new URL(url);
  if (target.protocol !== "file:") return;
  count.links += 1;
  const anchor = decodeURIComponent(target.hash.slice(1));
  target.hash = target.search = "";
  const path = fileURLToPath(target);
  if (!existsSync(path)) {
    faults.push(`${from}: dead link to ${relative(site, path)}`);
  } else if (statSync(path).isDirectory()) {
    if (existsSync(join(path, "index.html"))) {
      faults.push(`${from}: link to the folder ${relative(site, path)}${sep}, not to its index.html`);
    }
  } else if (anchor !== "" && ids.has(path)) {
    count.anchors += 1;
    if (!ids.get(path).has(anchor) && anchor !== "top") {
      faults.push(`${from}: dead anchor ${relative(site, path)}#${anchor}`);
    }
  }
}

async function check_colours(page, report) {
  const light = await page.evaluate(background_luminance);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await page.evaluate(background_luminance);
  await page.emulateMedia({ colorScheme: "light" });
  if (!(light > 0.5 && dark < 0.2)) {
    report(`background luminance is ${light.toFixed(2)} in light and ${dark.toFixed(2)} in dark mode`);
  }
}

function background_luminance() {
  const [colour] = [document.body, document.documentElement]
    .map((element) => getComputedStyle(element).backgroundColor)
    .filter((colour) => colour !== "rgba(0, 0, 0, 0)");
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = colour ?? "white";
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data]
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

async function check_phone(page, report) {
  await page.setViewportSize(PHONE);
  const { width, widest, loose } = await page.evaluate(() => {
    const scrolls = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(at).overflowX)) return true;
      }
      return false;
    };
    const describe = (element) => {
      const name = typeof element.className === "string" ? element.className : "";
      return `<${element.localName}${name ? ` class="${name}"` : ""}>`;
    };
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > innerWidth && !scrolls(element.parentElement),
    );
    const loose = [...document.querySelectorAll("table")].filter(
      (table) => table.getBoundingClientRect().width > innerWidth && table.closest(".scroll") === null,
    );
    return {
      width: document.documentElement.scrollWidth,
      widest: wide.slice(0, 3).map(describe).join(" "),
      loose: loose.length,
    };
  });
  if (width > PHONE.width) report(`scrolls sideways on a phone: ${width} px wide, see ${widest}`);
  if (loose > 0) report(`${loose} wide tables outside .scroll`);
  await page.setViewportSize(DESK);
}

// Typing into a filter hides the rows that do not match, and only those; emptying it shows all.
async function check_filters(page, report) {
  for (const input of await page.locator("input[data-filter]").all()) {
    count.filters += 1;
    const before = await page.evaluate(visible_rows);
    await type(page, input, NOWHERE, before);
    const left = await page.evaluate(visible_rows);
    const governed = before.filter((row) => !left.some((other) => other.at === row.at));
    if (governed.length === 0) {
      report("the filter hides nothing");
      continue;
    }
    count.rows += governed.length;
    const word = governed.at(-1).name.toLowerCase();
    await type(page, input, word, left);
    const shown = (await page.evaluate(visible_rows)).map((row) => row.at);
    // A row matches if all words are somewhere in it: a row of alerts may name another alert.
    const words = word.split(/\s+/);
    const expected = governed.filter((row) =>
      words.every((part) => row.text.toLowerCase().includes(part)),
    );
    for (const row of governed) {
      const matches = expected.includes(row);
      if (matches && row.name.toLowerCase().includes(word) && !shown.includes(row.at)) {
        report(`the filter "${word}" hides ${row.name}`);
      }
      if (!matches && shown.includes(row.at)) report(`the filter "${word}" leaves ${row.name}`);
    }
    await type(page, input, "", []);
    const after = await page.evaluate(visible_rows);
    if (after.length !== before.length) report("an emptied filter does not bring all rows back");
  }
}

// Picking a state or a severity leaves the rows of it, and only those; picking nothing brings all back.
async function check_picks(page, report) {
  for (const select of await page.locator("select[data-pick]").all()) {
    const what = await select.getAttribute("data-pick");
    const rows = () =>
      page.evaluate(
        (what) =>
          [...document.querySelectorAll(`tbody tr[data-${what}]`)].map((row) => ({
            value: row.dataset[what],
            visible: row.checkVisibility(),
          })),
        what,
      );
    for (const option of await select.locator("option").all()) {
      const value = (await option.getAttribute("value")) ?? (await option.textContent());
      await select.selectOption(value);
      count.picks += 1;
      const wrong = (await rows()).filter((row) => row.visible !== (value === "" || row.value === value));
      if (wrong.length > 0) report(`${what} "${value}" shows or hides ${wrong.length} rows wrongly`);
    }
    await select.selectOption("");
  }
}

// What axe finds against the rules of WCAG and against good practice, in both themes.
async function check_access(page, report) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // The policy of the pages allows no script but theirs; what the test adds is not of the page.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run({ preload: false, resultTypes: ["violations"] }));
    for (const { id, help, nodes } of violations) {
      const where = nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ");
      report(`axe, ${colorScheme}: ${help} (${id}), ${nodes.length} times, first at ${where}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

// `?` opens the list of keys, Escape closes it.
async function check_keys(page, report) {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  const open = () => page.evaluate(() => document.getElementById("keys").open);
  if (!(await open())) report("? does not open the list of keys");
  await page.keyboard.press("Escape");
  if (await open()) report("Escape does not close the list of keys");
}

// `/` leads to the search, a word brings links, the arrow leads to the first, and Escape back.
async function check_search(page, report) {
  await page.keyboard.press("/");
  await page.keyboard.type(wanted);
  const hits = page.locator("#found a");
  await hits.first().waitFor({ timeout: 3000 }).catch(() => {});
  if ((await hits.count()) === 0) {
    report(`the search finds no kernel ${wanted}`);
    return;
  }
  const links = await page.evaluate(() => [...document.querySelectorAll("#found a")].map((a) => a.href));
  for (const link of links) {
    const target = new URL(link);
    target.hash = "";
    if (!existsSync(fileURLToPath(target))) report(`the search leads to ${link}`);
  }
  await page.keyboard.press("ArrowDown");
  const focused = await page.evaluate(() => document.activeElement.href);
  if (focused !== links[0]) report("the arrow does not lead to what was found");
  await page.keyboard.press("Escape");
  if (await page.locator("#found").isVisible()) report("Escape does not close the search");
}

// A plot can be enlarged, from the keyboard as well, and Escape brings the page back.
async function check_zoom(page, report) {
  const enlarge = page.locator(".drawing .enlarge").first();
  if ((await enlarge.count()) === 0) return;
  count.zooms += 1;
  await enlarge.focus();
  await page.keyboard.press("Enter");
  const width = () => page.evaluate(() => document.querySelector("dialog.zoom[open] .drawing svg")?.getBoundingClientRect().width ?? 0);
  const open = await width();
  if (open < DESK.width * 0.8) report(`an enlarged plot is ${open} px wide`);
  await page.click("dialog.zoom button[aria-label=larger]");
  if ((await width()) <= open) report("an enlarged plot does not get larger");
  await page.keyboard.press("Escape");
  if ((await width()) > 0) report("Escape does not close the enlarged plot");
}

// A kernel that is not chosen is hidden in all tables, another baseline shows bare differences, both are
// in the address and come back from it, and what is copied is what is shown.
async function check_comparison(page, report) {
  const choices = page.locator("[data-column]");
  const kernels = await choices.count();
  if (kernels < 2) return;
  await page.locator("details.choose > summary").click();
  const heads = () => page.locator("table.kernels").first().locator("thead th:visible").count();
  const before = await heads();
  await choices.first().uncheck();
  if ((await heads()) !== before - 1) report("a kernel that is not chosen stays");
  await page.selectOption("#baseline", "1");
  const under = await page.locator("table.kernels").first().locator("thead th:visible small").allTextContents();
  if (!/baseline$/.test(under[0]) || under.slice(1).some((text) => !/vs /.test(text))) {
    report(`against another kernel the heads say ${under.join(", ")}`);
  }
  if (!(await page.locator("#unjudged").isVisible())) report("differences without verdict are not told apart");
  const hash = () => page.evaluate(() => location.hash);
  if (!/without=.*against=/.test(await hash())) report(`the address is ${await hash()}`);
  await page.reload();
  if (await choices.first().isChecked()) report("a choice does not come back from the address");
  for (const [format, start] of [["markdown", "### "], ["csv", "benchmark,operation,kernel,value,change_pct\n"], ["text", ""]]) {
    const text = await page.evaluate((format) => {
      Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { window.copied = text; } }, configurable: true });
      document.querySelector(`[data-copy=${format}]`).click();
      return window.copied;
    }, format);
    const name = await page.locator("table.kernels tbody th a").first().textContent();
    if (!text.startsWith(start) || !text.includes(name.slice(0, 5))) report(`copied as ${format}: ${text.slice(0, 60)}`);
  }
  await page.selectOption("#baseline", "");
  await page.locator("details.choose > summary").click();
  await page.locator("[data-columns=none]").click();
  if ((await heads()) !== before - kernels) report("kernels stay that nobody chose");
  await page.locator("[data-columns=all]").click();
  if ((await hash()) !== "" || (await heads()) !== before) report("what was chosen does not go away");
  count.comparisons += 1;
}

// Fills the input and waits, for two seconds at most, until the rows differ from `before`.
async function type(page, input, text, before) {
  await input.fill(text);
  const seen = before.length;
  await page
    .waitForFunction(
      (seen) => [...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility()).length !== seen,
      seen,
      { timeout: 2000 },
    )
    .catch(() => {});
}

function visible_rows() {
  return [...document.querySelectorAll("tbody tr")]
    .map((row, at) => ({
      at,
      text: row.textContent,
      name: row.querySelector("th, td")?.textContent.trim() ?? "",
      visible: row.checkVisibility(),
    }))
    .filter((row) => row.visible && row.name !== "");
}

// What the HTML standard forbids; matters of taste are left out.
async function check_markup() {
  const validator = new HtmlValidate({
    root: true,
    extends: ["html-validate:standard"],
  });
  for (const file of pages) {
    const { results } = await validator.validateFile(file);
    for (const { messages } of results) {
      for (const { line, column, ruleId, message } of messages) {
        faults.push(`${relative(site, file)}:${line}:${column}: ${message} (${ruleId})`);
      }
    }
  }
}

function fail(why) {
  console.error(why);
  process.exit(2);
}
