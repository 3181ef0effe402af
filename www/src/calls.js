// Checks of options.

import { mistake } from "./errors.js";
import { describe, isPlain } from "./values.js";

export const NO_OPTIONS = Object.freeze({});

/** The options that every command takes. */
export const CALL_OPTIONS = Object.freeze(["timeout", "signal", "bytes", "bigint", "cached"]);

/** Checks a number of milliseconds; `name` is what the caller calls it. */
export function milliseconds(name, value) {
  if (typeof value !== "number" || !(value > 0)) {
    throw mistake(`${name}: expected milliseconds greater than 0, or Infinity`);
  }
  return value;
}

/** Refuses options that do not exist, so that a misspelt one is not ignored. */
export function checkOptions(what, options, known) {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw mistake(`${what}: ${name} is not an option (expected one of ${known.join(", ")})`);
    }
  }
}

/** Checks a command of `send`, and takes the options off the end of its arguments. */
export function sendOptions(command, args) {
  let options = NO_OPTIONS;
  if (args.length > 0 && isPlain(args[args.length - 1])) options = args.pop();
  if (typeof command !== "string") throw mistake(`the command is ${describe(command)} (expected a string)`);
  if (options !== NO_OPTIONS) checkOptions("send", options, CALL_OPTIONS);
  return options;
}
