// Run by `npm pack` and `npm publish`: refuses to make a package whose built files are missing or are of another source.

import { readFileSync, statSync } from "node:fs";

import { fault } from "./bundle.mjs";
import { modules, shipped } from "./strip.mjs";

const www = new URL("../", import.meta.url);
const { exports, files } = JSON.parse(readFileSync(new URL("package.json", www), "utf8"));
const entries = Object.keys(exports).map((name) => name.slice(2));
/** The entries that add methods. */
const added = entries.filter((name) => name !== "server" && files.includes(`src/${name}.d.ts`));
/** The entries that other packages plug in. */
const adapters = entries.filter((name) => files.includes(`src/adapters/${name}.d.ts`));
const types = ["index", "methods", "records", "server", "server-methods", "wasm", ...added, ...["client", ...adapters].map((name) => `adapters/${name}`)];
/** The name of the types in CommonJS. @param {string} name */
const required = (name) => `cjs/${name.split("/").at(-1)}.d.cts`;
const commonJs = ["node.cjs", "page.cjs", "inline.cjs", ...[...added, ...adapters].map((name) => `${name}.cjs`)];
const built = [...files.filter((name) => name.startsWith("pkg/")), ...commonJs.map((name) => `cjs/${name}`), ...types.map(required)];
const missing = built.filter((name) => !(statSync(new URL(name, www), { throwIfNoEntry: false })?.size > 0));
if (missing.length > 0) fail(`not built: ${missing.join(", ")}`);

for (const stem of ["redmux_wasm", "redmux_server"]) {
  const wasm = readFileSync(new URL(`pkg/${stem}_bg.wasm`, www));
  if (!WebAssembly.validate(wasm)) fail(`pkg/${stem}_bg.wasm is no WebAssembly`);
  for (const name of [`pkg/${stem}_inline.js`, `pkg/${stem}_inline.cjs`]) {
    if (!readFileSync(new URL(name, www), "utf8").includes(wasm.toString("base64"))) fail(`${name} is of another build`);
  }
}
for (const name of types) {
  const source = readFileSync(new URL(`src/${name}.d.ts`, www), "utf8").replaceAll(/"\.\.?\/(index|methods|records|server|server-methods|client)\.js"/g, '"./$1.cjs"');
  if (readFileSync(new URL(required(name), www), "utf8") !== source) fail(`${required(name)} is of another source`);
}
for (const name of modules()) {
  const file = new URL(`esm/${name}`, www);
  const built = statSync(file, { throwIfNoEntry: false }) && readFileSync(file, "utf8");
  if (built !== shipped(name)) fail(`esm/${name} is of another source`);
}
const build = readFileSync(new URL("pkg/redmux_server_build.js", www), "utf8").split('"')[1];
if (!readFileSync(new URL("pkg/redmux_server_bg.wasm", www)).toString("latin1").endsWith(build)) fail("pkg/redmux_server_build.js is of another build");
const old = fault();
if (old) fail(old);

function fail(why) {
  console.error(`redmux is not packed: ${why}: run \`cargo xtask wasm\``);
  process.exit(1);
}
