// Reads the rows of tables of commands, and turns the arguments of a method into the words of its command: commands.js
// explains the parts.

/** @import { ReplyName, Shape, Spec, Unknown } from "./internal.js" */

import { CALL_OPTIONS, checkOptions } from "./calls.js";
import { mistake } from "./errors.js";
import { REPLIES } from "./replies.js";
import { describe, isPlain } from "./values.js";

/** Shapes whose replies are always bytes. @type {unknown[]} */
const BINARY = ["binary", "rawVector"];
const TAKES = /^#?[$#%^@>&][?*]?$/;
/** The remaining arguments: how many are needed at least, and whether lists may be among them. */
const REST = /^(\d)([*+]?)$/;
/** Options that have one value, which may come from a stranger. */
const SINGLE = /^([EP]X(AT)?|IF.*|MATCH|TYPE|ELE|BY|FROMMEMBER)$/;
/** Parts that take an object as data. */
const TAKES_OBJECT = /[%^@>]/;

/**
 * A row, read: `Spec` in internal.d.ts says what each field holds.
 * @param {string} method
 * @param {string} [words]
 * @param {ReplyName | Shape} [reply]
 * @returns {Spec}
 */
export function specOf(method, words = "", reply) {
  /** @type {Unknown[]} The name of the command, then its parts. */
  const [command, ...parts] = /** @type {string[]} */ ((/^[A-Z]/.test(words) ? words : `${method.replace("/", " ").toUpperCase()} ${words}`)
    .match(/\{[^}]*\}|\S+/g))
    .map((part) => (part[0] === "{" ? part.slice(1, -1).split(" ") : part));
  let rest = parts.findIndex((part) => REST.test(part));
  const [, digit = "0", lists] = REST.exec(parts[rest]) ?? [];
  const number = Number(digit);
  if (rest < 0) parts.splice((rest = parts.length - (Array.isArray(parts.at(-1)) ? 1 : 0)), 0, "...");
  parts[rest] = "...";
  const takers = parts.filter((part) => TAKES.test(part));
  const groups = parts.filter(Array.isArray);
  const needs = takers.filter((part) => !part.endsWith("?")).length + number;
  const binary = BINARY.includes(reply);
  return Object.freeze({
    method: method.replace("/", ""),
    command,
    parts,
    takers,
    // Beyond this number, arguments that are undefined are left out.
    least: lists === "+" ? Infinity : takers.length + number,
    needs,
    lists: lists ? Math.max(needs, 1) : Infinity,
    options: groups.flat(),
    known: [...groups.flat(), ...CALL_OPTIONS],
    shape: typeof reply === "string" ? REPLIES[reply] : reply,
    binary,
    // Without options, its arguments are sent as they are.
    plain: !binary && parts.length === 1 + groups.length,
  });
}

/**
 * The words of a command behind its name, and the options of the call.
 *
 * The last argument is the options if it is an object literal in a place where no data is expected.
 * @param {Spec} spec
 * @param {readonly unknown[]} args
 */
