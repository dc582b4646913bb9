// How soon the pages of a finished site can be used on a slow computer, and how much of them has to come.
//
//   node speed.mjs SITE [PAGES-PER-KIND]
//
// Opens pages of every kind, the largest of each, over HTTP and with the processor slowed down four
// times: each in a fresh browser context, so that nothing is in a cache. Prints a line for each kind, the
// slowest page of it: compressed kilobytes of the first view, and milliseconds until it could be used (all
// scripts have run, and a click is answered).
import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";

import { first_view } from "./first_view.mjs";
import { launch } from "./launch.mjs";
import { serve } from "./server.mjs";

const SLOWER = 4;
const ROUNDS = 3;

const [, , folder, most = "2"] = process.argv;
if (folder === undefined) {
  console.error("usage: node speed.mjs SITE [PAGES-PER-KIND]");
  process.exit(2);
}
const site = realpathSync(folder);

const { server, address } = await serve(site);
const browser = await launch();
const rows = [];
for (const [kind, files] of largest_of_each_kind()) {
  const measured = [];
  for (const file of files) measured.push({ file, ...(await usable(file)), bytes: first_view(file) });
  measured.sort((a, b) => b.ready - a.ready);
  const [{ file, ready, bytes }] = measured;
  rows.push({ kind, ready, bytes });
  console.log(`${String(Math.round(ready)).padStart(6)} ms ${(bytes / 1000).toFixed(1).padStart(7)} kB  ${relative(site, file)}`);
}
await browser.close();
server.close();
const worst = Math.max(...rows.map((row) => row.ready));
const heaviest = Math.max(...rows.map((row) => row.bytes));
console.log(`${rows.length} kinds at ${SLOWER} × slow-down: ${Math.round(worst)} ms and ${(heaviest / 1000).toFixed(1)} kB at most`);

// Pages of one folder are of one kind; of the machine and config folders one is like another.
function largest_of_each_kind() {
  const kinds = new Map();
  for (const name of readdirSync(site, { recursive: true })) {
    if (!name.endsWith(".html")) continue;
    const parts = name.split(sep);
    const known = ["kernels", "machines", "benchmarks", "alert", "bisect"].includes(parts[0]);
    const kind =
      parts.length === 1 ? name : known ? `${parts[0]}/${basename(name) === "index.html" ? "index" : "one"}`
      : parts.length === 3 ? (parts[2] === "index.html" ? "comparison" : "run") : parts[2];
    kinds.set(kind, [...(kinds.get(kind) ?? []), join(site, name)]);
  }
  const size = (file) => statSync(file).size;
  return [...kinds].map(([kind, files]) => [kind, files.sort((a, b) => size(b) - size(a)).slice(0, Number(most))]);
}

// The best of some rounds: what else the computer does is not of the page.
async function usable(file) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    await page.goto(address(file), { waitUntil: "load" });
    // A task of its own after the first frame: whatever blocks the page delays it.
    rounds.push(
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0))),
      ),
    );
    await context.close();
  }
  return { ready: Math.min(...rounds) };
}
