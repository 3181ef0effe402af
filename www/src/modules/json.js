// `import "redmux/json"`: the commands of RedisJSON. Types and documentation are in json.d.ts.
//
// Paths are always sent with `$`, so that what is asked for by a path is a list in both protocols; only whole
// documents are asked for without.

/** @import { Shape, Unknown } from "../internal.js" */

import { call, describe, extend, mistake, optionsOf, some } from "./extend.js";

/** Marks texts that stand for bigints where an engine has no other way; no document can know it. */
const MARK = `${Math.random()}:`;
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, "g");
/** Texts and numbers of a document. */
const TOKENS = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g;
const INTEGER = /^-?\d+$/;
let sources = false;
JSON.parse("1", /** @type {Unknown} */ ((/** @type {Unknown[]} */ ...args) => (sources = args.length > 2)));

/** Whether the number of this text loses digits as a `number`. @param {string} text */
const isBig = (text) => INTEGER.test(text) && !Number.isSafeInteger(Number(text));

/**
 * The value of a JSON text; `exact`: with bigints.
 * @param {Unknown} text
 * @param {boolean} [exact]
 */
function parse(text, exact) {
  // Missing, an error in its place, or bytes.
  if (text === null) return undefined;
  if (typeof text !== "string") return text;
  if (!exact || !/\d{16}/.test(text)) return JSON.parse(text);
  const given = sources ? text : text.replace(TOKENS, (token) => (isBig(token) ? `"${MARK}${token}"` : token));
  return JSON.parse(given, /** @type {Unknown} */ ((/** @type {unknown} */ _, /** @type {Unknown} */ value, /** @type {Unknown} */ context) => {
    if (typeof value === "number" && sources && isBig(context.source)) return BigInt(context.source);
    return typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value;
  }));
}

/**
 * The JSON text of a value.
 * @param {string} method
 * @param {Unknown} value
 * @param {boolean} [raw] It is one.
 */
function format(method, value, raw) {
  if (raw) return value;
  let text;
  try {
    text = JSON.stringify(value);
  } catch {
    try {
      text = JSON.stringify(value, (_, one) => (typeof one === "bigint" ? MARK + one : one)).replace(MARKED, "$1");
    } catch {}
  }
  if (text === undefined) throw mistake(`${method}: there is no JSON for ${describe(value)}`);
  return text;
}