export function toWords(spec, args) {
  const given = [...args];
  const { takers } = spec;
  /** @type {Unknown} */
  let options = {};
  if (isPlain(given.at(-1)) && !TAKES_OBJECT.test(takers[given.length - 1])) {
    options = given.pop();
    checkOptions(spec.method, options, spec.known);
  }
  if (given.length < spec.needs) throw bad(spec, given.length, given.length < args.length ? options : undefined);
  /** @type {unknown[]} */
  const words = [];
  let next = 0;
  for (const part of spec.parts) {
    if (typeof part !== "string") {
      modify(words, part, options);
      continue;
    }
    const from = words.length;
    switch (part) {
      case "...":
        while (next < given.length) {
          if (Array.isArray(given[next]) && next + 1 < spec.lists) throw bad(spec, next, given[next]);
          append(words, given[next++]);
        }
        break;
      case "$*":
        append(words, given[next++]);
        break;
      case "$":
        if (Array.isArray(given[next])) throw bad(spec, next, given[next]);
        words.push(given[next++]);
        break;
      case "%":
        flattenPairs(words, given[next++]);
        break;
      case "#%":
        flattenPairs(words, given[next++]);
        while (next < given.length) append(words, given[next++]);
        words.splice(from, 0, (words.length - from) / 2);
        break;
      case "#?":
        if (given[next] === undefined) given[next] = [];
      // Falls through.
      case "#": {
        append(words, given[next++]);
        words.splice(from, 0, words.length - from);
        break;
      }
      case "^":
        flatten(spec, words, given[next++], "a member", ["score", "value"]);
        break;
      case "@":
        flatten(spec, words, given[next++], "a place", ["longitude", "latitude", "member"]);
        break;
      case ">": {
        flattenPairs(words, given[next++]);
        const pairs = words.splice(from);
        if (pairs.length % 2 > 0) throw mistake(`${spec.method}: streams: expected { key: id }`);
        for (const side of [0, 1]) for (let at = side; at < pairs.length; at += 2) words.push(pairs[at]);
        break;
      }
      case "&?":
        if (given[next] === undefined) break;
      // Falls through.
      case "&":
        vector(words, given[next++]);
        break;
      default:
        words.push(part);
    }
  }
  return { words, options: spec.binary ? { ...options, bytes: true } : options };
}

/** @param {Spec} spec @param {number} index @param {unknown} value */
function bad({ method }, index, value) {
  return mistake(`${method}: argument ${index + 1} is ${describe(value)} (expected a value)`);
}

/**
 * As `push(...list)`, without its limit on the length of the list.
 * @param {unknown[]} words
 * @param {unknown} value
 */
function append(words, value) {
  if (!Array.isArray(value)) words.push(value);
  else
    for (const word of value) {
      if (Array.isArray(word)) throw mistake("a list has a list in it (expected values)");
      words.push(word);
    }
}

/**
 * @param {unknown[]} words
 * @param {string[]} names
 * @param {Unknown} options
 */
function modify(words, names, options) {
  for (const name of names) {
    const value = options[name];
    if (value === undefined || value === false) continue;
    if (name === "GET" && Array.isArray(value)) {
      // Only GET of SORT is sent once for each value.
      for (const one of value) words.push(name, one);
      continue;
    }
    if (Array.isArray(value) && SINGLE.test(name)) throw mistake(`${name} is an array (expected a value)`);
    words.push(name);
    if (value !== true) append(words, value);
  }
}

/**
 * An object, a Map or pairs; anything else is the first of a flat list.
 * @param {unknown[]} words
 * @param {unknown} value
 */
function flattenPairs(words, value) {
  if (value instanceof Map) for (const [field, item] of value) words.push(field, item);
  else if (isPlain(value)) for (const field of Object.keys(value)) words.push(field, value[field]);
  else if (Array.isArray(value)) for (const pair of value) append(words, pair);
  else words.push(value);
}

/**
 * Objects with these properties, or the first value of a flat list.
 * @param {Spec} spec
 * @param {unknown[]} words
 * @param {unknown} value
 * @param {string} one
 * @param {string[]} names
 */
function flatten({ method }, words, value, one, names) {
  for (const item of Array.isArray(value) ? value : [value]) {
    if (!isPlain(item)) words.push(item);
    else if (names.every((name) => name in item)) for (const name of names) words.push(item[name]);
    else throw mistake(`${method}: expected ${one} as { ${names.join(", ")} }`);
  }
}

/**
 * Numbers as text, or 32-bit numbers in bytes unchanged.
 * @param {unknown[]} words
 * @param {unknown} value
 */
function vector(words, value) {
  if (Array.isArray(value) || value instanceof Float64Array) {
    words.push("VALUES", value.length);
    append(words, [...value]);
  } else if (ArrayBuffer.isView(value)) words.push("FP32", value);
  else throw mistake(`the vector is ${describe(value)} (expected numbers)`);
}
