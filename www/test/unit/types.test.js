// The types, and comparisons of the methods with the Rust side.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { CALL_OPTIONS, subscribeOptions } from "../../src/calls.js";
import { Client } from "../../src/client.js";
import { EVENTS } from "../../src/hub.js";
import { Queue } from "../../src/queue.js";
import { COMMANDS } from "../../src/commands.js";
import { generate, manual, nameOf, TARGET } from "../../types/generate.mjs";
import { SECTIONS } from "../methods/cases.mjs";
import { ITERATORS, METHODS } from "../../types/methods.mjs";

const www = new URL("../../", import.meta.url);

/** Commands that have a method in Rust and none here, and why. */
const LEFT_OUT = {
  "they block, and there is one connection": "BLMOVE BLMOVEM BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN",
};
/** Commands that have a method here and none in Rust, which counts in milliseconds. */
const SECONDS = "EXPIRE EXPIREAT EXPIRETIME HEXPIRE HEXPIREAT HEXPIRETIME HTTL TTL";
/** Words that only these methods send. */
const ONLY_HERE = `${SECONDS} EX EXAT ABSTTL ENTRIESADDED MAXDELETEDID SKIPME VERSION BYTE TIMEOUT ERROR PONG YES NO ACLCAT`;
/** Words that only Rust sends: of blocking commands and transactions, or given as arguments here. */
const ONLY_RUST = `BLOCK EXEC WATCH NOSCRIPT FP32 OVERFLOW WRAP SAT FAIL ${Object.values(LEFT_OUT).join(" ")}`;

test("src/methods.d.ts is up to date", () => {
  assert.ok(readFileSync(TARGET, "utf8") === generate(), "it is stale: npm run types");
});

test("the types compile, accept typical uses and refuse typical mistakes", async () => {
  assert.equal(await compile(new URL("test/types", www).pathname), "");
});

test("the types of the build for servers compile", async () => {
  assert.equal(await compile(new URL("test/types/server.json", www).pathname), "");
});

test("compilers that find modules as bundlers do have the types of servers, if their project says that it is for Node", async () => {
  assert.equal(await compile(new URL("test/types/bundler.json", www).pathname), "");
});

test("the types of replies in other ways compile", async () => {
  assert.equal(await compile(new URL("test/types/replies.json", www).pathname), "");
});

test("the sources have the types that their comments say", async () => {
  assert.equal(await compile(new URL("test/types/sources.json", www).pathname), "");
});

test("the page of a cluster has the types that its comments say", async () => {
  assert.equal(await compile(new URL("test/types/demo.json", www).pathname), "");
});

/** The output of the compiler. */
async function compile(project) {
  const tsc = new URL("node_modules/typescript/bin/tsc", www).pathname;
  const said = await promisify(execFile)(process.execPath, [tsc, "-p", project]).catch((error) => error);
  return said.code === undefined ? said.stdout : said.stdout || said.message;
}

test("the arguments and replies of the tests with real servers have the types that are promised", async () => {
  const dir = await mkdtemp(join(tmpdir(), "redmux-types-"));
  try {
    const calls = Object.values(SECTIONS)
      .flat()
      .filter(([method]) => typeof method === "string");
    const lines = calls.map(([method, args, wanted]) => {
      const call = `await redis.${method}(${args.map(asSource).join(", ")})`;
      return typeof wanted === "function" || wanted?.fails
        ? `${call};`
        : `same(${call}, ${asSource(wanted)});`;
    });
    const head = [
      'import type { Client } from "redmux";',
      "declare function same<T>(got: T, wanted: NoInfer<T>): void;",
      "declare const dump: Uint8Array;",
      "export async function cases(redis: Client): Promise<void> {",
    ];
    await writeFile(join(dir, "cases.ts"), `${head.join("\n")}\n${lines.join("\n")}\n}\n`);
    const { compilerOptions } = JSON.parse(readFileSync(new URL("test/types/tsconfig.json", www), "utf8"));
    compilerOptions.paths = { redmux: [new URL("src/index.d.ts", www).pathname] };
    await writeFile(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["cases.ts"] }));
    assert.equal(await compile(dir), "");
  } finally {
    await rm(dir, { recursive: true });
  }
});

