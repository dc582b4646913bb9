// What has to come before a page can be seen: the page, its style and its scripts, compressed.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const sizes = new Map();

/// Compressed bytes of a page with all that it loads at once.
export function first_view(file) {
  const text = readFileSync(file, "utf8");
  const loads = [/<link rel="stylesheet" href="([^"]+)"/g, /<script src="([^"]+)"/g, /<img [^>]*src="([^"]+)"/g];
  const parts = loads.flatMap((pattern) => [...text.matchAll(pattern)].map(([, path]) => join(dirname(file), path)));
  return [file, ...new Set(parts)].filter(existsSync).reduce((sum, part) => sum + compressed(part), 0);
}

function compressed(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(file)).length);
  return sizes.get(file);
}
