// Makes src/methods.d.ts. `node types/generate.mjs` writes it; a test compares it.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { COMMANDS } from "../src/commands.js";
import { ARGUMENTS, GENERIC, ITERATORS, METHODS } from "./methods.mjs";
import { FLAGS, OPTIONS, OPTIONS_OF, SHARED } from "./options.mjs";

export const TARGET = new URL("../src/methods.d.ts", import.meta.url);
const MANUAL = new URL("../../docs/commands.md", import.meta.url);

/** The rows of the table of typed commands: `{ command, link, method, since }`. */
export function manual() {
  const rows = readFileSync(MANUAL, "utf8").matchAll(
    /^\| \[([A-Z_ -]+)\]\((\S+)\) \| `(\w+)` \| ([^|]+) \|/gm,
  );
  return [...rows].map(([, command, link, method, since]) => ({
    command,
    link,
    method,
    since: since.trim(),
  }));
}

/** A command with its subcommand, as in `CONFIG GET`. */
export function nameOf({ command, parts }) {
  const containers = ["ACL", "BACKUP", "CLIENT", "COMMAND", "COMMANDLOG", "CONFIG", "FUNCTION", "LATENCY", "MEMORY"];
  containers.push("HOTKEYS", "MODULE", "OBJECT", "PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO");
  return containers.includes(command) ? `${command} ${parts[0]}` : command;
}

