// Small parts that the panel of keys uses in several places.

import { make, toast } from "../dom.js";
import { pieces } from "../lib/format.js";
import { describe } from "../session.js";

/** Shorter names of types, for badges. */
const TYPES = {
  "ReJSON-RL": "json",
  "TSDB-TYPE": "series",
  "MBbloom--": "bloom",
  bloomfltr: "bloom",
  MBbloomCF: "cuckoo",
  "CMSk-TYPE": "counts",
  "TopK-TYPE": "top-k",
  "TDIS-TYPE": "t-digest",
  vectorset: "vector",
};

export function badge(type) {
  const name = TYPES[type] ?? type;
  return make("span.type", { data: { type: name } }, name);
}

/** A name with a value, for a list of facts. */
export function fact(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

/** A text of several lines as nodes: invisible characters, and those that change the direction of text, are escaped and marked. */
export function revealed(text) {
  return pieces(text).map(([piece, hidden]) => (hidden ? make("span.escaped", {}, piece) : piece));
}

/** Saves a value with `store` and shows it again; on failure shows the reason in `fault`. */
export async function save(context, fault, store) {
  try {
    await store();
    toast("Saved");
    context.changed();
    context.reload();
  } catch (error) {
    fault.textContent = describe(error);
    fault.hidden = false;
  }
}
