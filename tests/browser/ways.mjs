// Other ways to read a page than from a disk with scripts and a mouse.
import { pathToFileURL } from "node:url";

/// Steps that somebody with a keyboard makes from the top of a page.
const STEPS = 40;

/// Without scripts there is as much to read, and nothing that only a script could do.
export async function check_without_scripts(browser, file, with_scripts, report) {
  const expected = await with_scripts.locator("main").evaluate(readable);
  const context = await browser.newContext({ javaScriptEnabled: false });
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
    const found = await page.locator("main").evaluate(readable);
    if (found < expected) report(`without scripts ${found} characters can be read, with them ${expected}`);
    const idle = await page.locator(".js:visible").count();
    if (idle > 0) report(`${idle} controls are shown without scripts`);
  } finally {
    await context.close();
  }
}

/// How many characters there are, also of what is not in sight and so not yet laid out; without what
/// scripts alone can do.
function readable(main) {
  const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (texts.nextNode()) {
    const within = texts.currentNode.parentElement;
    if (within.checkVisibility() && within.closest(".js") === null) {
      count += texts.currentNode.data.replace(/\s+/g, "").length;
    }
  }
  return count;
}

/// From a server the page is the same, and the browser has nothing to complain about.
export async function check_from_server(browser, url, report) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") report(`from a server: console: ${message.text()}`);
    });
    page.on("pageerror", (error) => report(`from a server: script: ${error.message}`));
    page.on("response", (response) => {
      if (response.status() >= 400) report(`from a server: ${response.status()} for ${response.url()}`);
    });
    await page.goto(url, { waitUntil: "load" });
    if (!(await page.locator("main").isVisible())) report("from a server nothing is seen");
    const outside = await page.evaluate(
      () => performance.getEntriesByType("resource").filter((entry) => !entry.name.startsWith(location.origin)).length,
    );
    if (outside > 0) report(`from a server ${outside} requests go elsewhere`);
  } finally {
    await context.close();
  }
}

/// Tab leads to the way around the head first, then on and on to what can be seen and is marked.
export async function check_keyboard(page, report) {
  await page.reload({ waitUntil: "load" });
  const focused = () =>
    page.evaluate(() => {
      const at = document.activeElement;
      const box = at.getBoundingClientRect();
      const style = getComputedStyle(at);
      const edge = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
      window.steps ??= new Map();
      if (!window.steps.has(at)) window.steps.set(at, window.steps.size);
      return {
        what: `<${at.localName}> ${at.textContent.trim().slice(0, 30)}`,
        step: window.steps.get(at),
        body: at === document.body,
        href: at.getAttribute("href"),
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
        marked: edge || style.boxShadow !== "none",
      };
    });
  let known = -1;
  for (let step = 0; step < STEPS; step += 1) {
    await page.keyboard.press("Tab");
    const now = await focused();
    if (step === 0 && now.href !== "#content") report(`the first Tab leads to ${now.what}`);
    // The page is over, and the browser's own controls come.
    if (now.body || now.step < known) return;
    if (now.step === known) return report(`Tab does not leave ${now.what}`);
    known = now.step;
    if (!now.seen) report(`Tab leads to ${now.what}, which is not seen`);
    if (!now.marked) report(`nothing marks ${now.what} when Tab leads to it`);
  }
}
