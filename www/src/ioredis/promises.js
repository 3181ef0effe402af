// Promises with callbacks.

/** @import { Unknown } from "../internal.js" */
/** @typedef {(error: Unknown, result?: Unknown) => void} Callback */

export function noop() {}

/**
 * Calls the callback, if there is one, when the promise settles; then its rejection counts as handled. What the callback
 * throws is an uncaught exception.
 * @template T
 * @param {Promise<T>} promise
 * @param {Callback} [callback]
 */
export function withCallback(promise, callback) {
  if (typeof callback !== "function") return promise;
  const call = (/** @type {Unknown[]} */ ...args) => {
    try {
      callback(.../** @type {[Unknown]} */ (args));
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
  promise.then(
    (value) => (value === undefined ? call(null) : call(null, value)),
    (error) => call(error || new Error(String(error))),
  );
  return promise;
}
