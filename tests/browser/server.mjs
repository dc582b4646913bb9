// Serves the files of a finished site on loopback.
import { createServer } from "node:http";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/// The server, and the address of a file of the site.
export async function serve(site) {
  const server = createServer((request, response) => {
    const file = join(site, decodeURIComponent(new URL(request.url, "http://site").pathname));
    if (!file.startsWith(site + sep) || !existsSync(file) || !statSync(file).isFile()) {
      // Nobody has to have an icon.
      return response.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const address = (file) => `${origin}/${relative(site, file).split(sep).map(encodeURIComponent).join("/")}`;
  return { server, address };
}
