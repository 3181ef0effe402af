// Runs a component in Node as `jco run` and `jco serve` do: made into JavaScript once, with the same package beneath.
//
// host.mjs run COMPONENT ARGUMENT...   a command component
// host.mjs serve COMPONENT             an HTTP component, one instance for all requests; prints its port
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { _setArgs } from "@bytecodealliance/preview2-shim/cli";
import { transpile } from "@bytecodealliance/jco-transpile";

const [what, component, ...words] = process.argv.slice(2);
const name = "component";
const dir = `${component}.${what}-js`;
await rm(dir, { recursive: true, force: true });
await mkdir(join(dir, "node_modules"), { recursive: true });
// The generated modules look for their package from where they are.
const packages = join(dirname(fileURLToPath(import.meta.url)), "node_modules/@bytecodealliance");
await symlink(packages, join(dir, "node_modules/@bytecodealliance"), "dir");
await writeFile(join(dir, "package.json"), '{ "type": "module" }');

const { files } = await transpile(component, { name, outDir: dir, noTypescript: true, wasiShim: true });
for (const [file, bytes] of Object.entries(files)) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

_setArgs([component, ...words]);
const made = await import(pathToFileURL(resolve(dir, `${name}.js`)));
if (what === "run") {
  let status = 0;
  try {
    made.run.run();
  } catch (error) {
    // A command that returns an error throws it, which is nothing; a trap has words.
    if (error !== undefined) console.error(error);
    status = 1;
  }
  process.exit(status);
}
const { HTTPServer } = await import("@bytecodealliance/preview2-shim/http");
const server = new HTTPServer(made.incomingHandler);
server.listen(0, "127.0.0.1");
console.log(`port ${server.address().port}`);
