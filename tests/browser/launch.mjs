// The browser that is there.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Starts it.
export async function launch() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find(existsSync);
  if (executablePath === undefined) {
    console.error("no Chromium found: install it, or name it in the environment variable CHROMIUM");
    process.exit(2);
  }
  const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
  const args = ["no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((name) => `--${name}`);
  return chromium.launch({ executablePath, headless: true, args });
}
