// Where an installed package finds its wasm file: beside the module, or else in the module that has it as text.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const execute = promisify(execFile);
const www = new URL("../../", import.meta.url);
const WASM = "pkg/redmux_server_bg.wasm";

/** What both kinds of entries say of a package with these changes: how many bytes were compiled, and whether the text was loaded. */
async function loaded(t, change) {
  const folder = await mkdtemp(join(tmpdir(), "redmux-beside-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["bundle", "cjs", "pkg", "package.json"]) await cp(new URL(name, www), join(folder, name), { recursive: true });
  await change(folder);
  const script = `
    const { compile } = WebAssembly;
    const seen = [];
    WebAssembly.compile = (bytes) => (seen.push(bytes.length), compile(bytes));
    Response = class { static [Symbol.hasInstance]() { seen.push("fetch"); } };
    module.exports = async (entry) => { await entry.load(); console.log(JSON.stringify(seen)); };`;
  await writeFile(join(folder, "look.cjs"), script);
  await writeFile(join(folder, "import.mjs"), 'import look from "./look.cjs"; await look(await import("./bundle/node.js"));');
  await writeFile(join(folder, "require.cjs"), 'require("./look.cjs")(require("./cjs/node.cjs"));');
  const run = async (name) => JSON.parse((await execute(process.execPath, [join(folder, name)])).stdout);
  return Promise.all(["import.mjs", "require.cjs"].map(run));
}

test("the file is read where the package is installed, and the text is not needed", async (t) => {
  const { length } = await readFile(new URL(WASM, www));
  const apart = async (folder) => {
    for (const kind of ["js", "cjs"]) await rm(join(folder, `pkg/redmux_server_inline.${kind}`));
  };
  assert.deepEqual(await loaded(t, apart), [[length], [length]]);
});

test("a file that is missing, of another build or cut off is not used", async (t) => {
  const { length } = await readFile(new URL(WASM, www));
  assert.deepEqual(await loaded(t, (folder) => rm(join(folder, WASM))), [[length], [length]]);
  assert.deepEqual(await loaded(t, (folder) => cp(join(folder, "pkg/redmux_wasm_bg.wasm"), join(folder, WASM))), [[length], [length]]);
  assert.deepEqual(await loaded(t, (folder) => truncate(join(folder, WASM), length - 1)), [[length], [length]]);
  assert.deepEqual(await loaded(t, (folder) => truncate(join(folder, WASM), 0)), [[length], [length]]);
});