/** A value as one writes it. */
function asSource(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Set || value instanceof Map)
    return `new ${value.constructor.name}([${[...value].map(asSource)}])`;
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}.of(${value})`;
  if (Array.isArray(value)) return `[${value.map(asSource)}]`;
  if (value === null || typeof value !== "object")
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  // The result of another method.
  if ("functionDump" in value || "dump" in value) return "dump";
  return `{ ${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${asSource(item)}`)} }`;
}

test("every method is documented, typed, and has its function", () => {
  const methods = COMMANDS.map(({ method }) => method);
  assert.deepEqual(Object.keys(METHODS).sort(), [...methods].sort());
  for (const method of methods) {
    for (const { prototype } of [Client, Queue]) assert.equal(typeof prototype[method], "function", method);
    assert.equal(`${method}Iterator` in Client.prototype, method in ITERATORS, method);
  }
});

test("undefined is left out exactly where the types have options or optional arguments", () => {
  for (const { method, least, takers } of COMMANDS) {
    const [, ...signatures] = METHODS[method];
    const fixed = signatures
      .map((text) => text.match(/^(?:<.*?> )?(.*?)(?:,? ?\{ (.*?)\})? ?-> /)[1].split(/,\s*(?![^[\]]*\])/).filter((one) => one.trim()))
      .filter((names) => !names.some((name) => name.startsWith("...")))
      .map((names) => names.filter((name) => !/^\w+\?/.test(name)).length);
    const wanted = fixed.length === 0 ? Infinity : Math.min(...fixed);
    // A list that may be missing is empty.
    const lists = takers.filter((part) => part.endsWith("?")).length;
    assert.ok(least === wanted || (least > wanted && least - lists <= wanted), `${method}: ${least} instead of ${wanted}`);
  }
});

test("the types name every public property of a client and of a queue, and no other", () => {
  const types = readFileSync(new URL("src/index.d.ts", www), "utf8");
  for (const [of, head] of [
    [Client, "export declare class Client<"],
    [Queue, "export interface Queue<"],
  ]) {
    const from = types.indexOf(head);
    const body = types.slice(from, types.indexOf("\n}\n", from));
    const declared = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[<(:]/gm)].map(([, name]) => name);
    const own = Object.getOwnPropertyNames(of.prototype).filter(
      (name) => !name.startsWith("_") && !(name in METHODS) && !(name.replace("Iterator", "") in ITERATORS),
    );
    assert.deepEqual([...new Set(declared)].sort(), own.sort(), head);
  }
});

test("the types name every option of a call and every event, and no other", () => {
  const types = readFileSync(new URL("src/index.d.ts", www), "utf8");
  const fields = (name) => {
    const [, body] = types.match(new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, "ms"));
    return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name).sort();
  };
  const refusal = (action) => {
    try {
      action();
    } catch (error) {
      return error.message.match(/expected one of (.*)\)/)[1].split(", ").sort();
    }
  };
  assert.deepEqual(fields("CallOptions"), [...CALL_OPTIONS].sort());
  assert.deepEqual(fields("SubscribeOptions"), refusal(() => subscribeOptions("subscribe", undefined, { nonsense: 1 })));
  assert.deepEqual(fields("Events"), [...EVENTS].sort());
});

test("every typed command of the Rust side has a method, or a reason", () => {
  const names = new Set(COMMANDS.map(nameOf));
  const typed = new Set(manual().map(({ command }) => command));
  assert.ok(typed.size > 250, `only ${typed.size} commands were found`);
  const leftOut = Object.values(LEFT_OUT).flatMap((names) => names.split(" "));
  assert.deepEqual([...typed].filter((name) => !names.has(name)).sort(), leftOut.sort());
  assert.deepEqual([...names].filter((name) => !typed.has(name)).sort(), SECONDS.split(" ").sort());
});

test("the methods send the words that the Rust side sends", () => {
  const folder = new URL("../src/database/", www);
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".rs"));
  const text = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("");
  // Examples in comments send what they like.
  const source = text.replace(/^\s*\/\/.*$/gm, "");
  const rust = new Set([...source.matchAll(/"([A-Z][A-Z0-9_-]*)"/g)].map(([, word]) => word));
  const sent = COMMANDS.flatMap(({ command, parts, options }) => [
    command,
    ...options,
    ...parts.flat().filter((part) => /^[A-Z]/.test(part)),
  ]);
  // Words that are arguments stand in the types.
  const types = ["types/methods.mjs", "types/options.mjs", "src/index.d.ts", "src/records.d.ts"]
    .map((name) => readFileSync(new URL(name, www), "utf8"))
    .join("");
  const asArguments = [...types.matchAll(/"([A-Z][A-Z0-9-]+)"/g)].map(([, word]) => word);
  const here = new Set([...sent, ...asArguments]);
  const only = (one, other) => [...one].filter((word) => !other.has(word)).sort();
  const sorted = (words) => words.split(/\s+/).sort();
  assert.deepEqual(
    only(here, rust).filter((word) => !sorted(ONLY_HERE).includes(word)),
    [],
  );
  assert.deepEqual(
    only(rust, here).filter((word) => !sorted(ONLY_RUST).includes(word)),
    [],
  );
});
