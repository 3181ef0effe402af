// Makes `esm/`, the modules that the package ships, from `src/`: the same code without comments, most of which are
// types for the compiler. A page without a bundler loads these files as they are.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = new URL("../src/", import.meta.url);
const TARGET = new URL("../esm/", import.meta.url);

/**
 * Removes the comments that fill lines, and those that are types. The others stay: some are for bundlers.
 *
 * A test compares the result with what the compiler leaves when it removes comments.
 */
export function strip(source) {
  return source
    .replaceAll(/^[ \t]*\/\/.*\n/gm, "")
    .replaceAll(/^[ \t]*\/\*\*[^]*?\*\/[ \t]*\n/gm, "")
    .replaceAll(/\/\*\* [^\n]*?\*\/ ?/g, "")
    .replaceAll(/^\n+/g, "");
}

/** The modules of `src/`, by their names there. */
export function modules() {
  return readdirSync(SOURCES, { recursive: true }).filter((name) => name.endsWith(".js"));
}

/** The code of a module, where it imports the entry of the package: the shipped one takes that of the runtime. */
export function withEntry(name, source) {
  return name === "ioredis/client.js" ? source.replace('"../node.js"', '"redmux"') : source;
}

/** What `esm/` must hold for a module. */
export function shipped(name) {
  return withEntry(name, strip(readFileSync(new URL(name, SOURCES), "utf8")));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(TARGET, { recursive: true, force: true });
  for (const name of modules()) {
    const file = new URL(name, TARGET);
    mkdirSync(dirname(fileURLToPath(file)), { recursive: true });
    writeFileSync(file, shipped(name));
  }
}
