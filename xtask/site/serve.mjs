// Serves a built site to this machine alone.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** The file below `folder` that a path names, or `undefined`. */
async function fileOf(folder, path) {
  const name = decodeURIComponent(path);
  if (name.includes("\0") || name.split(/[/\\]/).includes("..")) return undefined;
  const file = join(folder, name.endsWith("/") ? `${name}index.html` : name);
  if (!file.startsWith(folder + sep)) return undefined;
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? { file, size: found.size } : undefined;
}

/**
 * Serves the files of a folder on 127.0.0.1; port 0 is any free one.
 *
 * Requests under the name of another host are refused: they come from a page that had its name point here.
 */
export async function serve(folder, port) {
  const server = createServer(async (request, response) => {
    const say = (status, text) => response.writeHead(status, { "Content-Type": "text/plain" }).end(`${text}\n`);
    const own = server.address()?.port;
    if (![`127.0.0.1:${own}`, `localhost:${own}`].includes(request.headers.host)) return say(403, "another host");
    if (!["GET", "HEAD"].includes(request.method)) return say(405, "only GET and HEAD");
    try {
      const found = await fileOf(folder, request.url.split(/[?#]/)[0]);
      if (found === undefined) return say(404, "there is no such page");
      const { file, size } = found;
      response.writeHead(200, {
        "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
        "Content-Length": size,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
      });
      if (request.method === "HEAD") return response.end();
      createReadStream(file).on("error", () => response.destroy()).pipe(response);
    } catch {
      // The path has a `%` that is no escape.
      say(400, "a malformed path");
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  return server;
}
