// What kind of value a caller gave.

/** Describes a value without showing it. @param {unknown} value */
export function describe(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return value === undefined ? "undefined" : `a ${typeof value}`;
}

/**
 * Whether a value is an object literal: options or field-value pairs, not bytes, maps or arrays.
 * @param {unknown} value
 * @returns {value is Record<string, any>} Its fields may hold anything.
 */
export function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
