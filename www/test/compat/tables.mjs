// Tables of documents whose cells are programs: what one writes with another client, and with this package.

import { readFileSync } from "node:fs";
import { inspect } from "node:util";

/**
 * The rows of a document, in order: `{ section, server, line, theirs, ours, note }`. `server` is what a comment before the table says,
 * such as `<!-- server: cluster -->`; without one it is `one`.
 */
export function rows(name) {
  const found = [];
  let section = "";
  let server = "one";
  const text = readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
  text.split("\n").forEach((line, at) => {
    if (line.startsWith("## ")) [section, server] = [line.slice(3), "one"];
    server = /^<!-- server: (\w+) -->$/.exec(line)?.[1] ?? server;
    if (!line.startsWith("| ") || /^\|[ -]*\|[ -]*\|/.test(line)) return;
    const cells = line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
    if (cells.length !== 3) throw new Error(`${name}:${at + 1}: ${cells.length} cells`);
    const [theirs, ours, note] = cells;
    found.push({ section, server, line: at + 1, theirs: code(theirs), ours: code(ours), note });
  });
  // The heads of tables.
  return found.filter(({ theirs, ours }) => theirs !== null || ours !== null);
}

/** The program in a cell: its first code, or null. */
function code(cell) {
  return /`` (.*?) ``|`([^`]+)`/.exec(cell)?.slice(1).find((text) => text !== undefined) ?? null;
}

const AsyncFunction = (async () => {}).constructor;

/** Runs a program whose names are `scope`; returns its value: that of the expression, or what it returns. */
export async function run(program, scope) {
  const names = Object.keys(scope);
  let body;
  try {
    body = new AsyncFunction(...names, `return (${program}\n);`);
  } catch {
    body = new AsyncFunction(...names, program);
  }
  return body(...Object.values(scope));
}

/** A value without what two clients may call differently: bytes are bytes, objects are plain, and anything with methods is nothing. */
export function plain(value) {
  if (ArrayBuffer.isView(value)) return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Error) return { error: value.message };
  if (value instanceof Map) return new Map([...value].map((pair) => pair.map(plain)));
  if (value instanceof Set) return new Set([...value].map(plain));
  if (typeof value === "function" || value === undefined) return undefined;
  if (typeof value !== "object" || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

/** What the note says of results that differ, such as `` `1` → `true` ``: values as JavaScript, or null. */
export function difference(note) {
  const [, theirs, ours] = /^`([^`]+)` → `([^`]+)`/.exec(note) ?? [];
  return theirs === undefined ? null : { theirs: valueOf(theirs), ours: valueOf(ours) };
}

function valueOf(text) {
  return plain(new Function(`return (${text});`)());
}

export const shown = (value) => inspect(value, { depth: 8, breakLength: Infinity });
