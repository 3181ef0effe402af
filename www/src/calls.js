// Checks of options.

/** @import { GivenOptions } from "./internal.js" */

import { mistake } from "./errors.js";
import { describe, isPlain } from "./values.js";

/** @type {GivenOptions} */
export const NO_OPTIONS = Object.freeze({});

/** The options that every command takes. */
export const CALL_OPTIONS = Object.freeze(["timeout", "signal", "bytes", "bigint", "cached"]);

/**
 * Checks a number of milliseconds; `name` is how the error names it.
 * @param {string} name
 * @param {unknown} value
 */
export function milliseconds(name, value) {
  if (typeof value !== "number" || !(value > 0)) {
    throw mistake(`${name}: expected milliseconds greater than 0, or Infinity`);
  }
  return value;
}

/**
 * Refuses options that do not exist, so that a misspelt one is not ignored.
 * @param {string} what
 * @param {object} options
 * @param {readonly string[]} known
 */
export function checkOptions(what, options, known) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw mistake(`${what}: ${name} is not an option (expected one of ${known.join(", ")})`);
    }
  }
}

/**
 * Checks the command of `send`, and takes the options off the end of its arguments.
 * @param {unknown} command
 * @param {unknown[]} args
 * @returns {GivenOptions}
 */
export function sendOptions(command, args) {
  let options = NO_OPTIONS;
  if (args.length > 0 && isPlain(args[args.length - 1])) options = /** @type {GivenOptions} */ (args.pop());
  if (typeof command !== "string") throw mistake(`the command is ${describe(command)} (expected a string)`);
  if (options !== NO_OPTIONS) checkOptions("send", options, CALL_OPTIONS);
  return options;
}