export function generate() {
  const rows = manual();
  const interfaces = new Map();
  const methods = COMMANDS.map((spec) => {
    const [text, ...signatures] = METHODS[spec.method];
    const options = optionsOf(spec, interfaces);
    const lines = signatures
      .flatMap(withAndWithout)
      .map((one) => `  ${spec.method}${signature(spec, one, options)};\n`);
    return `  /** ${documentation(spec, text, rows)} */\n${lines.join("")}`;
  });
  const body = methods.join("");
  const iterators = COMMANDS.filter(({ method }) => method in ITERATORS)
    .map((spec) => iterator(spec, optionsOf(spec, interfaces), rows))
    .join("");
  const used = [
    ...(body + iterators).matchAll(/\b[A-Z]\w*/g),
    ...[...interfaces.keys()].join(" ").matchAll(/\b[A-Z]\w*/g),
  ].map(([name]) => name);
  const exported = ["index", "records"]
    .map((name) => readFileSync(new URL(`../src/${name}.d.ts`, import.meta.url), "utf8"))
    .join("");
  const known = [...exported.matchAll(/^export (?:interface|type|declare class) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const imports = known.filter((name) => used.includes(name) || ["CallOptions", "Mode"].includes(name)).sort();
  return [
    "// Made by `npm run types` from src/commands.js and types/methods.mjs: do not edit.\n\n",
    `import type {\n${imports.map((name) => `  ${name},\n`).join("")}} from "./index.js";\n\n`,
    ...[...interfaces].map(
      ([fields, name]) =>
        `export interface ${name}<B extends boolean = boolean, N extends boolean = boolean> extends CallOptions<B, N> {\n${fields}}\n`,
    ),
    "\n/**\n * The commands that have a method: `Q` is `null` for those of a client, else what a queue holds; `D`\n",
    " * how the client gives replies.\n */\n",
    `export interface Commands<Q extends unknown[] | null = null, D extends Mode = false> {\n${body}}\n`,
    `\n/** Iterators over the pages of a scan. */\nexport interface Iterators<D extends Mode = false> {\n${iterators}}\n`,
  ].join("");
}

/** The iterator over the pages of a scan: its items are those of a page. */
function iterator(spec, options, rows) {
  const [, given, plain, pair] = METHODS[spec.method][1].match(/^(.*?),? ?cursor -> (?:ScanPage<(.*)>|\{ cursor: string; \w+: (.*)\[\] \})$/);
  const names = given.split(", ").filter(Boolean).map((name) => `${argument(name, "")}, `);
  const reply = (plain ?? pair).replaceAll("Text", "Text<B, D>").replaceAll("Double", "Double<D>");
  const text = documentation(spec, ITERATORS[spec.method], rows);
  return `  /** ${text} */\n  ${spec.method}Iterator<B extends boolean = ByteTexts<D>>(${names.join("")}options?: ${options}<B>): Scan<${reply}>;\n`;
}

/** The name of the interface of a method's options. Those that are the same have one. */
function optionsOf({ method, options }, interfaces) {
  if (options.length === 0) return "CallOptions";
  const fields = options.map((name) => {
    const given = OPTIONS_OF[method]?.[name] ?? OPTIONS[name] ?? (FLAGS.has(name) && ["boolean"]);
    if (!given) throw new Error(`${method}: ${name} has no type`);
    const [type, text] = given;
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `${text ? `  /** ${text} */\n` : ""}  ${key}?: ${type};\n`;
  });
  const text = fields.join("");
  if (!interfaces.has(text))
    interfaces.set(text, SHARED[method] ?? `${method[0].toUpperCase()}${method.slice(1)}Options`);
  return interfaces.get(text);
}

/** A signature for each number of arguments: with fewer, the options follow. */
function withAndWithout(text) {
  // Not those of options, which stand in braces.
  const at = text.search(/\w+\?(?=[,: ](?![^{]*\}))/);
  if (at < 0) return [text];
  const arrow = text.lastIndexOf(" ->");
  const fewer = text.slice(0, at).replace(/,\s*$/, "") + text.slice(arrow);
  return [fewer, ...withAndWithout(text.slice(0, at) + text.slice(at).replace("?", ""))];
}

/** `<generics> arguments { options } -> reply` in TypeScript. */
function signature(spec, text, options) {
  const match = text.match(/^(?:<(.*?)> )?(.*?)(?:,? ?\{ (.*?)\})? ?-> (.*)$/);
  if (!match) throw new Error(`${spec.method}: ${text}`);
  const [, own, given, added, reply] = match;
  const result = named(
    reply.replace(new RegExp(`\\b(${Object.keys(GENERIC).join("|")})\\b(?!<)`, "g"), (name) => `${name}<${GENERIC[name]}>`),
  );
  const has = (name) => new RegExp(`<[^<>]*\\b${name}\\b[^<>]*>`).test(result) || (name === "B" && /\bB, D>/.test(result));
  const pairs = /\bpairs\b/.test(given) && "P extends object = {}";
  const generics = [has("B") && "B extends boolean = ByteTexts<D>", has("N") && "N extends boolean = BigInts<D>", pairs, own].filter(
    Boolean,
  );
  const both = has("B") || has("N") ? `<${has("B") ? "B" : "boolean"}${has("N") ? ", N" : ""}>` : "";
  const type = `In<Q, ${options}${both}${added?.trim() ? ` & { ${added.trim()} }` : ""}>`;
  const required = added !== undefined && !/\?:/.test(added);
  const names = given
    .split(/,\s*(?![^[\]]*\])/)
    .filter(Boolean)
    .map((one) => argument(one, type));
  if (!names.at(-1)?.startsWith("...")) names.push(`options${required ? "" : "?"}: ${type}`);
  check(spec, given);
  return `${generics.length > 0 ? `<${generics.join(", ")}>` : ""}(${names.join(", ")}): Out<Q, D, ${result}>`;
}

/** With what the form of names depends on: `Named<V>` is `Named<V, B, D>`. */
function named(reply) {
  const at = reply.indexOf("Named<");
  if (at < 0) return reply;
  let depth = 0;
  let end = at + "Named".length;
  do depth += { "<": 1, ">": -1 }[reply[end++]] ?? 0;
  while (depth > 0);
  return `${reply.slice(0, end - 1)}, B, D>${named(reply.slice(end))}`;
}

function argument(text, options) {
  const [, dots, name, type] = text.match(/^(\.\.\.)?(\w+)(?:: (.*))?$/) ?? [];
  if (!name) throw new Error(`not an argument: ${text}`);
  if (dots) return `...${name}: Rest<${type ?? ARGUMENTS[name] ?? "Args"}, ${options}>`;
  return `${name}: ${type ?? ARGUMENTS[name] ?? "Arg"}`;
}

/** There are no fewer arguments than parts that need one. */
function check({ method, needs }, given) {
  const count = given.split(",").filter((one) => one.trim()).length;
  if (count < needs) throw new Error(`${method}: too few arguments in its signature`);
}

function documentation(spec, text, rows) {
  const name = nameOf(spec);
  const ofCommand = rows.filter(({ command }) => command === name);
  const own = ofCommand.find(({ method }) => method.replaceAll("_", "") === spec.method.toLowerCase());
  const oldest = ofCommand.find(({ since }) => /^\d/.test(since)) ?? ofCommand[0];
  const { since = "" } = own ?? oldest ?? {};
  const link =
    ofCommand[0]?.link ?? `https://redis.io/docs/latest/commands/${name.toLowerCase().replaceAll(" ", "-")}/`;
  return `${text}. See [${name}](${link}).${/[A-Z]/.test(since) ? ` Since ${since}.` : ""}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, generate());
