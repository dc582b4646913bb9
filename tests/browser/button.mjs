// Bisects an alert as a reader would: by the button of its page, in headless Chromium.
//
//   node button.mjs URL ALERT TOKEN
//
// Prints one line a fault; ends with status 1 if there was one.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

import { launch } from "./launch.mjs";

const [url, alert, token] = process.argv.slice(2);
if (!token) {
  console.error("usage: node button.mjs URL ALERT TOKEN");
  process.exit(2);
}
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const faults = [];
const check = (so, what) => {
  if (!so) faults.push(what);
};

const browser = await launch();
const reader = await browser.newContext();
// A page of somebody else's that knows everything but the secret of the form.
const foreign = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html");
  response.end(
    `<form method="post" action="${url}/alert/${alert}/bisect">` +
      `<input name="form" value="00"><input name="token" value="${token}"><button>Go</button></form>`,
  );
}).listen(0, "127.0.0.1");
try {
  const page = await reader.newPage();
  page.on("console", (message) => {
    // That something was refused is told there as well, and meant; nobody has drawn an icon.
    const meant = /status of 403/.test(message.text()) || /favicon/.test(message.location().url);
    if (message.type() === "error" && !meant) {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().includes(`:${foreign.address().port}`)) {
      faults.push(`asks ${request.url()}`);
    }
  });

  await page.goto(`http://127.0.0.1:${foreign.address().port}/`);
  await page.click("button");
  await page.waitForLoadState();
  check(/another page/.test(await page.textContent("body")), "a form of another page was taken");

  await page.goto(`${url}/alert/${alert}.html`);
  await page.click("text=Bisect it on this lab");
  await page.waitForSelector("#token");
  // A style that is still on its way is none yet.
  await page.waitForLoadState("load");
  const said = await page.textContent("main");
  check(/about [\d.]+ (hours|minutes)/.test(said), `the page names no hours: ${said}`);
  check(/commits/.test(said), `the page names no commits: ${said}`);
  const styled = await page.evaluate(() => getComputedStyle(document.body).maxWidth);
  check(styled !== "none", "the page has no style");
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(wide <= width, `the page is ${wide} wide on a screen of ${width}`);
  }
  // The policy of the page allows no scripts: axe is run apart from it.
  const found = await page.evaluate(`${axe}; axe.run()`);
  for (const violation of found.violations) faults.push(`axe: ${violation.id}: ${violation.help}`);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });

  await page.fill("#token", "0123");
  await page.click("button");
  await page.waitForSelector("[role=alert]");
  check(/no such token/.test(await page.textContent("main")), "a wrong token is not told");

  await page.click("text=Back");
  await page.fill("#token", token);
  await page.click("button");
  await page.waitForSelector("text=running");
  check(page.url() === `${url}/alert/${alert}/bisect`, `it is at ${page.url()}`);
  await page.reload();
  check(/running/.test(await page.textContent("main")), "loading it again is not harmless");
} finally {
  await browser.close();
  foreign.close();
}
for (const fault of faults) console.log(fault);
console.log(`${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