/** @param {string} method @param {Unknown} path @param {boolean} [sets] */
function pathOf(method, path = "$", sets) {
  if (typeof path !== "string") throw mistake(`${method}: the path is ${describe(path)} (expected a string)`);
  // RedisJSON finds names with a backslash, but sets others.
  if (sets && path.includes("\\")) throw mistake(`${method}: nothing can be set at a path with a backslash`);
  if (path[0] === "$") return path;
  return path === "" || path === "." ? "$" : /^[.[]/.test(path) ? `$${path}` : `$.${path}`;
}

/** @type {Shape} A null counts as no value. */
const values = (reply) => reply.map((item) => parse(item));
/** @type {(reply: Unknown) => Unknown} RESP2 has a JSON text, RESP3 a list. */
const numbers = (reply) =>
  (Array.isArray(reply) ? reply : parse(reply, true)).map((/** @type {Unknown} */ one) =>
    typeof one === "bigint" && Number.isSafeInteger(Number(one)) ? Number(one) : one,
  );
/** @type {Shape} RESP3 has one list more. */
const types = (reply) => (Array.isArray(reply[0]) || reply[0] === null ? reply[0] : reply);
/** @type {Shape} */
const booleans = (reply) => reply.map((one) => (one === null ? one : Boolean(Number(one))));

/**
 * Methods without `json`, and their arguments after the key (p: a path, s: one where something is set, v: a value, V: an
 * array of values, a: any other). Those after `?` may be left out.
 */
const TABLE =
  "ArrAppend pV ArrIndex pv?aa ArrInsert paV ArrLen ?p ArrPop ?pa ArrTrim paa Clear ?p DebugMemory ?p Del ?p Merge sv " +
  "NumIncrBy pa NumMultBy pa ObjKeys ?p ObjLen ?p Set sv StrAppend pv StrLen ?p Toggle ?p Type ?p";
/** @type {Record<string, Unknown>} */
const SHAPES = { ArrPop: values, NumIncrBy: numbers, NumMultBy: numbers, Toggle: booleans, Type: types };

const SET = ["NX", "XX", "FPHA"];
const LAYOUT = ["INDENT", "NEWLINE", "SPACE"];

/** @type {Record<string, (this: Unknown, ...args: Unknown[]) => unknown>} */
const methods = {
  jsonGet(key, ...args) {
    const { raw, ...options } = optionsOf("jsonGet", args, ["raw", ...LAYOUT]);
    const [path] = args;
    const many = Array.isArray(path);
    const paths = path === undefined ? [] : (many ? some("jsonGet: paths", path) : [path]).map((one) => pathOf("jsonGet", one));
    const words = ["JSON.GET", key];
    for (const name of LAYOUT) if (options[name] !== undefined) words.push(name, options[name]);
    /** @type {Shape} */
    const shape = (/** @type {Unknown} */ reply) => {
      if (raw) return reply ?? undefined;
      const value = parse(reply, options.bigint);
      if (!many || typeof reply !== "string") return value;
      const object = Object.create(null);
      // One path has no name in the reply.
      paths.forEach((sent, place) => (object[path[place]] = Array.isArray(value) ? value : value[sent]));
      return object;
    };
    shape.nulls = true;
    return call(this, "jsonGet", [...words, ...paths], options, shape);
  },
  jsonMGet(keys, ...args) {
    const { raw, ...options } = optionsOf("jsonMGet", args, ["raw"]);
    const path = args[0] === undefined ? "." : pathOf("jsonMGet", args[0]);
    /** @type {Shape} */
    const shape = (reply) => reply.map((item) => (raw ? (item ?? undefined) : parse(item, options.bigint)));
    return call(this, "jsonMGet", ["JSON.MGET", ...some("jsonMGet: keys", keys), path], options, shape);
  },
  jsonMSet(items, ...args) {
    const { raw, ...options } = optionsOf("jsonMSet", args, ["raw"]);
    const words = ["JSON.MSET"];
    for (const { key, path, value } of some("jsonMSet: items", items)) words.push(key, pathOf("jsonMSet", path, true), format("jsonMSet", value, raw));
    return call(this, "jsonMSet", words, options);
  },
};

for (const [, name, needed, optional] of TABLE.matchAll(/(\w+) (\w*)\??(\w*)/g)) {
  const method = `json${name}`;
  const kinds = needed + optional;
  methods[method] = function (key, ...args) {
    // A value may be an object, and so may the options behind it.
    const rest = args.splice(kinds.search(/v/i) + 1);
    const { raw, ...options } = optionsOf(method, rest, name === "Set" ? ["raw", ...SET] : ["raw"]);
    args.push(...rest);
    if (args.length > kinds.length) throw mistake(`${method}: too many arguments`);
    const words = [...`JSON.${name.toUpperCase()}`.replace("GM", "G M").split(" "), key];
    [...kinds].forEach((kind, place) => {
      const given = args[place];
      if (/[ps]/.test(kind)) words.push(pathOf(method, given, kind === "s"));
      else if (kind === "v") words.push(format(method, given, raw));
      else if (kind === "V") for (const one of some(`${method}: values`, given)) words.push(format(method, one, raw));
      else if (given !== undefined || place < needed.length) words.push(given);
    });
    for (const modifier of SET) if (options[modifier]) words.push(modifier, ...(options[modifier] === true ? [] : [options[modifier]]));
    // Only these replies have texts of the caller.
    if (!/Pop|Keys/.test(name)) options.bytes = undefined;
    return call(this, method, words, options, SHAPES[name]);
  };
}
extend(methods);
