// Small parts that the panel of keys has in several places.

import { make } from "../dom.js";

/** Shorter names of types, for badges. */
const TYPES = { "ReJSON-RL": "json", "TSDB-TYPE": "series", "MBbloom--": "bloom", vectorset: "vector" };

export function badge(type) {
  const name = TYPES[type] ?? type;
  return make("span.type", { data: { type: name } }, name);
}

/** A name with a value, for a list of facts. */
export function fact(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}
