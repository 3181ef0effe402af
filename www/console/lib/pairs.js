// Replies that are names with values: a map over RESP3, a flat array over RESP2.

import { show } from "./bytes.js";

/** The values by their names, as a `Map` of texts; nested ones stay as they are. */
export function byName(reply) {
  const entries = reply instanceof Map ? [...reply] : pairsOf(Array.isArray(reply) ? reply : []);
  return new Map(entries.map(([name, value]) => [textOf(name), value]));
}

/** Two by two. */
export function pairsOf(list) {
  return Array.from({ length: Math.floor(list.length / 2) }, (_, at) => [list[2 * at], list[2 * at + 1]]);
}

/** Any part of a reply in one line, for people. */
export function textOf(value) {
  if (value === null || value === undefined) return "–";
  if (value instanceof Uint8Array) return value.length === 0 ? "" : show(value);
  if (Array.isArray(value)) return value.map(textOf).join(" ");
  if (value instanceof Set) return textOf([...value]);
  if (value instanceof Map) return [...value].map(([name, part]) => `${textOf(name)} ${textOf(part)}`).join(", ");
  return String(value);
}

/** A number of a reply, which over RESP2 is a text; `NaN` if it is none. */
export function numberOf(value) {
  if (typeof value === "number") return value;
  const text = textOf(value).trim();
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return text === "" ? NaN : Number(text);
}
