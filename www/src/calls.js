// Checks of options.

import { mistake } from "./errors.js";

/** Checks a number of milliseconds; `name` is what the caller calls it. */
export function milliseconds(name, value) {
  if (typeof value !== "number" || !(value > 0)) {
    throw mistake(`${name}: expected milliseconds greater than 0, or Infinity`);
  }
  return value;
}

/** The options that every command takes. */
export const CALL_OPTIONS = Object.freeze(["timeout", "signal", "bytes", "bigint", "cached"]);

/** Refuses options that do not exist, so that a misspelt one is not ignored. */
export function checkOptions(what, options, known) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw mistake(`${what}: ${name} is not an option (expected one of ${known.join(", ")})`);
    }
  }
}
