// The option `stack`: errors that come with a reply have the stack of the call.

import { RedmuxError } from "../errors.js";

/** Errors that have one: of several calls, an error may be the same. */
const framed = new WeakSet();

/**
 * Where the program is, without `below` and what that calls.
 * @param {Function} below
 * @returns {{ stack?: unknown }}
 */
export function captured(below) {
  if (!Error.captureStackTrace) return new Error();
  const at = {};
  // In Bun a function that ends with a call has left its frame: `below` is not found, and all is left out.
  if ("Bun" in globalThis) Error.captureStackTrace(at);
  else Error.captureStackTrace(at, below);
  return at;
}

/**
 * The error with these frames in place of those that read the reply. What the program threw itself, such as the reason of a
 * signal, stays as it is.
 * @param {unknown} error
 * @param {{ stack?: unknown }} at
 * @returns {unknown}
 */
export function withFrames(error, { stack }) {
  if (!(error instanceof RedmuxError) || typeof stack !== "string") return error;
  let own = error;
  if (framed.has(error)) {
    own = Reflect.construct(error.constructor, [error.message, error]);
    Object.defineProperty(own, "cause", { value: error.cause, configurable: true, writable: true });
  }
  framed.add(own);
  const from = stack.indexOf("\n    at ");
  const frames = (from < 0 ? `\n${stack}` : stack.slice(from)).replaceAll(/\n[^\n]*(?:\._call|at captured) [^\n]*/g, "");
  Object.defineProperty(own, "stack", { value: `${own.name}: ${own.message}${frames}`, configurable: true, writable: true });
  return own;
}
