// The types, as compilers of all ages see them in projects of all kinds.

import { join } from "node:path";

import { here, node, project, tool } from "./project.mjs";

const ALL = ["language", "node", "page"];
/** For each compiler: how it finds modules, in a project of which kind, and with which names besides the language's own. */
const COMPILERS = {
  "5.0": { program: tool("typescript50/bin/tsc"), projects: [["node10", "commonjs"], ["node16", "commonjs"], ["bundler", "module"]] },
  5.9: { program: join(here, "../../node_modules/typescript/bin/tsc"), projects: [["node10", "commonjs"], ["node16", "module"], ["node16", "commonjs"], ["nodenext", "module", ALL], ["nodenext", "commonjs"], ["bundler", "module"]] },
  7: { program: tool("typescript7/bin/tsc"), projects: [["node16", "commonjs"], ["nodenext", "module"], ["nodenext", "commonjs"], ["bundler", "module"]] },
};
const MODULES = { node10: "commonjs", node16: "node16", nodenext: "nodenext", bundler: "esnext" };
const source = `
import { connect, RedmuxError, type Client } from "redmux";
import * as inline from "redmux/inline";
import * as browser from "redmux/browser";
import wasm from "redmux/redmux_wasm_bg.wasm";
import "redmux/json";
import "redmux/bloom";
import "redmux/time-series";
import { query } from "redmux/search";
export async function main(): Promise<string | null> {
  const redis: Client = await connect("redis://localhost", { wasm });
  const others: Client[] = [await inline.connect("redis://localhost"), await browser.connect("ws://localhost")];
  await redis.hSet("h", { f: 1 });
  others[0]!.events.addEventListener("missed", (event) => event.detail.count);
  const document: { a: number } | undefined = await redis.jsonGet<{ a: number }>("d");
  const added: boolean = await redis.bfAdd("b", "x");
  const series: { timestamp: number; value: number }[] = await redis.tsRange("t", "-", "+");
  const { total }: { total: number } = await redis.ftSearch("books", query\`@title:\${"emma"}\`);
  for await (const row of redis.ftAggregateWithCursor("books", "*", { COUNT: total })) if (row.title) break;
  const error: unknown = added ? document : series;
  if (error instanceof RedmuxError) return error.code;
  return redis.get("k");
}`;

/** `[name, steps]`: each step is `[name, action]`. */
export function types() {
  return Object.entries(COMPILERS).map(([version, { program, projects }]) => [
    `typescript ${version}`,
    projects.map(([mode, type, names = ["language"]]) => [`${mode}, ${type}`, () => compile(version, program, mode, type, names)]),
  ]);
}

async function compile(version, program, mode, type, names) {
  const compilerOptions = { strict: true, noEmit: true, target: "es2022", skipLibCheck: false, module: MODULES[mode], moduleResolution: mode, esModuleInterop: true };
  const options = { language: { lib: ["es2022"], types: [] }, node: { lib: ["es2022"], types: ["node"] }, page: { lib: ["es2022", "dom", "dom.iterable"], types: [] } };
  const files = names.map((name) => [`tsconfig.${name}.json`, JSON.stringify({ compilerOptions: { ...compilerOptions, ...options[name] }, files: ["app.ts"] })]);
  const folder = await project(`types-${version}-${mode}-${type}`, { "app.ts": source, ...Object.fromEntries(files) }, type);
  for (const name of names) await node([program, "-p", `tsconfig.${name}.json`], folder);
}
