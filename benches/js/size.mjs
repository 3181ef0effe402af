// What each package weighs, bundled and minified in the same way.

import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const www = join(import.meta.dirname, "../../www");
const { build } = createRequire(join(www, "test/runtimes/package.json"))("esbuild");

/** Rows `[name, raw, gzip, brotli]`, in bytes; the wasm file is counted. */
export async function sizes() {
  const [wasm, server] = await Promise.all(["wasm", "server"].map((build) => readFile(join(www, `pkg/redmux_${build}_bg.wasm`))));
  const rows = [];
  for (const [name, platform, code, also] of [
    ["redmux, browser", "browser", `export { connect } from ${JSON.stringify(join(www, "src/index.js"))}`, wasm],
    ["redmux, Node", "node", `export { connect } from ${JSON.stringify(join(www, "src/node.js"))}`, server],
    ["ioredis, Node", "node", 'export { Redis } from "ioredis"', null],
    ["node-redis, Node", "node", 'export { createClient } from "redis"', null],
  ]) {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: import.meta.dirname },
      platform,
      external: ["ws"],
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      logLevel: "error",
    });
    const files = [outputFiles[0].contents, ...(also ? [also] : [])];
    const sum = (size) => files.reduce((total, file) => total + size(file), 0);
    rows.push([name, sum((f) => f.length), sum((f) => gzipSync(f, { level: 9 }).length), sum((f) => brotliCompressSync(f).length)]);
  }
  return rows;
}
